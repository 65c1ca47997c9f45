package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The notifier of each event loop. Safe for use by many threads. */
final class LoopNotifiers {
  private final WriteAheadLog log;
  private final ReentrantLock lock = new ReentrantLock();
  /** Looked up by loop; walked in the order of {@link #all}. */
  private final Map<EventLoop, LoopNotifier> byLoop = new IdentityHashMap<>();

  private volatile List<LoopNotifier> all = List.of();

  LoopNotifiers(WriteAheadLog log) {
    this.log = log;
  }

  LoopNotifier of(EventLoop loop) {
    lock.lock();
    try {
      LoopNotifier notifier = byLoop.get(loop);
      if (notifier == null) {
        notifier = new LoopNotifier(loop, log);
        byLoop.put(loop, notifier);
        List<LoopNotifier> more = new ArrayList<>(all);
        more.add(notifier);
        all = List.copyOf(more);
      }
      return notifier;
    } finally {
      lock.unlock();
    }
  }

  /** There is news for all loops. */
  void wake() {
    for (LoopNotifier notifier : all) {
      notifier.wake();
    }
  }
}
