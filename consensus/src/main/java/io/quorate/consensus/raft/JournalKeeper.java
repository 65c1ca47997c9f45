package io.quorate.consensus.raft;

import io.quorate.core.RefusedException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Keeps the journal of a group: writes persists in their order, holds them back while there is no
 * room, and drops units that a snapshot has made useless.
 */
final class JournalKeeper {
  /** A unit and the highest index it still contributes to the log. */
  private static final class Unit {
    final long number;
    long lastIndex;

    Unit(long number, long lastIndex) {
      this.number = number;
      this.lastIndex = lastIndex;
    }
  }

  private Journal journal;
  private final Deque<Unit> units = new ArrayDeque<>();
  private final Deque<Effect.Persist> waiting = new ArrayDeque<>();
  /** Unit number minus persist number: the same for all persists of this life. */
  private long offset;
  private long durablePersist;
  /** Where the log ends, as written. */
  private long lastIndex;

  void open(Journal newJournal) {
    journal = newJournal;
  }

  CompletableFuture<List<byte[]>> recover() {
    return journal.recover();
  }

  /** Takes up where the last life ended. */
  void begin(Replay replay, SnapshotMark mark, RaftCore.Recovered recovered) {
    long last = mark.index() + recovered.entries().size();
    offset = journal.lastUnit();
    if (offset > 0) {
      // One stands for all that was recovered: they go together, once a snapshot covers the last.
      units.addLast(new Unit(offset, last));
      lastIndex = last;
    }
    if (replay.mustReset()) {
      Effect.Persist reset =
          new Effect.Persist(
              0, replay.term(), Optional.ofNullable(replay.vote()), Optional.of(mark), 0,
              List.of());
      offset = journal.append(reset);
      units.addLast(new Unit(offset, 0));
    }
  }

  void append(Effect.Persist persist) {
    waiting.addLast(persist);
    retry();
  }

  /** Writes what had to wait for room. */
  void retry() {
    while (!waiting.isEmpty()) {
      Effect.Persist next = waiting.peekFirst();
      try {
        journal.append(next);
      } catch (RefusedException e) {
        // No room now. Nothing is said that rests on it; a leader that waits too long steps down.
        return;
      }
      waiting.pollFirst();
      note(next);
    }
  }

  boolean isFull() {
    return !waiting.isEmpty() || journal.isFull();
  }

  long durablePersist() {
    return durablePersist;
  }

  /** Unit {@code unit} is durable; returns the persist that it was. */
  long durable(long unit) {
    durablePersist = Math.max(durablePersist, unit - offset);
    return durablePersist;
  }

  /** The log up to {@code index} is of no use any more. */
  void drop(long index) {
    Unit newest = units.peekLast();
    long before = 0;
    while (!units.isEmpty() && units.peekFirst() != newest
        && units.peekFirst().lastIndex <= index) {
      before = units.pollFirst().number + 1;
    }
    if (before > 0) {
      journal.dropBefore(before);
    }
  }

  private void note(Effect.Persist persist) {
    long last = 0;
    if (persist.reset().isPresent()) {
      units.forEach(unit -> unit.lastIndex = 0);
    }
    if (persist.fromIndex() > 0) {
      if (lastIndex >= persist.fromIndex()) {
        for (Unit unit : units) {
          unit.lastIndex = Math.min(unit.lastIndex, persist.fromIndex() - 1);
        }
      }
      last = persist.fromIndex() + persist.entries().size() - 1;
      lastIndex = last;
    }
    units.addLast(new Unit(persist.number() + offset, last));
  }
}
