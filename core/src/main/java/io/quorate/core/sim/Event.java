package io.quorate.core.sim;

/** Something that is due at a virtual time. Ordered by time, then by chance, then by age. */
abstract class Event implements Comparable<Event> {
  /** What an event is, in traces and digests. */
  enum Kind {
    DRIVER,
    NODE,
    TASK,
    TIMER,
    WORK,
    NETWORK,
    DATAGRAM,
    STORAGE
  }

  final Kind kind;

  /** Dead owners' events do not happen; null for what belongs to no process. */
  final SimEnvironment owner;

  /** The machine on which it happens, which may be paused; null for none. */
  final SimNode<?> node;

  long timeNanos;
  long tieBreak;
  long sequence;
  boolean cancelled;

  Event(Kind kind, SimEnvironment owner, SimNode<?> node) {
    this.kind = kind;
    this.owner = owner;
    this.node = node;
  }

  abstract void happen();

  /** What tells this event from others of its kind, for the digest. */
  long detail() {
    return 0;
  }

  boolean isMoot() {
    return cancelled || owner != null && !owner.isAlive();
  }

  @Override
  public int compareTo(Event other) {
    if (timeNanos != other.timeNanos) {
      return timeNanos < other.timeNanos ? -1 : 1;
    }
    if (tieBreak != other.tieBreak) {
      return tieBreak < other.tieBreak ? -1 : 1;
    }
    return Long.compare(sequence, other.sequence);
  }
}
