package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Effect.Persist;
import io.quorate.consensus.raft.Effect.Send;
import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Collects the effects of a step and knows what is durable.
 *
 * <p>A node's outputs must never rest on what a crash could undo. Every message therefore names the
 * persist that must be durable before it leaves: none for what a leader replicates (it counts
 * itself only when its own disk has answered), the last change of term or vote for votes and signs
 * of life, and the last change of anything for the acknowledgement of entries.
 */
final class Outbox {
  private static final class InFlight {
    final long number;
    final long issuedNanos;
    /** Up to here it makes the log durable; falls when the log is truncated meanwhile. */
    long lastIndex;

    InFlight(long number, long lastIndex, long issuedNanos) {
      this.number = number;
      this.lastIndex = lastIndex;
      this.issuedNanos = issuedNanos;
    }
  }

  private final List<Effect> before = new ArrayList<>();
  private final List<Effect> after = new ArrayList<>();
  private final Deque<InFlight> inFlight = new ArrayDeque<>();
  private long lastPersist;
  private long statePersist;
  private long storedPersist;
  private long storedIndex;

  private boolean stateChanged;
  private SnapshotMark reset;
  private long fromIndex;
  private List<Entry> entries = new ArrayList<>();

  Outbox(long storedIndex) {
    this.storedIndex = storedIndex;
  }

  /** The highest index up to which the log of this node is durable. */
  long storedIndex() {
    return storedIndex;
  }

  /** Whether the current term and vote are durable. */
  boolean stateStored() {
    return !stateChanged && storedPersist >= statePersist;
  }

  /** How long the oldest persist under way has been waiting; 0 if there is none. */
  long waitingNanos(long nowNanos) {
    InFlight oldest = inFlight.peekFirst();
    return oldest == null ? 0 : nowNanos - oldest.issuedNanos;
  }

  void add(Effect effect) {
    after.add(effect);
  }

  /** For what rests on nothing that this node has to remember. */
  void sendNow(NodeId to, Message message) {
    before.add(new Send(to, message, 0));
  }

  /** For what rests on the term and the vote. */
  void sendAfterState(NodeId to, Message message) {
    if (stateChanged) {
      after.add(new Send(to, message, lastPersist + 1));
    } else {
      before.add(new Send(to, message, statePersist));
    }
  }

  /** For what rests on the log. */
  void sendAfterAll(NodeId to, Message message) {
    if (changed()) {
      after.add(new Send(to, message, lastPersist + 1));
    } else {
      before.add(new Send(to, message, lastPersist));
    }
  }

  void stateChanged() {
    stateChanged = true;
  }

  /** Entries now in the log from {@code index} on. */
  void appended(long index, List<Entry> added) {
    if (fromIndex == 0) {
      fromIndex = index;
      entries = new ArrayList<>(added);
    } else if (fromIndex + entries.size() == index) {
      entries.addAll(added);
    } else {
      throw new IllegalStateException("append at " + index + " beside one at " + fromIndex);
    }
  }

  /** The log no longer has {@code index} and what is behind it. */
  void truncatedFrom(long index) {
    storedIndex = Math.min(storedIndex, index - 1);
    inFlight.forEach(persist -> persist.lastIndex = Math.min(persist.lastIndex, index - 1));
  }

  /** The log begins anew behind a durable snapshot. */
  void reset(SnapshotMark mark) {
    truncatedFrom(1);
    storedIndex = mark.index();
    reset = mark;
  }

  /** The log up to {@code index} is covered by a durable snapshot. */
  void covered(long index) {
    storedIndex = Math.max(storedIndex, index);
  }

  /** All persists up to {@code number} are durable. */
  void stored(long number) {
    storedPersist = Math.max(storedPersist, number);
    while (!inFlight.isEmpty() && inFlight.peekFirst().number <= number) {
      storedIndex = Math.max(storedIndex, inFlight.pollFirst().lastIndex);
    }
  }

  /** The effects since the last call: what may leave at once, the persist, what rests on it. */
  List<Effect> drain(NodeState state) {
    List<Effect> effects = new ArrayList<>(before.size() + after.size() + 1);
    effects.addAll(before);
    if (changed()) {
      lastPersist++;
      if (stateChanged) {
        statePersist = lastPersist;
      }
      effects.add(
          new Persist(
              lastPersist,
              state.term,
              Optional.ofNullable(state.vote),
              Optional.ofNullable(reset),
              fromIndex,
              entries));
      long lastIndex = fromIndex == 0 ? 0 : fromIndex + entries.size() - 1;
      inFlight.addLast(new InFlight(lastPersist, lastIndex, state.nowNanos));
    }
    effects.addAll(after);
    before.clear();
    after.clear();
    stateChanged = false;
    reset = null;
    fromIndex = 0;
    entries = new ArrayList<>();
    return effects;
  }

  private boolean changed() {
    return stateChanged || reset != null || fromIndex != 0;
  }
}
