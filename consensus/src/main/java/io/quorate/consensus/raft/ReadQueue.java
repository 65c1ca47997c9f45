package io.quorate.consensus.raft;

import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Linearizable reads of this node's application: all that come while the loop is busy ask the
 * leader together.
 */
final class ReadQueue {
  private static final class Batch {
    final List<Reader<?, ?>> readers;
    final boolean lease;
    final long deadlineNanos;
    volatile boolean served;

    Batch(List<Reader<?, ?>> readers, boolean lease, long deadlineNanos) {
      this.readers = readers;
      this.lease = lease;
      this.deadlineNanos = deadlineNanos;
    }
  }

  /** How a batch asks, and how it is served. Used on the group's loop. */
  interface Asker {
    long nowNanos();

    void ask(long id, boolean lease);

    /** Readers wait: {@link ReadQueue#retry} and {@link ReadQueue#expire} are to be called. */
    void awake();

    void serve(long index, Runnable readers);
  }

  private final EventLoop loop;
  private final Asker asker;
  private final Duration timeout;
  /** The reader that came last; the others hang behind it. Whoever finds none wakes the loop. */
  private final AtomicReference<Reader<?, ?>> arrived = new AtomicReference<>();
  private final Map<Long, Batch> asking = new TreeMap<>();
  private final Deque<Batch> byDeadline = new ArrayDeque<>();
  private List<Batch> again = new ArrayList<>();
  private long nextId;
  /** Why nothing is read any more; null while something is. */
  private String closed;

  ReadQueue(EventLoop loop, Asker asker, Duration timeout) {
    this.loop = loop;
    this.asker = asker;
    this.timeout = timeout;
  }

  /** From any thread. */
  void add(Reader<?, ?> reader) {
    Reader<?, ?> before;
    do {
      before = arrived.get();
      reader.previous = before;
    } while (!arrived.compareAndSet(before, reader));
    if (before == null) {
      loop.execute(this::drain);
    }
  }

  /** Whether no reader waits for anything. On the loop. */
  boolean isIdle() {
    while (!byDeadline.isEmpty() && byDeadline.peekFirst().served) {
      byDeadline.pollFirst();
    }
    return byDeadline.isEmpty() && arrived.get() == null;
  }

  void ready(long id, long index) {
    Batch batch = asking.remove(id);
    if (batch != null) {
      asker.serve(
          index,
          () -> {
            batch.served = true;
            batch.readers.forEach(Reader::serve);
          });
    }
  }

  void failed(long id) {
    Batch batch = asking.remove(id);
    if (batch != null) {
      again.add(batch);
    }
  }

  /** Asks again for those whom nobody could answer. */
  void retry() {
    List<Batch> retried = again;
    again = new ArrayList<>();
    retried.forEach(this::ask);
  }

  void expire() {
    long nowNanos = asker.nowNanos();
    while (!byDeadline.isEmpty()
        && (byDeadline.peekFirst().served
            || nowNanos - byDeadline.peekFirst().deadlineNanos > 0)) {
      Batch late = byDeadline.pollFirst();
      if (!late.served) {
        fail(late, "not confirmed within " + timeout);
        asking.values().remove(late);
        again.remove(late);
      }
    }
  }

  void close(String why) {
    closed = why;
    drain();
  }

  private void failAll(String why) {
    byDeadline.forEach(batch -> fail(batch, why));
    byDeadline.clear();
    asking.clear();
    again.clear();
  }

  private static void fail(Batch batch, String why) {
    batch.readers.forEach(
        reader -> reader.future.completeExceptionally(new RefusedException(why)));
  }

  private void drain() {
    List<Reader<?, ?>> confirmed = new ArrayList<>();
    List<Reader<?, ?>> leased = new ArrayList<>();
    Reader<?, ?> next = arrived.getAndSet(null);
    while (next != null) {
      (next.lease ? leased : confirmed).add(next);
      Reader<?, ?> previous = next.previous;
      next.previous = null;
      next = previous;
    }
    // Who came first is served first.
    Collections.reverse(confirmed);
    Collections.reverse(leased);
    begin(confirmed, false);
    begin(leased, true);
    if (closed != null) {
      failAll(closed);
    }
  }

  private void begin(List<Reader<?, ?>> readers, boolean lease) {
    if (!readers.isEmpty()) {
      Batch batch = new Batch(readers, lease, asker.nowNanos() + timeout.toNanos());
      byDeadline.addLast(batch);
      if (closed == null) {
        ask(batch);
        asker.awake();
      }
    }
  }

  private void ask(Batch batch) {
    long id = nextId++;
    asking.put(id, batch);
    asker.ask(id, batch.lease);
  }
}
