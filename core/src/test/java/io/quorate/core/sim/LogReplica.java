package io.quorate.core.sim;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.wal.LogicalLog;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * A log that a fixed primary replicates to its backups, each with the real write-ahead log: the
 * load on which the simulator is measured. Knows nothing of failures.
 */
final class LogReplica implements Handler {
  private static final int APPEND = 1;
  private static final int ACK = 2;

  private final NodeId self;
  private final List<NodeId> members;
  private final EventLoop loop;
  private final Endpoint endpoint;
  private final TreeMap<Long, CompletableFuture<Long>> waiting = new TreeMap<>();
  private final long[] durable;
  private LogicalLog log;

  LogReplica(Environment env, List<NodeId> members) {
    this.self = env.self();
    this.members = members;
    this.durable = new long[members.size()];
    this.loop = env.eventLoop("replica");
    members.stream()
        .filter(id -> !id.equals(self))
        .forEach(id -> env.transport().setPeer(id, SimNode.addressOf(id)));
    this.endpoint = env.transport().open("log", loop, this);
    WriteAheadLog.open(
            env, "log", loop, WalOptions.of("bench/" + self).withSegmentBytes(1 << 20))
        .thenAccept(wal -> log = wal.log(0));
  }

  boolean isOpen() {
    return log != null;
  }

  /** On the primary: completes with the entry's index once a majority has it on disk. */
  CompletableFuture<Long> propose(byte[] payload) {
    CompletableFuture<Long> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          long index = log.nextIndex();
          waiting.put(index, done);
          byte[] message =
              new ByteWriter().int8(APPEND).varint(index).block(payload).toByteArray();
          for (NodeId member : members) {
            if (!member.equals(self)) {
              endpoint.send(member, message);
            }
          }
          append(index, payload);
        });
    return done;
  }

  @Override
  public void onMessage(NodeId from, byte[] message) {
    ByteReader in = new ByteReader(message);
    if (in.int8() == APPEND) {
      append(in.varint(), in.block());
    } else {
      acknowledged(from, in.varint());
    }
  }

  private void append(long index, byte[] payload) {
    if (log.nextIndex() != index) {
      throw new IllegalStateException("entry " + index + " after " + (log.nextIndex() - 1));
    }
    log.durable(log.append(payload)).thenRun(() -> stored(index));
  }

  private void stored(long index) {
    if (members.get(0).equals(self)) {
      acknowledged(self, index);
    } else {
      endpoint.send(
          members.get(0), new ByteWriter().int8(ACK).varint(index).toByteArray());
    }
  }

  private void acknowledged(NodeId by, long index) {
    durable[members.indexOf(by)] = index;
    long[] sorted = durable.clone();
    Arrays.sort(sorted);
    long committed = sorted[(members.size() - 1) / 2];
    List<CompletableFuture<Long>> done =
        new ArrayList<>(waiting.headMap(committed, true).values());
    waiting.headMap(committed, true).clear();
    done.forEach(future -> future.complete(committed));
  }

  /** A cluster of five under 200 proposals of 64 bytes a second, driven for {@code seconds}. */
  static Simulation load(long seed, int seconds) {
    Simulation sim = Simulation.of(SimulationOptions.seeded(seed).withBuggify(false));
    List<NodeId> members = new ArrayList<>();
    for (int i = 1; i <= 5; i++) {
      members.add(NodeId.of("n" + i));
    }
    List<SimNode<LogReplica>> nodes = new ArrayList<>();
    members.forEach(id -> nodes.add(sim.node(id, env -> new LogReplica(env, members))));
    sim.runUntil(
        () -> nodes.stream().allMatch(node -> node.service().isOpen()),
        Duration.ofSeconds(10));
    int[] committed = {0};
    sim.every(
        Duration.ofMillis(5),
        () ->
            nodes
                .get(0)
                .service()
                .propose(new byte[64])
                .thenAccept(index -> committed[0]++));
    sim.check(
        () -> {
          long most = nodes.get(0).service().log.nextIndex();
          for (SimNode<LogReplica> node : nodes) {
            if (node.service().log.nextIndex() > most) {
              throw new AssertionError("a backup is ahead of its primary");
            }
          }
        });
    sim.run(Duration.ofSeconds(seconds));
    if (committed[0] < 199 * seconds) {
      throw new AssertionError("only " + committed[0] + " committed in " + seconds + " s");
    }
    return sim;
  }
}
