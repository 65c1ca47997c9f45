package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.Metrics;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Handler;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.replica.CellTable;
import io.quorate.replication.replica.Identity;
import io.quorate.replication.replica.Repair;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives one node's coordinator and replica: takes operations from any thread, carries messages,
 * lets time pass. All state belongs to the event loop.
 */
final class QuorumNode implements CoordinatorCore.Effects, Handler {
  private static final Logger log = LoggerFactory.getLogger(QuorumNode.class);
  private static final long TICK_NANOS = 5_000_000;

  private final Environment environment;
  private final EventLoop loop;
  private final NodeId self;
  private final QuorumOptions options;
  private final TagClock clock;
  private final CellTable table;
  private final Replica replica;
  private final Repair repair;
  private final Hints hints;
  private final CoordinatorCore coordinator;
  private final Frames frames;
  private final Identity identity;
  private final Map<Long, CompletableFuture<CoordinatorCore.Outcome>> waiting = new HashMap<>();
  private final Set<Key> repairing = new HashSet<>();
  /** Answers of this node's replica to its own coordinator, in order. */
  private final Deque<QuorumMessage.Reply> ownAnswers = new ArrayDeque<>();
  private final Queue<Submission> submitted = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean draining = new AtomicBoolean();
  private final AtomicInteger inFlight = new AtomicInteger();
  /** Empty if the placement is fixed. */
  private final Optional<Placing> placing;
  private long nextOperation = 2;
  private boolean ticking;
  private boolean handlingOwn;
  private volatile boolean closed;
  private CompletableFuture<Void> shutdown;

  /** An operation that was asked for and not begun. */
  private record Submission(
      Operation.Kind kind,
      Key key,
      Consistency level,
      byte[] value,
      long ttlMillis,
      long timeoutNanos,
      CompletableFuture<CoordinatorCore.Outcome> result) {}

  QuorumNode(
      Environment environment,
      EventLoop loop,
      QuorumOptions options,
      Identity identity,
      CellTable table,
      HintLog hintLog,
      Optional<PlacementRegister> register) {
    this.environment = environment;
    this.loop = loop;
    this.self = environment.self();
    this.options = options;
    this.identity = identity;
    this.clock = identity.clock();
    this.table = table;
    this.coordinator =
        new CoordinatorCore(clock, new Plans(this::topology, options, self), this);
    this.frames = new Frames(environment, loop, identity.epoch(), this);
    this.hints = new Hints(hintLog, this, loop);
    this.repair =
        new Repair(
            environment,
            loop,
            table,
            table::arrive,
            new Repair.Options(
                "quorum-repair",
                options.repairInterval().toNanos(),
                options.maxDrift().toMillis(),
                options.moves().bytesPerSecond(),
                options.quorums()),
            identity.isCaughtUp(),
            identity::markCaughtUp);
    this.replica = new Replica(table, clock, new Standing(), this::isStale, this::repairDamaged);
    this.placing =
        register.map(
            its -> new Placing(environment, loop, table, repair, its, options, this::replan));
    Metrics metrics = environment.metrics();
    metrics.gauge("quorum_operations_in_flight", inFlight::get);
    metrics.gauge("quorum_hints", hints.log()::count);
  }

  PlacementTopology topology() {
    return (PlacementTopology) table.topology();
  }

  /**
   * What follows changes of the placement.
   *
   * @throws IllegalStateException if it is fixed
   */
  Placing placing() {
    return placing.orElseThrow(
        () -> new IllegalStateException("the store was opened with a fixed placement"));
  }

  /** What others may rely on this node's replica for, as its repair knows. */
  private final class Standing implements Replica.Standing {
    @Override
    public boolean answersFor(Key key) {
      return repair.answersFor(key);
    }

    @Override
    public boolean takes(Key key, boolean hint) {
      return repair.takes(key, hint);
    }
  }

  /** The table has gone over to another placement. */
  private void replan() {
    coordinator.replan(topology().epoch(), environment.clock().monotonicNanos());
    settle();
  }

  @Override
  public void isStale(long newerEpoch) {
    placing.ifPresent(Placing::look);
  }

  Repair repair() {
    return repair;
  }

  EventLoop loop() {
    return loop;
  }

  /** Begins an operation, from any thread; the future completes on the loop. */
  CompletableFuture<CoordinatorCore.Outcome> submit(
      Operation.Kind kind,
      Key key,
      Consistency level,
      byte[] value,
      long ttlMillis,
      long timeoutNanos) {
    CompletableFuture<CoordinatorCore.Outcome> result = new CompletableFuture<>();
    if (closed) {
      result.completeExceptionally(new RefusedException("the store is closed"));
      return result;
    }
    if (inFlight.incrementAndGet() > options.limits().maxOperations()) {
      inFlight.decrementAndGet();
      result.completeExceptionally(
          new RefusedException(
              options.limits().maxOperations() + " operations are in flight, the most there may be"));
      return result;
    }
    submitted.add(new Submission(kind, key, level, value, ttlMillis, timeoutNanos, result));
    if (draining.compareAndSet(false, true)) {
      loop.execute(this::drain);
    }
    return result;
  }

  private void drain() {
    draining.set(false);
    for (Submission next = submitted.poll(); next != null; next = submitted.poll()) {
      begin(next);
    }
    settle();
  }

  private void begin(Submission submission) {
    if (closed) {
      inFlight.decrementAndGet();
      submission.result.completeExceptionally(new RefusedException("the store is closed"));
      return;
    }
    long nowNanos = environment.clock().monotonicNanos();
    long expiryMillis =
        submission.ttlMillis == 0 ? 0 : clock.wallMillis() + submission.ttlMillis;
    long id = nextOperation;
    nextOperation += 2;
    waiting.put(id, submission.result);
    coordinator.start(
        new Operation(
            id,
            submission.kind,
            submission.key,
            submission.level,
            submission.value,
            expiryMillis,
            nowNanos,
            nowNanos + submission.timeoutNanos),
        topology().epoch());
  }

  /** Has the coordinator hear what this node's own replica has said, then plans the next tick. */
  private void settle() {
    if (handlingOwn) {
      return;
    }
    handlingOwn = true;
    for (QuorumMessage.Reply own = ownAnswers.poll(); own != null; own = ownAnswers.poll()) {
      coordinator.answered(self, own, environment.clock().monotonicNanos());
    }
    handlingOwn = false;
    if (!ticking && !coordinator.isIdle() && shutdown == null) {
      ticking = true;
      loop.schedule(TICK_NANOS, this::tick);
    }
  }

  private void tick() {
    ticking = false;
    coordinator.tick(environment.clock().monotonicNanos());
    settle();
  }

  @Override
  public void send(NodeId to, QuorumMessage.Request request) {
    if (to.equals(self)) {
      replica.handle(request, this::answerOwn);
    } else {
      frames.request(to, request);
    }
  }

  private void answerOwn(QuorumMessage.Reply reply) {
    if (Hints.isHint(reply.operation())) {
      hints.answered(reply);
      return;
    }
    ownAnswers.add(reply);
    if (!handlingOwn) {
      // The disk may answer at any time; let whoever is at work now finish first.
      loop.execute(this::settle);
    }
  }

  @Override
  public void complete(long operation, CoordinatorCore.Outcome outcome) {
    inFlight.decrementAndGet();
    waiting.remove(operation).complete(outcome);
  }

  @Override
  public void hint(NodeId target, Operation operation) {
    hints.keep(target, operation.key, operation.cell);
  }

  @Override
  public void onMessage(NodeId from, byte[] payload) {
    QuorumFrames.Frame frame;
    try {
      frame = QuorumFrames.read(payload, options.limits().maxValueBytes());
    } catch (MalformedException e) {
      log.warn("malformed frame from={}", from, e);
      return;
    }
    long nowNanos = environment.clock().monotonicNanos();
    for (QuorumMessage message : frame.messages()) {
      if (message instanceof QuorumMessage.Request request) {
        replica.handle(request, reply -> frames.reply(from, frame.incarnation(), reply));
      } else if (frame.incarnation() == identity.epoch()) {
        QuorumMessage.Reply reply = (QuorumMessage.Reply) message;
        if (Hints.isHint(reply.operation())) {
          hints.answered(reply);
        } else {
          coordinator.answered(from, reply, nowNanos);
        }
      }
    }
    settle();
  }

  /** A value here is damaged: the replicas that have it whole give it back. */
  private void repairDamaged(Key key) {
    if (closed || !repairing.add(key)) {
      return;
    }
    submit(Operation.Kind.GET, key, Consistency.QUORUM, null, 0, 2_000_000_000L)
        .whenComplete(
            (outcome, failure) -> {
              repairing.remove(key);
              if (outcome instanceof CoordinatorCore.Outcome.Done done && !closed) {
                try {
                  table.keep(key, done.cell());
                } catch (RefusedException e) {
                  log.warn("damaged key is not repaired key={}", key, e);
                }
              }
            });
  }

  ReplicaStatus status() {
    return new ReplicaStatus(
        topology().epoch(),
        repair.isCaughtUp(),
        table.store().isWritable(),
        table.store().size(),
        hints.log().count(),
        hints.log().dropped(),
        clock.refused());
  }

  CompletableFuture<Void> shutdown() {
    closed = true;
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (shutdown == null) {
            drain();
            coordinator.close();
            shutdown = close();
          }
          shutdown.whenComplete((v, e) -> done.complete(null));
        });
    return done;
  }

  private CompletableFuture<Void> close() {
    identity.close();
    placing.ifPresent(Placing::close);
    repair.close();
    frames.close();
    return CompletableFuture.allOf(table.store().shutdown(), hints.shutdown());
  }

  /** What a put or a deletion has come to, as a future that fails as the caller must know. */
  static Cell cellOf(CoordinatorCore.Outcome outcome) {
    if (outcome instanceof CoordinatorCore.Outcome.Done done) {
      return done.cell();
    }
    if (outcome instanceof CoordinatorCore.Outcome.Refused refused) {
      throw new RefusedException(refused.reason());
    }
    if (outcome instanceof CoordinatorCore.Outcome.Indeterminate indeterminate) {
      throw new IndeterminateException(indeterminate.reason());
    }
    throw new AssertionError("unhandled outcome " + outcome);
  }

  /** The version that was made, if one was. */
  static Optional<Tag> writtenTag(CoordinatorCore.Outcome outcome) {
    Cell cell = cellOf(outcome);
    return ((CoordinatorCore.Outcome.Done) outcome).written()
        ? Optional.of(cell.tag())
        : Optional.empty();
  }
}
