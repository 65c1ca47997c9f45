package io.quorate.resilience.balance;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener of rare events one at a time, in order, and never under a lock. What the
 * listener throws is logged and goes no further.
 */
final class Notices<L> {
  private static final Logger log = LoggerFactory.getLogger(Notices.class);

  private final L listener;
  private final ConcurrentLinkedQueue<Consumer<? super L>> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger undelivered = new AtomicInteger();

  Notices(L listener) {
    this.listener = listener;
  }

  void add(Consumer<? super L> notice) {
    queue.add(notice);
  }

  /** Delivers what is there, unless another thread is at it: that one then delivers it too. */
  void deliver() {
    if (queue.isEmpty() || undelivered.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      for (Consumer<? super L> notice = queue.poll(); notice != null; notice = queue.poll()) {
        contained(notice);
      }
      seen = undelivered.addAndGet(-seen);
    } while (seen != 0);
  }

  private void contained(Consumer<? super L> notice) {
    try {
      notice.accept(listener);
    } catch (RuntimeException | Error e) {
      contain(e);
    }
  }

  /** A listener only watches: its failure must not change what is balanced. */
  static void contain(Throwable failure) {
    log.warn("listener failed", failure);
  }
}
