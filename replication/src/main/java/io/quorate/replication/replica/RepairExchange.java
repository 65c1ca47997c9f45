package io.quorate.replication.replica;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import io.quorate.replication.merkle.MerkleTree;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * One comparison with one peer: down the two trees where they differ, then key by key, newer
 * versions to whichever side lacks them. Once it has succeeded each side holds, durably, what the
 * other held when it began. Costs a few hundred bytes for each difference. Runs on the table's
 * event loop.
 */
final class RepairExchange {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final int NODES_PER_REQUEST = 256;
  private static final int LEAVES_PER_REQUEST = 64;
  private static final int KEYS_PER_REQUEST = 256;
  private static final int PUSH_BYTES = 256 << 10;

  private final CellTable table;
  private final Arrival arrival;
  private final Endpoint endpoint;
  private final EventLoop loop;
  private final NodeId peer;
  private final RepairMessage.Scope scope;
  private final List<NodeId> set;
  private final Pace pace;
  private final CompletableFuture<Result> result = new CompletableFuture<>();
  private final Deque<Integer> leaves = new ArrayDeque<>();
  private RepairMessage.Standing standing;
  private int missing;
  private int received;
  private int sent;
  private long bytes;
  private long lastSequence;

  /**
   * How an exchange went.
   *
   * @param peer how far the peer may be relied on
   * @param received cells that were newer at the peer
   * @param sent cells that were newer here
   * @param missing cells that were newer at the peer and did not come: forgotten there meanwhile,
   *     or damaged
   * @param bytes carried both ways, without what the transport adds
   */
  record Result(
      RepairMessage.Standing peer, int received, int sent, int missing, long bytes) {}

  RepairExchange(
      CellTable table,
      Arrival arrival,
      Endpoint endpoint,
      EventLoop loop,
      NodeId peer,
      List<NodeId> set,
      Pace pace) {
    this.table = table;
    this.arrival = arrival;
    this.endpoint = endpoint;
    this.loop = loop;
    this.peer = peer;
    this.set = set;
    this.pace = pace;
    this.scope = new RepairMessage.Scope(table.topology().epoch(), set);
  }

  CompletableFuture<Result> run() {
    ask(
        new RepairMessage.Root(scope),
        RepairMessage.Summary.class,
        answer -> {
          standing = answer.standing();
          if (answer.root() == table.treeOf(set).root()) {
            finish();
          } else {
            descend(0, new ArrayDeque<>(List.of(0)), new ArrayList<>());
          }
        });
    return result;
  }

  /** Compares the children of {@code nodes}, then goes on with those that differ. */
  private void descend(int level, Deque<Integer> nodes, List<Integer> differing) {
    if (nodes.isEmpty()) {
      if (level + 1 == MerkleTree.DEPTH) {
        leaves.addAll(differing);
        nextLeaves();
      } else {
        descend(level + 1, new ArrayDeque<>(differing), new ArrayList<>());
      }
      return;
    }
    List<Integer> batch = take(nodes, NODES_PER_REQUEST);
    ask(
        new RepairMessage.Children(scope, level, batch),
        RepairMessage.Hashes.class,
        answer -> {
          if (answer.hashes().length != batch.size() * MerkleTree.FAN_OUT) {
            fail(new RefusedException("peer " + peer + " sent a wrong number of hashes"));
            return;
          }
          long[] theirs = new long[MerkleTree.FAN_OUT];
          for (int i = 0; i < batch.size(); i++) {
            System.arraycopy(
                answer.hashes(), i * MerkleTree.FAN_OUT, theirs, 0, MerkleTree.FAN_OUT);
            differing.addAll(table.treeOf(set).differing(level, batch.get(i), theirs));
          }
          descend(level, nodes, differing);
        });
  }

  private static <T> List<T> take(Deque<T> from, int max) {
    List<T> taken = new ArrayList<>();
    while (taken.size() < max && !from.isEmpty()) {
      taken.add(from.poll());
    }
    return taken;
  }

  private void nextLeaves() {
    if (leaves.isEmpty()) {
      finish();
      return;
    }
    List<Integer> batch = take(leaves, LEAVES_PER_REQUEST);
    ask(
        new RepairMessage.Leaves(scope, batch),
        RepairMessage.Versions.class,
        answer -> compare(batch, answer.versions()));
  }

  private void compare(List<Integer> batch, List<RepairMessage.Version> theirs) {
    Deque<Key> wanted = new ArrayDeque<>();
    Deque<Key> offered = new ArrayDeque<>();
    Map<Key, Tag> known = new HashMap<>();
    for (RepairMessage.Version version : theirs) {
      known.put(version.key(), version.tag());
      Tag ours = table.find(version.key()).map(Stored::tag).orElse(Tag.NONE);
      if (version.tag().compareTo(ours) > 0) {
        wanted.add(version.key());
      }
    }
    for (int leaf : batch) {
      for (Key key : table.keysOf(set, leaf)) {
        Tag ours = table.find(key).map(Stored::tag).orElse(Tag.NONE);
        if (ours.compareTo(known.getOrDefault(key, Tag.NONE)) > 0) {
          offered.add(key);
        }
      }
    }
    fetch(wanted, offered);
  }

  private void fetch(Deque<Key> wanted, Deque<Key> offered) {
    if (wanted.isEmpty()) {
      push(offered, new ArrayList<>(), 0);
      return;
    }
    List<Key> batch = take(wanted, KEYS_PER_REQUEST);
    ask(
        new RepairMessage.Fetch(scope, batch),
        RepairMessage.Cells.class,
        answer -> {
          Set<Key> got = new HashSet<>();
          answer.cells().forEach(held -> got.add(held.key()));
          received += got.size();
          // The answer may have been full; what is not in it any more has been forgotten there.
          if (got.isEmpty()) {
            missing += batch.size();
          } else {
            for (int i = batch.size() - 1; i >= 0; i--) {
              if (!got.contains(batch.get(i))) {
                wanted.addFirst(batch.get(i));
              }
            }
          }
          Arrivals.takeAll(arrival, answer.cells())
              .whenComplete(
                  (sequence, failure) -> {
                    if (failure != null) {
                      fail(failure);
                    } else {
                      lastSequence = Math.max(lastSequence, sequence);
                      fetch(wanted, offered);
                    }
                  });
        });
  }

  private void push(Deque<Key> offered, List<RepairMessage.Held> batch, int batchBytes) {
    if (offered.isEmpty() && batch.isEmpty()) {
      nextLeaves();
    } else if (offered.isEmpty() || batchBytes > PUSH_BYTES) {
      sent += batch.size();
      ask(
          new RepairMessage.Push(scope, batch),
          RepairMessage.Taken.class,
          taken -> push(offered, new ArrayList<>(), 0));
    } else {
      Key key = offered.poll();
      table
          .read(key)
          .whenCompleteAsync(
              (cell, failure) -> {
                int more = 0;
                Optional<Cell> found = failure == null ? cell : Optional.empty();
                if (found.isPresent()) {
                  batch.add(new RepairMessage.Held(key, found.get()));
                  more = key.bytes().length + found.get().value().length + 32;
                }
                push(offered, batch, batchBytes + more);
              },
              loop);
    }
  }

  private interface Then<T> {
    void accept(T answer);
  }

  private <T extends RepairMessage> void ask(
      RepairMessage question, Class<T> expected, Then<T> then) {
    byte[] payload = RepairMessage.CODEC.encode(question);
    bytes += payload.length;
    endpoint
        .request(peer, payload, TIMEOUT)
        .whenCompleteAsync(
            (answer, failure) -> {
              if (failure != null) {
                fail(failure);
                return;
              }
              bytes += answer.length;
              pace.spend(payload.length + answer.length, () -> take(answer, expected, then));
            },
            loop);
  }

  private <T extends RepairMessage> void take(byte[] answer, Class<T> expected, Then<T> then) {
    if (table.topology().epoch() != scope.epoch()) {
      fail(new RefusedException("the placement has changed since epoch " + scope.epoch()));
      return;
    }
    try {
      RepairMessage message = RepairMessage.CODEC.decode(answer);
      if (expected.isInstance(message)) {
        then.accept(expected.cast(message));
      } else {
        fail(new RefusedException("peer " + peer + " answered " + message));
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private void fail(Throwable failure) {
    result.completeExceptionally(failure);
  }

  private void finish() {
    table
        .store()
        .whenDurable(
            lastSequence,
            () -> result.complete(new Result(standing, received, sent, missing, bytes)));
  }
}
