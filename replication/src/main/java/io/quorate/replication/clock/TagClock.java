package io.quorate.replication.clock;

import io.quorate.core.Clock;
import io.quorate.core.NodeId;
import io.quorate.replication.Tag;

/**
 * Chooses the tags of one node: a hybrid logical clock with a bound on what it believes of others.
 *
 * <p>Two kinds of tag, told apart by the lowest bit so that they never meet:
 *
 * <ul>
 *   <li>{@link #now}, even: from this node's wall time, never lower than what it has given or {@linkplain
 *       #observe observed}. What is caused by a version it has seen is newer than that version,
 *       whatever the clocks say; of what is not, the wall clocks decide.
 *   <li>{@link #above}, odd: above what a quorum holds. No clock can make it older than a version
 *       that had completed.
 * </ul>
 *
 * <p>A tag more than {@code maxDrift} ahead of this node's wall time is refused and counted, so one
 * broken clock cannot drag the others into the future. What is not ahead of the readings accepted
 * before is never refused, so a wall clock that steps back does not make the node deaf.
 *
 * <p>Not above the {@linkplain #raiseCeiling ceiling}: the reading that is on disk, so that a restart
 * after the wall clock stepped back goes on above all tags given before. Belongs to one thread.
 */
public final class TagClock {
  private final Clock clock;
  private final NodeId self;
  private final long epoch;
  private final long maxDriftMillis;
  private long ceiling;
  /** The highest even reading given or observed. */
  private long last;
  private long lastAbove;
  private long refused;

  /**
   * A clock.
   *
   * @param epoch this start of the node; no other start may have it
   * @param floor a reading that all of {@link #now} must exceed; what was on disk
   * @param maxDriftMillis how far ahead of this node's wall time another's may be
   */
  public TagClock(Clock clock, NodeId self, long epoch, long floor, long maxDriftMillis) {
    this.clock = clock;
    this.self = self;
    this.epoch = epoch;
    this.maxDriftMillis = maxDriftMillis;
    this.last = floor;
    this.ceiling = Long.MAX_VALUE;
  }

  public NodeId self() {
    return self;
  }

  /** A tag above all that this node has given or observed. */
  public Tag now() {
    long wall = Math.min(Tag.timeOf(Math.max(0, clock.wallMillis())), ceiling);
    last = Math.max(wall, last + 1) + 1 & ~1L;
    return new Tag(last, self, epoch);
  }

  /**
   * A tag above {@code time}, the highest that a quorum holds.
   *
   * @param quorumWallMillis the lowest wall time in that quorum: keeps tags near real time without
   *     letting one fast clock decide
   */
  public Tag above(long time, long quorumWallMillis) {
    long wall = Tag.timeOf(Math.max(0, quorumWallMillis));
    lastAbove = Math.max(Math.max(time, lastAbove), wall) + 1 | 1L;
    return new Tag(lastAbove, self, epoch);
  }

  /** Whether {@code tag} comes from a clock that can be believed; if not, it is counted. */
  public boolean believes(Tag tag) {
    long millis = tag.millis();
    boolean far =
        millis > clock.wallMillis() + maxDriftMillis && millis > Tag.millisOf(last) + 1;
    // Odd tags follow what a quorum holds, and were believed where they came from.
    if (far && (tag.time() & 1) == 0) {
      refused++;
      return false;
    }
    return true;
  }

  /** Makes later tags newer than {@code tag}, unless it is too far ahead to be believed. */
  public void observe(Tag tag) {
    observe(tag.time());
  }

  /** Makes later tags newer than {@code tag}, which is on this node's own disk. */
  public void restore(Tag tag) {
    last = Math.max(last, tag.time());
  }

  private void observe(long time) {
    if (time > last
        && (Tag.millisOf(time) <= clock.wallMillis() + maxDriftMillis
            || Tag.millisOf(time) <= Tag.millisOf(last) + 1)) {
      last = time;
    }
  }

  /** The highest reading given or observed. */
  public long reading() {
    return last;
  }

  /** Wall time of this node, in milliseconds since 1970. */
  public long wallMillis() {
    return clock.wallMillis();
  }

  /** Lets wall time be used up to {@code ceiling}, which is on disk by now. */
  public void raiseCeiling(long ceiling) {
    this.ceiling = ceiling;
  }

  /** How many tags were refused as too far ahead. */
  public long refused() {
    return refused;
  }
}
