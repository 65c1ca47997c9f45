package io.quorate.replication.replica;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.merkle.MerkleTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Answers a peer that compares itself with this replica. Runs on the table's event loop. */
final class RepairServer implements Handler {
  /** About how many bytes of cells one answer carries. */
  private static final int ANSWER_BYTES = 512 << 10;

  private final CellTable table;
  private final Arrival arrival;
  private final Supplier<RepairMessage.Standing> standing;
  private final EventLoop loop;

  RepairServer(
      CellTable table,
      Arrival arrival,
      Supplier<RepairMessage.Standing> standing,
      EventLoop loop) {
    this.table = table;
    this.arrival = arrival;
    this.standing = standing;
    this.loop = loop;
  }

  @Override
  public void onRequest(Request request) {
    RepairMessage message;
    try {
      message = RepairMessage.CODEC.decode(request.payload());
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
      return;
    }
    if (!(message instanceof RepairMessage.Ask ask)) {
      request.refuse("not a question");
    } else if (ask.scope().epoch() != table.topology().epoch()) {
      answer(request, new RepairMessage.Elsewhere(table.topology().epoch()));
    } else if (ask instanceof RepairMessage.Groups) {
      answer(request, new RepairMessage.Shared(standing.get(), groups(request.from())));
    } else if (!ask.scope().set().contains(request.from())) {
      request.refuse("the set does not contain " + request.from());
    } else {
      serve(request, ask);
    }
  }

  private void serve(Request request, RepairMessage.Ask ask) {
    List<NodeId> set = ask.scope().set();
    MerkleTree tree = table.treeOf(set);
    if (ask instanceof RepairMessage.Root) {
      answer(request, new RepairMessage.Summary(standing.get(), tree.root()));
    } else if (ask instanceof RepairMessage.Children children) {
      children(request, tree, children);
    } else if (ask instanceof RepairMessage.Leaves leaves) {
      List<RepairMessage.Version> versions = new ArrayList<>();
      for (int leaf : leaves.leaves()) {
        if (leaf >= MerkleTree.LEAVES) {
          request.refuse("leaf " + leaf);
          return;
        }
        for (Key key : table.keysOf(set, leaf)) {
          table
              .find(key)
              .ifPresent(held -> versions.add(new RepairMessage.Version(key, held.tag())));
        }
      }
      answer(request, new RepairMessage.Versions(versions));
    } else if (ask instanceof RepairMessage.Fetch fetch) {
      cells(fetch.keys(), 0, 0, new ArrayList<>())
          .whenComplete((cells, e) -> answer(request, new RepairMessage.Cells(cells)));
    } else if (ask instanceof RepairMessage.Push push) {
      Arrivals.takeAll(arrival, push.cells())
          .whenComplete(
              (sequence, failure) -> {
                if (failure != null) {
                  request.fail(String.valueOf(failure.getMessage()));
                } else {
                  table
                      .store()
                      .whenDurable(sequence, () -> answer(request, new RepairMessage.Taken()));
                }
              });
    } else {
      throw new AssertionError("unhandled question " + ask);
    }
  }

  private List<RepairMessage.Group> groups(NodeId with) {
    long meanBytes = table.store().liveBytes() / Math.max(1, table.store().size());
    List<RepairMessage.Group> groups = new ArrayList<>();
    for (List<NodeId> set : table.sets()) {
      int keys = table.sizeOf(set);
      if (keys > 0 && set.contains(with)) {
        groups.add(new RepairMessage.Group(set, keys, keys * meanBytes));
      }
    }
    return groups;
  }

  private void children(Request request, MerkleTree tree, RepairMessage.Children children) {
    if (children.level() >= MerkleTree.DEPTH) {
      request.refuse("level " + children.level());
      return;
    }
    long[] hashes = new long[children.nodes().size() * MerkleTree.FAN_OUT];
    int at = 0;
    for (int node : children.nodes()) {
      if (node >= 1 << 4 * children.level()) {
        request.refuse("node " + node);
        return;
      }
      System.arraycopy(tree.children(children.level(), node), 0, hashes, at, MerkleTree.FAN_OUT);
      at += MerkleTree.FAN_OUT;
    }
    answer(request, new RepairMessage.Hashes(hashes));
  }

  /** Reads cells one after the other until the answer is full; what is damaged is left out. */
  private CompletableFuture<List<RepairMessage.Held>> cells(
      List<Key> keys, int from, int bytesBefore, List<RepairMessage.Held> read) {
    int bytes = bytesBefore;
    for (int i = from; i < keys.size(); i++) {
      Key key = keys.get(i);
      CompletableFuture<Optional<Cell>> cell = table.read(key);
      if (!cell.isDone()) {
        int next = i + 1;
        int sofar = bytes;
        return cell.handleAsync((value, e) -> value == null ? Optional.<Cell>empty() : value, loop)
            .thenCompose(
                value ->
                    cells(keys, next, sofar + add(key, value, read), read));
      }
      if (!cell.isCompletedExceptionally()) {
        bytes += add(key, cell.join(), read);
      }
      if (bytes > ANSWER_BYTES) {
        break;
      }
    }
    return CompletableFuture.completedFuture(read);
  }

  private static int add(Key key, Optional<Cell> cell, List<RepairMessage.Held> read) {
    if (cell.isEmpty()) {
      return 0;
    }
    read.add(new RepairMessage.Held(key, cell.get()));
    return key.bytes().length + cell.get().value().length + 32;
  }

  private static void answer(Request request, RepairMessage message) {
    request.respond(RepairMessage.CODEC.encode(message));
  }
}
