package io.quorate.core.pubsub;

/** Something of a broker that has to do with time. */
abstract class Timed {
  static final long NEVER = Long.MAX_VALUE;

  /** The same on all replicas; things that are due together have their turn in this order. */
  final long serial;

  /** When the agenda will look at it; never later than it is due. */
  long lookAtMillis = NEVER;

  Timed(long serial) {
    this.serial = serial;
  }

  /** When something is to be done; {@link #NEVER} if nothing is. */
  abstract long dueMillis();
}
