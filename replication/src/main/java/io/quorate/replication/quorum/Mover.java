package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.replication.merkle.MerkleTree;
import io.quorate.replication.replica.CellTable;
import io.quorate.replication.replica.Progress;
import io.quorate.replication.replica.Repair;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees a change of the placement through: asks all nodes how far they are, settles the change once
 * every one of the new placement has its keys, and forgets keys that have moved away once nobody
 * can need them. Every node does so, the first by name most often, so that a change goes on whoever
 * dies; the register lets one of them settle it. Belongs to the loop.
 */
final class Mover implements Handler, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Mover.class);
  private static final String SERVICE = "quorum-moves";
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int MAX_PROBLEM = 500;
  private static final int LEAVES_PER_TURN = 1_024;

  private final Environment environment;
  private final EventLoop loop;
  private final NodeId self;
  private final CellTable table;
  private final Repair repair;
  private final PlacementRegister register;
  private final Consumer<PlacementState> found;
  private final MoveOptions options;
  private final Endpoint endpoint;
  private final SortedMap<NodeId, MoveMessage.Report> reports = new TreeMap<>();
  private final List<Consumer<MoveProgress>> listeners = new ArrayList<>();
  private long polls;
  private boolean polling;
  private boolean settling;
  private boolean closed;
  /** Since when every node serves under the settled placement; empty if not known. */
  private Optional<Long> servingSinceNanos = Optional.empty();

  Mover(
      Environment environment,
      EventLoop loop,
      CellTable table,
      Repair repair,
      PlacementRegister register,
      Consumer<PlacementState> found,
      MoveOptions options) {
    this.environment = environment;
    this.loop = loop;
    this.self = environment.self();
    this.table = table;
    this.repair = repair;
    this.register = register;
    this.found = found;
    this.options = options;
    this.endpoint = environment.transport().open(SERVICE, loop, this);
    plan();
  }

  private PlacementState state() {
    return ((PlacementTopology) table.topology()).state();
  }

  /** The node goes by another state. */
  void stateChanged() {
    reports.clear();
    servingSinceNanos = Optional.empty();
  }

  /** Has {@code listener} told, on the loop, after every round of questions. */
  void listen(Consumer<MoveProgress> listener) {
    listeners.add(listener);
  }

  void forget(Consumer<MoveProgress> listener) {
    listeners.remove(listener);
  }

  @Override
  public void onRequest(Request request) {
    MoveMessage message;
    try {
      message = MoveMessage.CODEC.decode(request.payload());
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
      return;
    }
    if (message instanceof MoveMessage.Ask) {
      request.respond(MoveMessage.CODEC.encode(report()));
    } else {
      request.refuse("not a question");
    }
  }

  private MoveMessage.Report report() {
    boolean writable = table.store().isWritable();
    String problem = writable ? repair.problem() : "the disk is full or has failed";
    return new MoveMessage.Report(
        table.topology().epoch(),
        repair.hasReceived(),
        repair.isCaughtUp(),
        writable,
        problem.substring(0, Math.min(MAX_PROBLEM, problem.length())),
        repair.progress().stream().map(Mover::range).toList());
  }

  private static MoveProgress.Range range(Progress its) {
    return new MoveProgress.Range(
        its.set(), its.keys(), its.keysInAll(), its.bytes(), its.bytesInAll());
  }

  private void plan() {
    loop.schedule(
        options.pollInterval().toNanos(),
        () -> {
          if (!closed) {
            if (isTurn()) {
              poll();
            }
            plan();
          }
        });
  }

  private boolean isTurn() {
    if (!listeners.isEmpty()) {
      return true;
    }
    boolean works = state().isMoving() || table.strayCount() > 0;
    int rank = state().nodes().indexOf(self);
    return works && polls++ % (1 + Math.max(0, rank)) == 0;
  }

  /** Asks every node how far it is, and acts by what they say. */
  private void poll() {
    if (polling) {
      return;
    }
    polling = true;
    PlacementState state = state();
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    for (NodeId node : state.nodes()) {
      answers.add(
          ask(node)
              .handleAsync(
                  (report, failure) -> {
                    if (failure == null) {
                      reports.put(node, report);
                    } else {
                      reports.remove(node);
                    }
                    return null;
                  },
                  loop));
    }
    CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
        .whenComplete(
            (v, failure) -> {
              polling = false;
              if (!closed && state.epoch() == state().epoch()) {
                act(state);
              }
            });
  }

  /** How far {@code node} is; fails if it does not answer within a second. */
  CompletableFuture<MoveMessage.Report> ask(NodeId node) {
    if (node.equals(self)) {
      return CompletableFuture.completedFuture(report());
    }
    return endpoint
        .request(
            node,
            MoveMessage.CODEC.encode(new MoveMessage.Ask(table.topology().epoch())),
            PATIENCE)
        .thenApply(
            bytes -> {
              if (MoveMessage.CODEC.decode(bytes) instanceof MoveMessage.Report report) {
                return report;
              }
              throw new RefusedException("node " + node + " answered a question with another");
            });
  }

  private void act(PlacementState state) {
    MoveProgress progress = progress();
    List.copyOf(listeners).forEach(listener -> listener.accept(progress));
    if (!state.isMoving()) {
      considerDropping(state);
    } else if (progress.waitingFor().isEmpty() && !settling) {
      settle(state);
    }
  }

  /** What the nodes have said last. */
  MoveProgress progress() {
    PlacementState state = state();
    SortedMap<NodeId, MoveProgress.Node> nodes = new TreeMap<>();
    for (NodeId node : state.next().orElse(state.current()).nodes()) {
      MoveMessage.Report report = reports.get(node);
      if (report == null) {
        nodes.put(node, new MoveProgress.Node(false, "it does not answer", List.of()));
      } else if (report.epoch() != state.epoch()) {
        String problem = "it goes by epoch " + report.epoch() + ", not " + state.epoch();
        nodes.put(node, new MoveProgress.Node(false, problem, List.of()));
      } else {
        boolean received = state.isMoving() ? report.received() : report.serving();
        nodes.put(node, new MoveProgress.Node(received, report.problem(), report.ranges()));
      }
    }
    return new MoveProgress(state, nodes);
  }

  private void settle(PlacementState state) {
    settling = true;
    PlacementState settled = state.settled();
    register
        .compareAndSet(settled)
        .whenCompleteAsync(
            (put, failure) -> {
              settling = false;
              if (failure != null) {
                // Whether it was put or not, the next round finds out.
                log.warn("cannot settle the placement of epoch={}", state.epoch(), failure);
              } else if (put) {
                log.info(
                    "all keys have arrived epoch={} nodes={}",
                    settled.epoch(),
                    settled.current().nodes());
                found.accept(settled);
              }
            },
            loop);
  }

  /** Keys that have moved away are kept until all nodes have served without them for a while. */
  private void considerDropping(PlacementState state) {
    if (table.strayCount() == 0) {
      return;
    }
    long nowNanos = environment.clock().monotonicNanos();
    if (!progress().waitingFor().isEmpty()) {
      servingSinceNanos = Optional.empty();
    } else if (servingSinceNanos.isEmpty()) {
      servingSinceNanos = Optional.of(nowNanos);
    } else if (nowNanos - servingSinceNanos.get() >= options.dropDelay().toNanos()) {
      log.info("forgetting keys that have moved away count={}", table.strayCount());
      drop(state, 0);
    }
  }

  private void drop(PlacementState state, int fromLeaf) {
    if (closed || fromLeaf >= MerkleTree.LEAVES || state().epoch() != state.epoch()) {
      return;
    }
    try {
      table.dropStrays(fromLeaf, LEAVES_PER_TURN);
    } catch (RefusedException e) {
      log.warn("keys that have moved away stay for now", e);
      return;
    }
    loop.execute(() -> drop(state, fromLeaf + LEAVES_PER_TURN));
  }

  @Override
  public void close() {
    closed = true;
    endpoint.close();
  }
}
