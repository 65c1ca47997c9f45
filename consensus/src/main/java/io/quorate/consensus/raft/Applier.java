package io.quorate.consensus.raft;

import io.quorate.core.EventLoop;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;

/**
 * Applies committed entries and serves readers, on a loop of its own beside the consensus. While a
 * snapshot is being restored by another thread, or a reader on another thread looks at the state,
 * everything else waits in its order.
 */
final class Applier<C, R> {
  /** A frozen state and where it stands. */
  record Capture(long index, long timeMillis, byte[] sessions, Frozen frozen) {}

  private final EventLoop loop;
  private final StateMachine<C, R> machine;
  private final Codec<C> commands;
  private final Codec<R> results;
  private final Sessions<R> sessions;
  private final Consumer<Throwable> onFailure;
  /** Readers by the index that they wait for. */
  private final TreeMap<Long, List<Runnable>> readers = new TreeMap<>();
  private final Deque<Runnable> held = new ArrayDeque<>();
  private final StateGate gate = new StateGate();
  /** Whether a reader who was inside will have the loop go on. */
  private boolean awaiting;
  private boolean paused;
  private boolean failed;
  private long timeMillis;
  private volatile long appliedIndex;
  private volatile long nextDeadlineMillis = Long.MAX_VALUE;

  Applier(
      EventLoop loop,
      StateMachine<C, R> machine,
      Codec<C> commands,
      Codec<R> results,
      long sessionTimeoutMillis,
      Consumer<Throwable> onFailure) {
    this.loop = loop;
    this.machine = machine;
    this.commands = commands;
    this.results = results;
    this.sessions = new Sessions<>(sessionTimeoutMillis);
    this.onFailure = onFailure;
  }

  long appliedIndex() {
    return appliedIndex;
  }

  /**
   * The log time at which the state machine wants to be called; {@code Long.MAX_VALUE} for never.
   */
  long nextDeadlineMillis() {
    return nextDeadlineMillis;
  }

  /** Applies {@code entries}; {@code waiting} has null where nobody here waits for an entry. */
  void apply(long firstIndex, List<Entry> entries, List<Completion<R>> waiting) {
    run(() -> applyNow(firstIndex, entries, waiting));
  }

  /** Runs {@code reader} once all up to {@code index} is applied. */
  void read(long index, Runnable reader) {
    run(
        () -> {
          if (index <= appliedIndex) {
            reader.run();
          } else {
            readers.computeIfAbsent(index, at -> new ArrayList<>()).add(reader);
          }
        });
  }

  /** Serves {@code reader} on the calling thread, unless the state is in use just now. */
  boolean tryServe(Reader<?, ?> reader) {
    if (!gate.tryRead()) {
      return false;
    }
    Runnable answer;
    try {
      answer = reader.evaluate();
    } finally {
      if (gate.endRead()) {
        goOn();
      }
    }
    answer.run();
    return true;
  }

  /** Captures the state as it is after all that was given before. */
  void capture(Consumer<Capture> taker) {
    run(
        () -> {
          ByteWriter table = new ByteWriter();
          sessions.write(table, results);
          taker.accept(
              new Capture(appliedIndex, timeMillis, table.toByteArray(), machine.freeze()));
        });
  }

  /** Lets everything wait until {@link #resume}, then calls {@code paused}. */
  void pause(Runnable then) {
    run(
        () -> {
          paused = true;
          then.run();
        });
  }

  /** Replaces all state. Called while paused, by a thread that may block. */
  void restore(SnapshotMark mark, byte[] table, InputStream state) throws IOException {
    machine.restore(state);
    ByteReader in = new ByteReader(table);
    sessions.read(in, results);
    in.expectEnd();
    timeMillis = mark.timeMillis();
    appliedIndex = mark.index();
    noteDeadline();
  }

  /** Goes on with what has waited. */
  void resume() {
    loop.execute(
        () -> {
          paused = false;
          guarded(this::serveReaders);
          leave();
          runHeld();
        });
  }

  private void run(Runnable task) {
    loop.execute(
        () -> {
          held.addLast(task);
          runHeld();
        });
  }

  private void runHeld() {
    while (!paused && !awaiting && !failed && !held.isEmpty()) {
      if (gate.tryEnter()) {
        guarded(held.pollFirst());
        leave();
      } else {
        awaiting = true;
      }
    }
  }

  /** A reader has left while the loop wanted in. */
  private void goOn() {
    try {
      loop.execute(
          () -> {
            awaiting = false;
            runHeld();
          });
    } catch (RejectedExecutionException e) {
      // The environment is closed, and with it all that waited there.
      awaiting = true;
    }
  }

  /** Lets readers in, unless another thread is at the state or it is not to be trusted. */
  private void leave() {
    if (!paused && !failed) {
      gate.leave();
    }
  }

  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      // A replica that skipped what it cannot apply would part from the others: it stops.
      failed = true;
      onFailure.accept(e);
    }
  }

  private void applyNow(long firstIndex, List<Entry> entries, List<Completion<R>> waiting) {
    if (firstIndex != appliedIndex + 1) {
      throw new IllegalStateException("entry " + firstIndex + " after " + appliedIndex);
    }
    for (int i = 0; i < entries.size(); i++) {
      applyOne(firstIndex + i, entries.get(i), waiting.get(i));
      appliedIndex = firstIndex + i;
    }
    noteDeadline();
    serveReaders();
  }

  private void applyOne(long index, Entry entry, Completion<R> waiting) {
    if (entry.timeMillis > timeMillis) {
      timeMillis = entry.timeMillis;
      sessions.expire(timeMillis);
      machine.timePassed(new Applied(index, entry.term, timeMillis));
    }
    R result = null;
    if (entry.kind == Entry.SESSION) {
      sessions.open(index, timeMillis);
    } else if (entry.kind == Entry.COMMAND) {
      Sessions.Verdict verdict =
          entry.session == 0 ? Sessions.Verdict.NEW : sessions.judge(entry);
      if (verdict == Sessions.Verdict.EXPIRED) {
        if (waiting != null) {
          waiting.failed(new SessionExpiredException(entry.session));
        }
        return;
      }
      if (verdict == Sessions.Verdict.NEW) {
        result =
            Objects.requireNonNull(
                machine.apply(
                    new Applied(index, entry.term, timeMillis),
                    commands.read(entry.payloadReader())),
                "result");
        if (entry.session != 0) {
          sessions.remember(entry, result);
        }
      } else if (verdict == Sessions.Verdict.KNOWN) {
        result = sessions.result(entry);
      }
    }
    if (waiting != null) {
      waiting.applied(index, result);
    }
  }

  private void serveReaders() {
    while (!readers.isEmpty() && readers.firstKey() <= appliedIndex) {
      Map.Entry<Long, List<Runnable>> next = readers.pollFirstEntry();
      next.getValue().forEach(Runnable::run);
    }
  }

  private void noteDeadline() {
    OptionalLong next = machine.nextDeadlineMillis();
    nextDeadlineMillis = next.orElse(Long.MAX_VALUE);
  }
}
