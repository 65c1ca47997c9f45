package io.quorate.resilience.balance;

import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

/**
 * The calls in flight: each holds a slot with what it was sent to and when. Lock-free; claiming and
 * releasing allocate nothing once the table has grown to the number of calls in flight.
 *
 * <p>A token is {@code [0: 6 | generation: 38 | slot: 20]}. The generation of a slot is odd while
 * it is held and moves on by one with each claim and each release, so that
 *
 * <ul>
 *   <li>of all releases of one token exactly one succeeds, whoever holds the slot by then;
 *   <li>what a holder wrote into its slot may be read by whoever then wins its release.
 * </ul>
 *
 * <p>Slots lie in segments that double in size. A claim probes a few random slots of each segment,
 * the smallest first: the table in use stays as small as the number of calls in flight.
 *
 * @param <H> what a call is sent to
 */
final class Leases<H> {
  static final long NONE = 0;
  static final int TOKEN_BITS = 58;

  private static final int SLOT_BITS = 20;
  private static final long SLOT_MASK = (1L << SLOT_BITS) - 1;
  private static final long GENERATION_MASK = (1L << TOKEN_BITS - SLOT_BITS) - 1;
  private static final int FIRST_BITS = 6;
  private static final int FIRST_SIZE = 1 << FIRST_BITS;
  private static final int SEGMENTS = SLOT_BITS - FIRST_BITS;
  private static final int PROBES = 6;

  /** Calls that can be in flight at once. */
  static final int CAPACITY = (1 << SLOT_BITS) - FIRST_SIZE;

  private static final class Segment {
    final int firstSlot;
    final AtomicLongArray generations;
    final long[] startNanos;
    final Object[] holders;
    /** What {@link #reap} saw last time; touched by the reaper alone. */
    final long[] seen;

    Segment(int index) {
      int size = FIRST_SIZE << index;
      firstSlot = size - FIRST_SIZE;
      generations = new AtomicLongArray(size);
      startNanos = new long[size];
      holders = new Object[size];
      seen = new long[size];
    }

    int size() {
      return startNanos.length;
    }
  }

  private final AtomicReferenceArray<Segment> segments = new AtomicReferenceArray<>(SEGMENTS);

  Leases() {
    segments.set(0, new Segment(0));
  }

  /** Claims a slot; {@link #NONE} if {@link #CAPACITY} calls are in flight. */
  long claim(H holder, long nowNanos, long random) {
    for (int i = 0; i < SEGMENTS; i++) {
      Segment segment = segment(i);
      int from = (int) random & segment.size() - 1;
      int probes = i == SEGMENTS - 1 ? segment.size() : PROBES;
      for (int probe = 0; probe < probes; probe++) {
        long token = tryClaim(segment, from + probe & segment.size() - 1, holder, nowNanos);
        if (token != NONE) {
          return token;
        }
      }
    }
    return NONE;
  }

  private long tryClaim(Segment segment, int at, H holder, long nowNanos) {
    long generation = segment.generations.get(at);
    long claimed = generation + 1 & GENERATION_MASK;
    if ((generation & 1) != 0 || !segment.generations.compareAndSet(at, generation, claimed)) {
      return NONE;
    }
    segment.holders[at] = holder;
    segment.startNanos[at] = nowNanos;
    return claimed << SLOT_BITS | segment.firstSlot + at;
  }

  private Segment segment(int index) {
    Segment segment = segments.get(index);
    if (segment == null) {
      segments.compareAndSet(index, null, new Segment(index));
      segment = segments.get(index);
    }
    return segment;
  }

  /** What {@code token} was claimed for; null if it has been released or never was. */
  @SuppressWarnings("unchecked") // only tryClaim writes holders
  H holder(long token) {
    Segment segment = segmentOf(token);
    if (segment == null) {
      return null;
    }
    int at = indexIn(segment, token);
    H holder = (H) segment.holders[at];
    // The holder is read before the generation that vouches for it.
    VarHandle.loadLoadFence();
    return holds(segment, at, token) ? holder : null;
  }

  /** When {@code token} was claimed; only means something if its release then succeeds. */
  long startNanos(long token) {
    Segment segment = segmentOf(token);
    return segment == null ? 0 : segment.startNanos[indexIn(segment, token)];
  }

  /** Gives the slot back; true for exactly one caller per claim. */
  boolean release(long token) {
    Segment segment = segmentOf(token);
    if (segment == null) {
      return false;
    }
    int at = indexIn(segment, token);
    long generation = generationOf(token);
    return (generation & 1) != 0
        && segment.generations.compareAndSet(at, generation, generation + 1 & GENERATION_MASK);
  }

  /**
   * Releases every slot that has been held without a break since the last call of this method, and
   * tells {@code leaked} what each was held for. One caller at a time.
   */
  int reap(Consumer<? super H> leaked) {
    int count = 0;
    for (int i = 0; i < SEGMENTS && segments.get(i) != null; i++) {
      Segment segment = segments.get(i);
      for (int at = 0; at < segment.size(); at++) {
        long generation = segment.generations.get(at);
        if ((generation & 1) != 0 && generation == segment.seen[at]) {
          long token = generation << SLOT_BITS | segment.firstSlot + at;
          H holder = holder(token);
          if (release(token)) {
            leaked.accept(holder);
            count++;
          }
        }
        segment.seen[at] = generation;
      }
    }
    return count;
  }

  private static boolean holds(Segment segment, int at, long token) {
    long generation = generationOf(token);
    return (generation & 1) != 0 && segment.generations.get(at) == generation;
  }

  private Segment segmentOf(long token) {
    int slot = (int) (token & SLOT_MASK) + FIRST_SIZE;
    int index = 31 - Integer.numberOfLeadingZeros(slot) - FIRST_BITS;
    return index < SEGMENTS ? segments.get(index) : null;
  }

  private static int indexIn(Segment segment, long token) {
    return (int) (token & SLOT_MASK) - segment.firstSlot;
  }

  private static long generationOf(long token) {
    return token >>> SLOT_BITS & GENERATION_MASK;
  }
}
