package io.quorate.consensus.raft;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets a reader on any thread look at a state while the loop that owns it does not use it. Nobody
 * ever waits in it: a reader that does not get in asks the loop instead, and a loop that finds a
 * reader inside is told when that has left.
 */
final class StateGate {
  private static final int FREE = 0;
  private static final int LOOP = 1;
  private static final int READER = 2;
  /** A reader is inside, and the loop wants to be. */
  private static final int AWAITED = 3;

  private final AtomicInteger inside = new AtomicInteger(FREE);

  /** Whether the calling reader is inside now; it must {@link #endRead} soon. */
  boolean tryRead() {
    return inside.get() == FREE && inside.compareAndSet(FREE, READER);
  }

  /** Returns whether the loop is to be told that it may enter. */
  boolean endRead() {
    return inside.getAndSet(FREE) == AWAITED;
  }

  /** On the loop: whether it is inside now. If not, a reader's {@link #endRead} returns true. */
  boolean tryEnter() {
    while (true) {
      if (inside.compareAndSet(FREE, LOOP)) {
        return true;
      }
      if (inside.get() == AWAITED || inside.compareAndSet(READER, AWAITED)) {
        return false;
      }
      // The reader has left just now.
    }
  }

  void leave() {
    inside.set(FREE);
  }
}
