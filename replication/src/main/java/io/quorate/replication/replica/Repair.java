package io.quorate.replication.replica;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Anti-entropy: compares this replica with its peers, one after the other, for ever.
 *
 * <p>Two more things follow from it. A replica whose disk is new <em>catches up</em>: it may answer
 * for a set once it has compared itself with so many members that each write quorum had one of them,
 * or has seen that a write quorum has never held anything. And a tombstone is <em>forgotten</em> once
 * this replica has compared itself with every other member since it was written: by what all hold,
 * never by age alone.
 *
 * <p>Runs on the table's event loop.
 */
public final class Repair implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Repair.class);
  private static final int DEAD_PER_ROUND = 10_000;
  private static final int CATCH_UP_SPEED = 10;

  private final CellTable table;
  private final Options options;
  private final EventLoop loop;
  private final Environment environment;
  private final NodeId self;
  private final Endpoint endpoint;
  private final Runnable onCaughtUp;
  private final Map<List<NodeId>, Map<NodeId, Long>> syncedThrough = new HashMap<>();
  private final Map<List<NodeId>, Set<NodeId>> fresh = new HashMap<>();
  private final Arrival arrival;
  private final Map<NodeId, Long> comparedAtNanos = new HashMap<>();
  private final Metrics.Counter exchanges;
  private final Metrics.Counter failures;
  private final Metrics.Counter repaired;
  private final Metrics.Counter bytes;
  /** Whether this replica may answer quorums. */
  private boolean caughtUp;
  /** Whether an acknowledged write may be on this disk: not before a write quorum serves. */
  private boolean established;
  private final Map<List<NodeId>, Set<NodeId>> serving = new HashMap<>();
  private boolean running;
  private boolean closed;
  private int turn;

  /**
   * How repair works.
   *
   * @param service the endpoint's name
   * @param intervalNanos between two comparisons
   * @param minDeadMillis how old a tombstone must be at least; covers the drift of clocks
   * @param writeQuorum how many members of a set of that size hold an acknowledged write
   */
  public record Options(
      String service, long intervalNanos, long minDeadMillis, WriteQuorum writeQuorum) {}

  /** How many members of a set hold an acknowledged write. */
  public interface WriteQuorum {
    int of(int members);
  }

  /**
   * Begins to repair.
   *
   * @param arrival what is done with what peers hold
   * @param caughtUp whether this replica has caught up before
   * @param onCaughtUp told, on the loop, when it has
   */
  public Repair(
      Environment environment,
      EventLoop loop,
      CellTable table,
      Arrival arrival,
      Options options,
      boolean caughtUp,
      Runnable onCaughtUp) {
    this.environment = environment;
    this.loop = loop;
    this.table = table;
    this.arrival = arrival;
    this.options = options;
    this.self = environment.self();
    this.caughtUp = caughtUp;
    this.established = caughtUp;
    this.onCaughtUp = onCaughtUp;
    Metrics metrics = environment.metrics();
    this.exchanges = metrics.counter("repair_exchanges_total", "service", options.service());
    this.failures = metrics.counter("repair_failures_total", "service", options.service());
    this.repaired = metrics.counter("repair_cells_total", "service", options.service());
    this.bytes = metrics.counter("repair_bytes_total", "service", options.service());
    this.endpoint =
        environment
            .transport()
            .open(options.service(), loop, new RepairServer(table, this::take, this::summary, loop));
    if (!caughtUp) {
      considerCaughtUp();
    }
    plan();
  }

  /** Whether this replica may answer for what it holds. */
  public boolean isCaughtUp() {
    return caughtUp;
  }

  private RepairMessage.Summary summary(long root) {
    return new RepairMessage.Summary(caughtUp, established, table.floor(), root);
  }

  private CompletableFuture<Long> take(Key key, Cell cell) {
    Tag before = table.find(key).map(Stored::tag).orElse(Tag.NONE);
    if (before.compareTo(cell.tag()) < 0) {
      repaired.increment();
    }
    return arrival.take(key, cell);
  }

  private void plan() {
    long nanos = caughtUp ? options.intervalNanos() : options.intervalNanos() / CATCH_UP_SPEED;
    loop.schedule(
        Math.max(1, nanos),
        () -> {
          if (!closed) {
            next();
            plan();
          }
        });
  }

  /** Compares with the next peer of the next set, unless a comparison is still going on. */
  private void next() {
    if (running) {
      return;
    }
    List<Pair> pairs = pairs();
    if (pairs.isEmpty()) {
      return;
    }
    Pair pair = pairs.get(turn++ % pairs.size());
    running = true;
    compare(pair.set, pair.peer)
        .whenComplete(
            (result, failure) -> {
              running = false;
              if (failure == null) {
                forgetDead();
              }
            });
  }

  /**
   * How long ago, at most, something can have been written on {@code peer} that is not here: the time
   * since the last comparison that has succeeded began; empty if there was none.
   */
  public OptionalLong staleNanos(NodeId peer) {
    Long compared = comparedAtNanos.get(peer);
    return compared == null
        ? OptionalLong.empty()
        : OptionalLong.of(environment.clock().monotonicNanos() - compared);
  }

  private record Pair(List<NodeId> set, NodeId peer) {}

  private List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (List<NodeId> set : table.sets()) {
      for (NodeId peer : new TreeSet<>(set)) {
        if (!peer.equals(self)) {
          pairs.add(new Pair(set, peer));
        }
      }
    }
    return pairs;
  }

  /** Compares with every peer of every set once; completes on the loop, with the cells exchanged. */
  public CompletableFuture<Integer> all() {
    CompletableFuture<Integer> done = CompletableFuture.completedFuture(0);
    for (Pair pair : pairs()) {
      done =
          done.thenCompose(
              sum -> compare(pair.set, pair.peer).thenApply(r -> sum + r.received() + r.sent()));
    }
    return done;
  }

  private CompletableFuture<RepairExchange.Result> compare(List<NodeId> set, NodeId peer) {
    // Everything up to here is in the tree that is about to be compared.
    long through = table.store().durableSequence();
    long startNanos = environment.clock().monotonicNanos();
    exchanges.increment();
    return new RepairExchange(table, this::take, endpoint, loop, peer, set)
        .run()
        .whenComplete(
            (result, failure) -> {
              if (failure != null) {
                failures.increment();
                log.debug("repair failed peer={}", peer, failure);
              } else {
                bytes.add(result.bytes());
                comparedAtNanos.put(peer, startNanos);
                synced(set, peer, through, result.peer());
              }
            });
  }

  private void synced(
      List<NodeId> set, NodeId peer, long through, RepairMessage.Summary summary) {
    syncedThrough.computeIfAbsent(set, s -> new HashMap<>()).put(peer, through);
    if (!caughtUp) {
      table.raiseFloor(summary.floor());
    }
    mark(fresh, set, peer, !summary.established());
    mark(serving, set, peer, summary.serving());
    if (!caughtUp) {
      considerCaughtUp();
    } else if (!established) {
      considerEstablished();
    }
  }

  private static void mark(
      Map<List<NodeId>, Set<NodeId>> marks, List<NodeId> set, NodeId peer, boolean mark) {
    Set<NodeId> its = marks.computeIfAbsent(set, s -> new HashSet<>());
    if (mark) {
      its.add(peer);
    } else {
      its.remove(peer);
    }
  }

  /** As long as no write quorum serves, nothing was acknowledged; peers may start with us. */
  private void considerEstablished() {
    for (List<NodeId> set : table.sets()) {
      int quorum = options.writeQuorum().of(set.size());
      if (1 + serving.getOrDefault(set, Set.of()).size() >= quorum) {
        established = true;
      }
    }
  }

  private void considerCaughtUp() {
    boolean joinsOthers = false;
    for (List<NodeId> set : table.sets()) {
      int quorum = options.writeQuorum().of(set.size());
      int members = syncedThrough.getOrDefault(set, Map.of()).size();
      int neverHeld = 1 + fresh.getOrDefault(set, Set.of()).size();
      if (members < set.size() - quorum + 1 && neverHeld < quorum) {
        return;
      }
      joinsOthers |= neverHeld <= members;
    }
    caughtUp = true;
    established = joinsOthers;
    log.info("replica has caught up node={} service={}", self, options.service());
    onCaughtUp.run();
  }

  private void forgetDead() {
    long beforeMillis = environment.clock().wallMillis() - options.minDeadMillis();
    table.forgetDead(this::heldByAll, beforeMillis, DEAD_PER_ROUND);
  }

  private long heldByAll(List<NodeId> set) {
    Map<NodeId, Long> synced = syncedThrough.getOrDefault(set, Map.of());
    long through = Long.MAX_VALUE;
    for (NodeId member : set) {
      if (!member.equals(self)) {
        through = Math.min(through, synced.getOrDefault(member, -1L));
      }
    }
    return through;
  }

  @Override
  public void close() {
    closed = true;
    endpoint.close();
  }
}
