package io.quorate.resilience.balance;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One replica as its balancer sees it. What picks read and write is lock-free; what decides whether
 * it may be picked at all is changed under the balancer's lock.
 */
final class Member<T> {
  private static final int IN_FLIGHT_BITS = 24;
  private static final long IN_FLIGHT_MASK = (1L << IN_FLIGHT_BITS) - 1;
  private static final long COUNT_MASK = (1L << 64 - IN_FLIGHT_BITS) - 1;
  private static final long PICK = (1L << IN_FLIGHT_BITS) + 1;
  private static final VarHandle WORK;

  static {
    try {
      WORK = MethodHandles.lookup().findVarHandle(Member.class, "work", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  final T target;
  final PeakEwma latency;

  /** {@code [picks: 40 | in flight: 24]}: the count of picks wraps off the top without harm. */
  private volatile long work;

  /** When it last went from idle to busy. A guess among threads, and good enough for a score. */
  private int busySinceTick;

  /** 1 / weight: what a call costs here. Changes with the fleet; a pick may see it late. */
  float scale = 1;

  final AtomicInteger consecutiveFailures = new AtomicInteger();
  final AtomicLong failures = new AtomicLong();
  final AtomicLong ignored = new AtomicLong();

  /** No pick may begin any more: draining, or no longer a member. */
  volatile boolean closed;

  /** One call at a time until one succeeds. */
  volatile boolean onProbation;

  /** Completes when the last call has ended after {@link #closed}; null while there is no drain. */
  volatile CompletableFuture<Void> drained;

  // Guarded by the balancer's lock.
  Replica<T> replica;
  boolean removed;
  boolean draining;
  boolean healthy = true;
  boolean ejected;
  long ejectedUntilNanos;
  long ejectionNanos;
  long awaySinceNanos;
  boolean ramping;
  long rampFromNanos;
  long rampNanos;
  private long judgedEnded;
  private long judgedFailures;
  private long judgedIgnored;

  Member(Replica<T> replica, Decay decay) {
    this.replica = replica;
    this.target = replica.target();
    this.latency = new PeakEwma(decay);
  }

  /** Begins a call unless this is closed. */
  boolean tryBegin(int tick) {
    long before = (long) WORK.getAndAdd(this, PICK);
    // Counted first, looked at second; drain closes first and counts second: one of them sees it.
    if (closed) {
      end();
      return false;
    }
    if ((before & IN_FLIGHT_MASK) == 0) {
      busySinceTick = tick;
    }
    return true;
  }

  void end() {
    long before = (long) WORK.getAndAdd(this, -1L);
    if (closed && (before & IN_FLIGHT_MASK) == 1) {
      completeDrain();
    }
  }

  /** Completes a drain that has nothing left to wait for. */
  void completeDrain() {
    CompletableFuture<Void> drain = drained;
    if (drain != null && inFlight() == 0) {
      drain.complete(null);
    }
  }

  int inFlight() {
    return (int) (work & IN_FLIGHT_MASK);
  }

  /** Calls begun so far, modulo 2^40. */
  long picks() {
    return work >>> IN_FLIGHT_BITS;
  }

  /** Calls ended so far, whatever their outcome, modulo 2^40. */
  long ended() {
    long seen = work;
    return (seen >>> IN_FLIGHT_BITS) - (seen & IN_FLIGHT_MASK) & COUNT_MASK;
  }

  /** Calls ended since {@link #judged}. */
  long endedSinceJudged() {
    return ended() - judgedEnded & COUNT_MASK;
  }

  long failuresSinceJudged() {
    return failures.get() - judgedFailures;
  }

  /** Calls since {@link #judged} that said something about the replica. */
  long callsSinceJudged() {
    return Math.max(0, endedSinceJudged() - (ignored.get() - judgedIgnored));
  }

  /** Starts the next stretch of calls over which the success rate is judged. */
  void judged() {
    judgedEnded = ended();
    judgedFailures = failures.get();
    judgedIgnored = ignored.get();
  }

  /**
   * The latency to expect, in nanoseconds; 0 if nothing is known.
   *
   * <p>An idle replica's past fades. A busy one's does not: what has been forgiven is tried with
   * one call, not with many. And one that owes an answer costs at least the time for which it has
   * said nothing: a frozen replica is noticed before any of its calls has ended.
   */
  float expectedNanos(int tick, Decay decay) {
    return expectedNanos(inFlight(), tick, decay);
  }

  private float expectedNanos(int inFlight, int tick, Decay decay) {
    // Each word is read once: this runs for every replica of every pick.
    long known = latency.word();
    float nanos = PeakEwma.nanosOf(known);
    int unheard = tick - (int) known;
    if (inFlight == 0) {
      return unheard <= 0 ? nanos : nanos * decay.factor(unheard);
    }
    int busy = tick - busySinceTick;
    int silence = known == 0 ? busy : Math.min(busy, unheard);
    if (silence <= 0) {
      return nanos;
    }
    float silentNanos = decay.nanos(silence);
    return silentNanos > nanos ? silentNanos : nanos;
  }

  /** What one more call costs: the latency to expect, times the calls in flight, for its weight. */
  float latencyCost(int tick, Decay decay) {
    int inFlight = inFlight();
    float nanos = expectedNanos(inFlight, tick, decay);
    // Not Math.max, which takes pains with zeros and NaNs and shows in a scan.
    return (nanos > 1 ? nanos : 1) * (inFlight + 1) * scale;
  }

  /** What one more call costs by load alone. */
  float loadCost() {
    return (inFlight() + 1) * scale;
  }

  LoadBalancer.State state() {
    if (draining) {
      return LoadBalancer.State.DRAINING;
    }
    if (!healthy) {
      return LoadBalancer.State.UNHEALTHY;
    }
    if (ejected) {
      return LoadBalancer.State.EJECTED;
    }
    if (onProbation) {
      return LoadBalancer.State.ON_PROBATION;
    }
    return ramping ? LoadBalancer.State.STARTING : LoadBalancer.State.AVAILABLE;
  }

  void stepBack(int ticks) {
    latency.stepBack(ticks);
    busySinceTick -= ticks;
  }
}
