package io.quorate.core.sim;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * One thing that happens to a simulated cluster at a time: a fault, or an operation of its users.
 *
 * @param at how long after the beginning of the plan
 * @param kind what happens
 * @param node to whom
 * @param other the other end, for what has two; otherwise the same as {@code node}
 * @param duration how long it lasts, for what ends
 * @param amount which, how much or how many, as {@code kind} says
 */
public record Fault(
    Duration at, Kind kind, NodeId node, NodeId other, Duration duration, long amount) {

  /** What may happen. */
  public enum Kind {
    /** Operation number {@code amount} of the test's own. */
    OPERATION,
    /** Power is lost, and comes back after {@code duration}. */
    CRASH,
    /** Power is lost before the {@code amount}-th storage call, or after it if it is negative. */
    CRASH_AT_CALL,
    /** The process is killed, and started again after {@code duration}. */
    KILL,
    /** The process stands still. */
    PAUSE,
    /** Nothing passes between those nodes whose bit is set in {@code amount} and the others. */
    PARTITION,
    /** Nothing passes to or from the node. */
    ISOLATE,
    /** Nothing passes from {@code node} to {@code other}. */
    ONE_WAY,
    /** The node is the only one to reach all others. */
    BRIDGE,
    /** Every node reaches a majority, each another one. */
    RING,
    /** Messages from {@code node} to {@code other} are held up. */
    CLOG,
    /** One after the other, some nodes are cut off; then they come back in another order. */
    SWIZZLE,
    /** The connections between two nodes are reset. */
    BREAK,
    /** The connections between two nodes swallow everything. */
    HALF_OPEN,
    /** Messages of all nodes take long and get lost, {@code amount} in a thousand. */
    BAD_NETWORK,
    /** The disk's next call takes {@code duration}. */
    STALL,
    /** The next sync fails and drops its pages. */
    SYNC_ERROR,
    /** The next read fails. */
    READ_ERROR,
    /** The {@code amount}-th storage call fails. */
    CALL_ERROR,
    /** The disk has room for {@code amount} bytes more. */
    DISK_FULL,
    /** Changes of the disk fail. */
    READ_ONLY,
    /** A bit of a file flips; {@code amount} picks it. */
    BIT_FLIP,
    /** A sector of a file turns to zeros; {@code amount} picks it. */
    ZERO_SECTOR,
    /** A synced write is not on the medium. */
    LOST_WRITE,
    /** A synced write is on the medium in another place. */
    MISDIRECTED_WRITE,
    /** A file loses its tail; {@code amount} picks file and length. */
    TRUNCATED_TAIL,
    /** The disk is replaced by an empty one, and the node started on it. */
    WIPE,
    /** The wall clock jumps by {@code amount} milliseconds. */
    WALL_JUMP,
    /** The clock is wrong by {@code amount} parts per million. */
    DRIFT;

    private static final Set<Kind> DAMAGING =
        EnumSet.of(BIT_FLIP, ZERO_SECTOR, LOST_WRITE, MISDIRECTED_WRITE, TRUNCATED_TAIL, WIPE);

    private static final Set<Kind> FAILING =
        EnumSet.of(SYNC_ERROR, READ_ERROR, CALL_ERROR, DISK_FULL, READ_ONLY);

    /** Whether durable data suffer, which only a minority can bear. */
    public boolean isDamaging() {
      return DAMAGING.contains(this);
    }

    /** Crashes, network, pauses, slow disks and clocks: what a node must ride out unharmed. */
    public static Set<Kind> survivable() {
      Set<Kind> kinds = EnumSet.complementOf(EnumSet.copyOf(DAMAGING));
      kinds.removeAll(FAILING);
      kinds.remove(OPERATION);
      return kinds;
    }

    /** All but damage: also calls of the disk that fail. */
    public static Set<Kind> harmless() {
      Set<Kind> kinds = survivable();
      kinds.addAll(FAILING);
      return kinds;
    }
  }

  public Fault {
    if (at.isNegative() || duration.isNegative()) {
      throw new IllegalArgumentException(
          "times must not be negative, were " + at + ", " + duration);
    }
  }

  /** An operation of the test's own. */
  public static Fault operation(Duration at, NodeId node, long number) {
    return new Fault(at, Kind.OPERATION, node, node, Duration.ZERO, number);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.6f %s %s%s for %.3f s, %d",
        at.toNanos() / 1e9,
        kind,
        node,
        other.equals(node) ? "" : ">" + other,
        duration.toNanos() / 1e9,
        amount);
  }
}
