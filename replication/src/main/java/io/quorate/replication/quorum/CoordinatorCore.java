package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Coordinates operations: decides whom to ask, when enough have answered, and what that means.
 * Pure: it is told of time, answers and ticks, and says what is to be done through {@link Effects}.
 *
 * <p>A strong operation is the register of Attiya, Bar-Noy and Dolev.
 *
 * <ul>
 *   <li>Every operation first asks a read quorum which version it holds.
 *   <li>A write takes a tag above all of those, sends it with its value to every replica, and is
 *       acknowledged when a write quorum holds it. Since the two quorums meet, the tag is above
 *       that of every write that was acknowledged before this one began, whatever the clocks say.
 *   <li>A read returns the newest version once so many replicas hold it that every later read meets
 *       one of them. If the quorum agrees they do, and one round trip was enough; otherwise the
 *       version is written back first. So no later read returns an older one, also if the write
 *       itself never completes.
 *   <li>A deletion is a write of a tombstone; of an absent key it is a read.
 * </ul>
 *
 * <p>Under another placement every operation that has not ended begins its quorum anew, among the
 * replicas of that placement and under the tag that it has. Answers to what was asked before count
 * for nothing then: a replica may have answered when others were to be asked beside it.
 *
 * <p>An attempt is repeated under the same tag and never under another: what nobody knows the fate
 * of takes effect at most once. Replicas that had not acknowledged a write in time get a hint,
 * which counts for nothing.
 *
 * @see <a href="https://doi.org/10.1145/200836.200869">Attiya, Bar-Noy, Dolev, Sharing memory
 *     robustly in message-passing systems</a>
 */
final class CoordinatorCore {
  private static final long RESEND_NANOS = 100_000_000;
  private static final long LINGER_NANOS = 2_000_000_000;

  /** What the driver is to do. */
  interface Effects {
    void send(NodeId to, QuorumMessage.Request request);

    /** The operation has ended; told exactly once for each. */
    void complete(long operation, Outcome outcome);

    /** Keep {@code cell} for a replica that may have missed it. */
    void hint(NodeId target, Operation operation);

    /** Replicas go by a newer placement: to be learned, and then told by {@link #replan}. */
    void isStale(long newerEpoch);
  }

  /** What became of an operation. */
  sealed interface Outcome {
    /**
     * It is done.
     *
     * @param cell of a read what was found, of a write what was written
     * @param written whether a new version was made, which a deletion of nothing does not
     */
    record Done(Cell cell, boolean written) implements Outcome {}

    /** It has had no effect and never will. */
    record Refused(String reason) implements Outcome {}

    /** It may have taken effect, or may at any later time. */
    record Indeterminate(String reason) implements Outcome {}
  }

  /** Gives the plan of an operation under the current placement. */
  interface Planner {
    Plan plan(Operation operation);
  }

  private final TagClock clock;
  private final Planner planner;
  private final Effects effects;
  private final Peers peers;
  private final Map<Long, Operation> operations = new LinkedHashMap<>();
  private long epoch;
  private int lingering;

  CoordinatorCore(TagClock clock, Planner planner, Effects effects) {
    this.clock = clock;
    this.planner = planner;
    this.effects = effects;
    this.peers = new Peers(clock.self());
  }

  /** Operations that have not ended. */
  int pending() {
    return operations.size() - lingering;
  }

  /** Whether anything waits for {@link #tick}. */
  boolean isIdle() {
    return operations.isEmpty();
  }

  /** Begins an operation under the placement of {@code epoch}. */
  void start(Operation operation, long epoch) {
    this.epoch = epoch;
    operation.plan(planner.plan(operation));
    operations.put(operation.id, operation);
    if (operation.kind == Operation.Kind.PUT && operation.level == Consistency.ONE) {
      write(
          operation,
          Cell.value(clock.now(), operation.expiryMillis, operation.value),
          operation.startNanos);
    } else {
      askEnough(operation, operation.startNanos);
    }
  }

  /** A replica has answered. Answers to what has ended, and second answers, change nothing. */
  void answered(NodeId from, QuorumMessage.Reply reply, long nowNanos) {
    Operation operation = operations.get(Operation.idOf(reply.operation()));
    if (operation == null
        || operation.wireId() != reply.operation()
        || operation.plan.indexOf(from) < 0) {
      return;
    }
    int replica = operation.plan.indexOf(from);
    peers.answered(from, nowNanos - operation.sentNanos);
    if (reply instanceof QuorumMessage.Held held) {
      clock.observe(held.tag());
      if (operation.phase == Operation.Phase.ASK) {
        operation.heard(replica, held);
        decide(operation, nowNanos);
      }
    } else if (reply instanceof QuorumMessage.Stored) {
      if (operation.phase != Operation.Phase.ASK) {
        operation.holds(replica);
        written(operation);
      }
    } else if (reply instanceof QuorumMessage.Refused refused) {
      refused(operation, replica, refused, nowNanos);
    } else {
      throw new AssertionError("unhandled reply " + reply);
    }
  }

  /**
   * The placement is that of {@code epoch} now; the planner knows it. What a replica has been asked
   * is asked again at once, of the replicas that are to be asked now.
   */
  void replan(long epoch, long nowNanos) {
    this.epoch = epoch;
    for (Operation operation : List.copyOf(operations.values())) {
      if (operation.phase == Operation.Phase.LINGER) {
        continue;
      }
      operation.replan(planner.plan(operation));
      if (operation.phase == Operation.Phase.ASK) {
        askEnough(operation, nowNanos);
      } else {
        sendWrites(operation, nowNanos);
      }
    }
  }

  private void refused(
      Operation operation, int replica, QuorumMessage.Refused refused, long nowNanos) {
    if (refused.reason() == QuorumMessage.Reason.OTHER_EPOCH && refused.epoch() > epoch) {
      effects.isStale(refused.epoch());
    }
    if (refused.reason() == QuorumMessage.Reason.OTHER_EPOCH && refused.epoch() < epoch) {
      operation.lags(replica, nowNanos);
    }
    if (refused.reason().isTransient()) {
      // Another replica may do; this one is asked again with the next resend, or as it lags.
      if (operation.phase == Operation.Phase.ASK) {
        operation.fetching = false;
        askOneMore(operation, nowNanos);
      }
      return;
    }
    operation.refuses(replica, refused.reason());
    if (operation.phase == Operation.Phase.ASK) {
      operation.fetching = false;
      askOneMore(operation, nowNanos);
      decide(operation, nowNanos);
    } else if (operation.phase == Operation.Phase.WRITE) {
      failIfHopeless(operation);
    }
  }

  /** Ends a write that can no longer be acknowledged. */
  private void failIfHopeless(Operation operation) {
    if (!Quota.allMet(operation.plan.write(), operation.plan.all() & ~operation.refused)) {
      // Each refusal says that this replica does not hold it; only all together say that nobody does.
      boolean none = !operation.replanned() && operation.refused == operation.plan.all();
      String reason = "replicas refused: " + operation.refusals();
      end(operation, none ? new Outcome.Refused(reason) : new Outcome.Indeterminate(reason));
    }
  }

  /** Asks as many replicas as the quorum needs, the quickest first. */
  private void askEnough(Operation operation, long nowNanos) {
    long needed = needed(operation);
    while (needed != 0) {
      ask(operation, peers.quickest(operation.plan.replicas(), needed), nowNanos);
      needed = needed(operation);
    }
  }

  /** Those not asked yet that count towards a quota which those asked do not meet. */
  private static long needed(Operation operation) {
    return Quota.lacking(operation.plan.read(), operation.asked) & ~operation.asked;
  }

  private void askOneMore(Operation operation, long nowNanos) {
    long left = operation.plan.readers() & ~operation.asked;
    if (left != 0) {
      ask(operation, peers.quickest(operation.plan.replicas(), left), nowNanos);
    }
  }

  private void ask(Operation operation, int replica, long nowNanos) {
    boolean wantsValue =
        operation.kind == Operation.Kind.GET
            && (operation.asked == 0 || operation.level == Consistency.ONE);
    operation.asked |= 1L << replica;
    operation.sentNanos = nowNanos;
    effects.send(operation.plan.replicas().get(replica), read(operation, wantsValue));
  }

  private QuorumMessage.Read read(Operation operation, boolean withValue) {
    return new QuorumMessage.Read(
        operation.wireId(), epoch, operation.key, withValue, operation.level != Consistency.ONE);
  }

  private void decide(Operation operation, long nowNanos) {
    if (!Quota.allMet(operation.plan.read(), operation.answered)) {
      return;
    }
    Cell newest = operation.newest();
    boolean absent = newest.isAbsentAt(clock.wallMillis());
    if (operation.kind == Operation.Kind.PUT || operation.kind == Operation.Kind.DELETE && !absent) {
      beginWrite(operation, nowNanos);
      return;
    }
    long holders = operation.holdersOf(newest.tag());
    boolean agreed =
        operation.level == Consistency.ONE
            || newest.tag().isNone()
            || Quota.allMet(operation.plan.hold(), holders);
    Cell cell = operation.newestWithValue();
    boolean valueWanted = operation.kind == Operation.Kind.GET && !absent || !agreed;
    if (cell == null && valueWanted) {
      fetch(operation, holders, nowNanos);
    } else if (agreed) {
      end(operation, new Outcome.Done(cell == null ? newest : cell, false));
    } else {
      operation.phase = Operation.Phase.WRITE_BACK;
      operation.cell = cell;
      operation.holders |= holders;
      sendWrites(operation, nowNanos);
    }
  }

  private void fetch(Operation operation, long holders, long nowNanos) {
    long able = holders & ~operation.refused;
    if (!operation.fetching && able != 0) {
      operation.fetching = true;
      operation.sentNanos = nowNanos;
      int quickest = peers.quickest(operation.plan.replicas(), able);
      effects.send(operation.plan.replicas().get(quickest), read(operation, true));
    }
  }

  private void beginWrite(Operation operation, long nowNanos) {
    long able = operation.plan.all();
    long highest = 0;
    long wallMillis = Long.MAX_VALUE;
    for (int i = 0; i < operation.plan.replicas().size(); i++) {
      QuorumMessage.Held held = operation.answerOf(i);
      if (held != null) {
        highest = Math.max(highest, Math.max(held.tag().time(), held.floor()));
        wallMillis = Math.min(wallMillis, held.wallMillis());
        able &= held.writable() ? -1L : ~(1L << i);
      }
    }
    if (!Quota.allMet(operation.plan.write(), able)) {
      end(operation, new Outcome.Refused("too few replicas have room on their disks"));
      return;
    }
    Tag tag =
        operation.level == Consistency.ONE ? clock.now() : clock.above(highest, wallMillis);
    Cell cell =
        operation.kind == Operation.Kind.DELETE
            ? Cell.tombstone(tag)
            : Cell.value(tag, operation.expiryMillis, operation.value);
    write(operation, cell, nowNanos);
  }

  private void write(Operation operation, Cell cell, long nowNanos) {
    operation.phase = Operation.Phase.WRITE;
    operation.cell = cell;
    operation.refused = 0;
    sendWrites(operation, nowNanos);
  }

  private void sendWrites(Operation operation, long nowNanos) {
    operation.sentNanos = nowNanos;
    sendWritesTo(operation, operation.plan.all());
  }

  /** To those of {@code replicas} that neither hold it nor have refused it. */
  private void sendWritesTo(Operation operation, long replicas) {
    QuorumMessage.Write write =
        new QuorumMessage.Write(operation.wireId(), epoch, operation.key, operation.cell);
    long waiting = replicas & ~(operation.holders | operation.refused);
    for (NodeId node : operation.plan.nodesOf(waiting)) {
      effects.send(node, write);
    }
  }

  private void written(Operation operation) {
    if (operation.phase == Operation.Phase.WRITE_BACK
        && Quota.allMet(operation.plan.hold(), operation.holders)) {
      end(operation, new Outcome.Done(operation.cell, false));
    } else if (operation.phase == Operation.Phase.WRITE
        && Quota.allMet(operation.plan.write(), operation.holders)) {
      linger(operation);
    }
    if (operation.phase == Operation.Phase.LINGER
        && operation.holders == operation.plan.all()) {
      operations.remove(operation.id);
      lingering--;
    }
  }

  private void linger(Operation operation) {
    operation.phase = Operation.Phase.LINGER;
    lingering++;
    effects.complete(operation.id, new Outcome.Done(operation.cell, true));
  }

  private void end(Operation operation, Outcome outcome) {
    operations.remove(operation.id);
    effects.complete(operation.id, outcome);
  }

  /** Lets time pass: asks one more replica, asks again, gives up, leaves hints. */
  void tick(long nowNanos) {
    for (Operation operation : List.copyOf(operations.values())) {
      long waitedNanos = nowNanos - operation.sentNanos;
      askLagging(operation, nowNanos);
      if (operation.phase == Operation.Phase.LINGER) {
        if (waitedNanos > LINGER_NANOS) {
          leaveHints(operation);
        }
      } else if (nowNanos - operation.deadlineNanos >= 0) {
        expire(operation);
      } else if (operation.phase == Operation.Phase.ASK && waitedNanos > peers.patienceNanos()) {
        askAgain(operation, nowNanos, waitedNanos);
      } else if (operation.phase != Operation.Phase.ASK && mayResend(operation, waitedNanos)) {
        sendWrites(operation, nowNanos);
      }
    }
  }

  /** A replica that was behind the placement has learned of it by now, unless something is wrong. */
  private void askLagging(Operation operation, long nowNanos) {
    long lagging = operation.takeLagging(nowNanos);
    if (lagging == 0) {
      return;
    }
    if (operation.phase == Operation.Phase.ASK) {
      for (NodeId node : operation.plan.nodesOf(lagging & ~operation.answered)) {
        effects.send(node, read(operation, operation.kind == Operation.Kind.GET));
      }
    } else {
      sendWritesTo(operation, lagging);
    }
  }

  /** Less and less often, so that asking again does not add to what makes the answers late. */
  private static boolean mayResend(Operation operation, long waitedNanos) {
    if (waitedNanos <= RESEND_NANOS << Math.min(operation.resends, Operation.MAX_DOUBLINGS)) {
      return false;
    }
    operation.resends++;
    return true;
  }

  private void askAgain(Operation operation, long nowNanos, long waitedNanos) {
    for (NodeId silent : operation.plan.nodesOf(operation.asked & ~operation.answered)) {
      peers.wasSlow(silent, waitedNanos);
    }
    long before = operation.asked;
    askOneMore(operation, nowNanos);
    if (operation.fetching && waitedNanos > peers.patienceNanos()) {
      operation.fetching = false;
      decideByOthers(operation, nowNanos);
    }
    if (operation.asked == before && mayResend(operation, waitedNanos)) {
      operation.sentNanos = nowNanos;
      for (NodeId silent : operation.plan.nodesOf(operation.asked & ~operation.answered)) {
        effects.send(silent, read(operation, operation.kind == Operation.Kind.GET));
      }
    }
  }

  /** The replica that was to send the value has not: every other holder is asked for it. */
  private void decideByOthers(Operation operation, long nowNanos) {
    List<NodeId> holders =
        operation.plan.nodesOf(operation.holdersOf(operation.newest().tag()));
    operation.sentNanos = nowNanos;
    operation.fetching = true;
    for (NodeId node : holders) {
      effects.send(node, read(operation, true));
    }
  }

  private void expire(Operation operation) {
    String reason =
        "no quorum within the time given: "
            + (operation.phase == Operation.Phase.ASK
                ? operation.plan.nodesOf(operation.answered) + " answered"
                : operation.plan.nodesOf(operation.holders) + " hold it")
            + (operation.refused == 0 ? "" : ", refused: " + operation.refusals());
    if (operation.phase == Operation.Phase.WRITE) {
      operations.remove(operation.id);
      effects.complete(operation.id, new Outcome.Indeterminate(reason));
    } else {
      end(operation, new Outcome.Refused(reason));
    }
  }

  private void leaveHints(Operation operation) {
    operations.remove(operation.id);
    lingering--;
    for (NodeId node : operation.plan.nodesOf(operation.plan.all() & ~operation.holders)) {
      effects.hint(node, operation);
    }
  }

  /** Ends everything: the store is closing. */
  void close() {
    for (Operation operation : List.copyOf(operations.values())) {
      if (operation.phase == Operation.Phase.LINGER) {
        leaveHints(operation);
      } else if (operation.phase == Operation.Phase.WRITE) {
        end(operation, new Outcome.Indeterminate("the store was closed"));
      } else {
        end(operation, new Outcome.Refused("the store was closed"));
      }
    }
  }
}
