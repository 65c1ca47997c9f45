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
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Anti-entropy: compares this replica with its peers, one after the other, for ever.
 *
 * <p>Two more things follow from it. A replica whose disk is new, or to which keys move, compares
 * itself quickly with enough peers before others may rely on it: see {@link CatchUp}. And a
 * tombstone is <em>forgotten</em> once this replica has compared itself with every other member
 * since it was written: by what all hold, never by age alone.
 *
 * <p>Runs on the table's event loop.
 */
public final class Repair implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Repair.class);
  private static final int DEAD_PER_ROUND = 10_000;
  /** Between two steps of catching up, at most. */
  private static final long CATCH_UP_NANOS = 100_000_000;

  private static final int CATCH_UP_SPEED = 10;

  private final CellTable table;
  private final Options options;
  private final EventLoop loop;
  private final Environment environment;
  private final NodeId self;
  private final Endpoint endpoint;
  private final Runnable onCaughtUp;
  private final Map<List<NodeId>, Map<NodeId, Long>> syncedThrough = new HashMap<>();
  private final Arrival arrival;
  private final Map<NodeId, Long> comparedAtNanos = new HashMap<>();
  private final Metrics.Counter exchanges;
  private final Metrics.Counter failures;
  private final Metrics.Counter repaired;
  private final Metrics.Counter bytes;
  private final CatchUp catchUp;
  private final Transfer transfer;
  private final Pace pace;
  /** Whether it is kept that this replica has caught up. */
  private boolean wasCaughtUp;
  private EventLoop.Timer timer;
  private boolean running;
  private boolean closed;
  private int turn;

  /**
   * How repair works.
   *
   * @param service the endpoint's name
   * @param intervalNanos between two comparisons
   * @param minDeadMillis how old a tombstone must be at least; covers the drift of clocks
   * @param bytesPerSecond how fast keys are brought to a replica that lacks them
   * @param quorums with how many to compare before others may rely on this replica
   */
  public record Options(
      String service,
      long intervalNanos,
      long minDeadMillis,
      long bytesPerSecond,
      Quorums quorums) {}

  /** How many members of a set must be known of before others may rely on what is here. */
  public interface Quorums {
    /** So many other members that every write quorum of {@code members} has one of them. */
    int catchUp(int members);

    /** So many members that every read and every write quorum has one of them. */
    int move(int members);
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
    this.wasCaughtUp = caughtUp;
    this.catchUp =
        new CatchUp(self, options.quorums(), table.topology(), caughtUp, table.isUsed());
    this.onCaughtUp = onCaughtUp;
    Metrics metrics = environment.metrics();
    this.exchanges = metrics.counter("repair_exchanges_total", "service", options.service());
    this.failures = metrics.counter("repair_failures_total", "service", options.service());
    this.repaired = metrics.counter("repair_cells_total", "service", options.service());
    this.bytes = metrics.counter("repair_bytes_total", "service", options.service());
    this.endpoint =
        environment
            .transport()
            .open(options.service(), loop, new RepairServer(table, this::take, this::standing, loop));
    this.pace = new Pace(loop, options.bytesPerSecond());
    this.transfer =
        new Transfer(
            table,
            catchUp,
            this::take,
            endpoint,
            loop,
            self,
            pace,
            result -> bytes.add(result.bytes()));
    consider();
    plan();
  }

  /** Whether this replica may answer for what it holds. */
  public boolean isCaughtUp() {
    return catchUp.hasCaughtUp();
  }

  /** Whether it has received all keys that move to it under the topology of the table. */
  public boolean hasReceived() {
    return catchUp.hasReceived();
  }

  /**
   * Whether its answer may be part of a quorum. Of a key that moves to this node it may also before
   * the key has come: such an answer says that no quorum of an earlier epoch can be had here any
   * more, and what was acknowledged is the sources' part.
   */
  public boolean answersFor(Key key) {
    return catchUp.hasCaughtUp()
        || table.topology().isMoving() && !isSource(key) && table.shares(key);
  }

  /**
   * Whether it takes a write.
   *
   * @param hint whether it is one of an earlier time, which must not come before what was forgotten
   *     since
   */
  public boolean takes(Key key, boolean hint) {
    if (!table.topology().isMoving() || isSource(key)) {
      return catchUp.hasCaughtUp() && catchUp.isFormed();
    }
    return table.shares(key) && (hint ? catchUp.hasReceived() : catchUp.isPrepared());
  }

  private boolean isSource(Key key) {
    return table.topology().isSource(self, key.bytes());
  }

  /** How far the keys have come that this replica is to receive. */
  public List<Progress> progress() {
    return transfer.progress();
  }

  /** Why it does not receive keys; empty if it does. */
  public String problem() {
    return transfer.problem();
  }

  /**
   * Has this replica count as caught up with what it has, for ever: what only lost disks held is
   * given up.
   */
  public void acceptLoss() {
    log.warn("what lost disks held is given up node={} service={}", self, options.service());
    catchUp.acceptLoss();
    consider();
  }

  /** The table has gone over to another topology. */
  public void topologyChanged() {
    syncedThrough.clear();
    catchUp.begin(table.topology());
    transfer.begin();
    consider();
    if (!catchUp.isDone()) {
      transfer.next();
      // The next step must not wait for as long as there was nothing to do.
      timer.cancel();
      plan();
    }
  }

  private RepairMessage.Standing standing() {
    return new RepairMessage.Standing(catchUp.hasCaughtUp(), table.isUsed(), table.floor());
  }

  private void consider() {
    catchUp.consider(table.isUsed());
    if (catchUp.hasCaughtUp() && !wasCaughtUp) {
      wasCaughtUp = true;
      log.info("replica has caught up node={} service={}", self, options.service());
      onCaughtUp.run();
    }
  }

  private CompletableFuture<Long> take(Key key, Cell cell) {
    Tag before = table.find(key).map(Stored::tag).orElse(Tag.NONE);
    if (before.compareTo(cell.tag()) < 0) {
      repaired.increment();
    }
    return arrival.take(key, cell);
  }

  private void plan() {
    long nanos =
        catchUp.isDone()
            ? options.intervalNanos()
            : Math.min(CATCH_UP_NANOS, options.intervalNanos() / CATCH_UP_SPEED);
    timer =
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
    if (!catchUp.isDone()) {
      transfer.next();
      consider();
      if (!catchUp.hasCaughtUp()) {
        return;
      }
    }
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
   * How long ago, at most, something can have been written on {@code peer} that is not here: the
   * time since the last comparison that has succeeded began; empty if there was none.
   */
  public OptionalLong staleNanos(NodeId peer) {
    Long compared = comparedAtNanos.get(peer);
    return compared == null
        ? OptionalLong.empty()
        : OptionalLong.of(environment.clock().monotonicNanos() - compared);
  }

  private record Pair(List<NodeId> set, NodeId peer) {}

  /** While keys move, those to whom they do bring them themselves, at their own pace. */
  private List<Pair> pairs() {
    List<Pair> pairs = new ArrayList<>();
    for (List<NodeId> set : table.sets()) {
      for (NodeId peer : new TreeSet<>(set)) {
        if (!peer.equals(self) && catchUp.isSource(self) && catchUp.isSource(peer)) {
          pairs.add(new Pair(set, peer));
        }
      }
    }
    return pairs;
  }

  /**
   * Compares with every peer of every set once; completes on the loop, with the cells exchanged.
   */
  public CompletableFuture<Integer> all() {
    CompletableFuture<Integer> done = CompletableFuture.completedFuture(0);
    for (Pair pair : pairs()) {
      done =
          done.thenCompose(
              sum -> compare(pair.set, pair.peer).thenApply(r -> sum + r.received() + r.sent()));
    }
    return done;
  }

  private Pace pace() {
    return table.topology().isMoving() ? pace : Pace.unlimited(loop);
  }

  private CompletableFuture<RepairExchange.Result> compare(List<NodeId> set, NodeId peer) {
    // Everything up to here is in the tree that is about to be compared.
    long through = table.store().durableSequence();
    long startNanos = environment.clock().monotonicNanos();
    long epoch = table.topology().epoch();
    exchanges.increment();
    return new RepairExchange(table, this::take, endpoint, loop, peer, set, pace())
        .run()
        .whenComplete(
            (result, failure) -> {
              if (failure != null) {
                failures.increment();
                log.debug("repair failed peer={}", peer, failure);
              } else {
                bytes.add(result.bytes());
                comparedAtNanos.put(peer, startNanos);
                if (table.topology().epoch() == epoch) {
                  syncedThrough.computeIfAbsent(set, s -> new HashMap<>()).put(peer, through);
                  catchUp.heard(peer, result.peer());
                  consider();
                }
              }
            });
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
