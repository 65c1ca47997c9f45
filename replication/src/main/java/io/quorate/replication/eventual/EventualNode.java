package io.quorate.replication.eventual;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.LocalStore;
import io.quorate.replication.replica.Arrival;
import io.quorate.replication.replica.CellTable;
import io.quorate.replication.replica.Identity;
import io.quorate.replication.replica.Repair;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member: a table of cells, the news of its own writes to the others, and repair for whatever
 * news did not arrive. All state belongs to the event loop.
 *
 * <p>News are frames of one version byte, then of each cell its key as a block and the cell.
 */
final class EventualNode implements Handler {
  private static final Logger log = LoggerFactory.getLogger(EventualNode.class);
  private static final int VERSION = 1;
  private static final int FRAME_BYTES = 256 << 10;

  private final Environment environment;
  private final EventLoop loop;
  private final Identity identity;
  private final CellTable table;
  private final int maxValueBytes;
  private final Endpoint endpoint;
  private final Repair repair;
  private final Metrics.Histogram staleness;
  private final Set<CompletableFuture<?>> pending = new LinkedHashSet<>();
  private ByteWriter news = new ByteWriter();
  private boolean newsPlanned;
  private boolean closed;
  private Arrival arrival;
  /** To whom news go. */
  private List<NodeId> others;
  /** The change of members under way, if any, and those asked for meanwhile. */
  private CompletableFuture<Void> changed = CompletableFuture.completedFuture(null);

  private EventualNode(
      Environment environment,
      EventLoop loop,
      Identity identity,
      CellTable table,
      EventualOptions options,
      String service) {
    this.environment = environment;
    this.loop = loop;
    this.identity = identity;
    this.table = table;
    this.others = others(table.topology().nodes());
    this.maxValueBytes = options.maxValueBytes();
    this.arrival = table::arrive;
    this.staleness = environment.metrics().histogram("eventual_staleness_millis");
    this.endpoint = environment.transport().open(service, loop, this);
    this.repair =
        new Repair(
            environment,
            loop,
            table,
            (key, cell) -> arrival.take(key, cell),
            new Repair.Options(
                service + "-repair",
                options.repairInterval().toNanos(),
                options.maxDrift().toMillis(),
                Long.MAX_VALUE,
                new NoQuorums()),
            identity.isCaughtUp(),
            identity::markCaughtUp);
    table
        .store()
        .onFailure(
            failure ->
                List.copyOf(pending)
                    .forEach(
                        waiting ->
                            waiting.completeExceptionally(
                                new IndeterminateException("the disk has failed", failure))));
  }

  /** A member answers alone, from the beginning. */
  private record NoQuorums() implements Repair.Quorums {
    @Override
    public int catchUp(int members) {
      return 0;
    }

    @Override
    public int move(int members) {
      return 0;
    }
  }

  static CompletableFuture<EventualNode> open(
      Environment environment,
      Collection<NodeId> members,
      EventualOptions options,
      String service) {
    Everywhere everywhere = everywhere(environment, members);
    EventLoop loop = environment.eventLoop(service);
    String directory = options.local().directory();
    return LocalStore.open(environment, loop, options.local())
        .thenCompose(
            store ->
                Identity.begin(environment, loop, directory, options.maxDrift().toMillis())
                    .thenCompose(
                        identity ->
                            CellTable.over(store, identity.clock(), everywhere)
                                .thenApply(
                                    table ->
                                        new EventualNode(
                                            environment, loop, identity, table, options, service))));
  }

  private static Everywhere everywhere(Environment environment, Collection<NodeId> members) {
    Everywhere everywhere = Everywhere.among(members);
    if (!everywhere.members().contains(environment.self())) {
      throw new IllegalArgumentException(
          "members must contain this node " + environment.self() + ", were "
              + everywhere.members());
    }
    return everywhere;
  }

  private List<NodeId> others(List<NodeId> members) {
    return members.stream().filter(node -> !node.equals(environment.self())).toList();
  }

  /**
   * Goes over to other members, one change after the other: news go to them at once, and comparing
   * goes on among them once the trees are planted. Operations do not wait.
   */
  CompletableFuture<Void> changeMembers(Collection<NodeId> members) {
    Everywhere next = everywhere(environment, members);
    return submit(
        result -> {
          others = others(next.members());
          changed = changed.handle((done, failure) -> null).thenCompose(before -> goOver(next));
          changed.whenComplete(
              (done, failure) -> {
                if (failure == null) {
                  result.complete(null);
                } else {
                  result.completeExceptionally(failure);
                }
              });
        });
  }

  private CompletableFuture<Void> goOver(Everywhere next) {
    if (next.equals(table.topology())) {
      return CompletableFuture.completedFuture(null);
    }
    return table
        .prepare(next, loop)
        .thenRun(
            () -> {
              table.adopt();
              if (!closed) {
                repair.topologyChanged();
              }
            });
  }

  /** Has what peers hold joined with what is here, instead of letting the newer win. */
  void joinWith(Arrival arrival) {
    this.arrival = arrival;
  }

  CellTable table() {
    return table;
  }

  TagClock clock() {
    return identity.clock();
  }

  long epoch() {
    return identity.epoch();
  }

  NodeId self() {
    return environment.self();
  }

  /** An operation, on the loop. */
  interface Work<T> {
    void run(CompletableFuture<T> result);
  }

  /** Runs an operation on the loop, where its future completes, also when the store closes. */
  <T> CompletableFuture<T> submit(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (closed) {
            result.completeExceptionally(new RefusedException("the store is closed"));
            return;
          }
          pending.add(result);
          result.whenComplete((value, failure) -> pending.remove(result));
          try {
            work.run(result);
          } catch (RefusedException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  void requireSize(byte[] value) {
    if (value.length > maxValueBytes) {
      throw new IllegalArgumentException(
          "value must be at most " + maxValueBytes + " bytes, was " + value.length);
    }
  }

  /** Tells the others of a cell at the end of this turn. What does not arrive is found by repair. */
  void tell(Key key, Cell cell) {
    if (others.isEmpty()) {
      return;
    }
    if (news.size() == 0) {
      news.int8(VERSION);
    }
    cell.write(news.block(key.bytes()));
    if (news.size() > FRAME_BYTES) {
      sendNews();
    } else if (!newsPlanned) {
      newsPlanned = true;
      loop.execute(
          () -> {
            newsPlanned = false;
            sendNews();
          });
    }
  }

  private void sendNews() {
    if (news.size() > 0 && !closed) {
      byte[] frame = news.toByteArray();
      others.forEach(other -> endpoint.send(other, frame));
    }
    news.clear();
  }

  @Override
  public void onMessage(NodeId from, byte[] payload) {
    List<Key> keys = new ArrayList<>();
    List<Cell> cells = new ArrayList<>();
    try {
      ByteReader in = new ByteReader(payload);
      int version = in.uint8();
      if (version != VERSION) {
        throw in.malformed("version " + version + ", " + VERSION + " expected");
      }
      while (in.remaining() > 0) {
        keys.add(new Key(in.block()));
        cells.add(Cell.read(in, maxValueBytes));
      }
    } catch (MalformedException e) {
      log.warn("malformed news from={}", from, e);
      return;
    }
    for (int i = 0; i < keys.size(); i++) {
      if (table.isTooOld(keys.get(i), cells.get(i).tag())) {
        // News that took very long: of a key deleted and forgotten since, or repair will tell.
        continue;
      }
      staleness.record(clock().wallMillis() - cells.get(i).tag().millis());
      arrival
          .take(keys.get(i), cells.get(i))
          .whenComplete(
              (sequence, failure) -> {
                if (failure != null) {
                  log.debug("news not taken from={}", from, failure);
                }
              });
    }
  }

  CompletableFuture<Integer> repair() {
    return submit(
        result ->
            repair
                .all()
                .whenComplete(
                    (count, failure) -> {
                      if (failure == null) {
                        result.complete(count);
                      } else {
                        result.completeExceptionally(
                            new RefusedException("a member cannot be reached", failure));
                      }
                    }));
  }

  CompletableFuture<Staleness> staleness() {
    return submit(
        result -> {
          SortedMap<NodeId, Long> bounds = new TreeMap<>();
          others.forEach(
              other -> bounds.put(other, repair.staleNanos(other).orElse(Long.MAX_VALUE)));
          result.complete(new Staleness(bounds, clock().refused()));
        });
  }

  CompletableFuture<Void> shutdown() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (!closed) {
            sendNews();
            closed = true;
            identity.close();
            repair.close();
            endpoint.close();
          }
          table
              .store()
              .shutdown()
              .whenComplete(
                  (ended, failure) -> {
                    List.copyOf(pending)
                        .forEach(
                            waiting ->
                                waiting.completeExceptionally(
                                    new IndeterminateException("the store was closed")));
                    done.complete(null);
                  });
        });
    return done;
  }
}
