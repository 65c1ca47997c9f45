package io.quorate.resilience;

import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Circuit breakers by name: for a host, a tenant, a model. Safe for use by many threads; looking
 * one up takes no lock.
 *
 * <p>Bounded whatever names come in. When full, the closed breaker that has gone longest without
 * being looked up, give or take one round, makes room. One that is not closed is never dropped, for
 * that would let calls through to what is known to be down. If all are open, further names share
 * one breaker, until there is room.
 */
public final class BreakerRegistry {
  /**
   * A registry at one moment.
   *
   * @param evicted breakers that have made room
   * @param overflows lookups that were given the shared breaker
   */
  public record Stats(int size, long evicted, long overflows) {}

  private static final Logger log = LoggerFactory.getLogger(BreakerRegistry.class);

  /** Bounds what a lookup costs when nothing can be dropped. */
  private static final int MAX_LOOKS = 256;

  private static final class Entry {
    final CircuitBreaker breaker;
    /** Looked up again since it was added or passed over; such a one is passed over. */
    volatile boolean used;

    Entry(CircuitBreaker breaker) {
      this.breaker = breaker;
    }
  }

  private final CircuitBreakerOptions options;
  private final int maxBreakers;
  private final LongSupplier clock;
  private final long seed;
  private final Listener listener;
  private final CircuitBreaker overflow;
  private final ConcurrentMap<String, Entry> entries = new ConcurrentHashMap<>();
  /** Guards adding and evicting. */
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Entry> rounds = new ArrayDeque<>();
  /** Those found not closed, so that going around does not meet them again and again. */
  private final ArrayDeque<Entry> notClosed = new ArrayDeque<>();
  private volatile long evicted;
  private volatile long overflows;

  private BreakerRegistry(
      CircuitBreakerOptions options,
      int maxBreakers,
      LongSupplier clock,
      long seed,
      Listener listener) {
    Checks.range("maxBreakers", maxBreakers, 1, 10_000_000);
    this.options = Objects.requireNonNull(options, "options");
    this.maxBreakers = maxBreakers;
    this.clock = clock;
    this.seed = seed;
    this.listener = ContainedListener.of(listener);
    this.overflow = CircuitBreaker.create("overflow", options, clock, seed, listener);
  }

  /** A registry on the machine's clock, of at most 10,000 breakers. */
  public static BreakerRegistry create(CircuitBreakerOptions options) {
    return create(options, 10_000, RealTime.clock(), RealTime.seed(), Listener.none());
  }

  /** A registry whose breakers all have {@code options}, {@code clock} and {@code listener}. */
  public static BreakerRegistry create(
      CircuitBreakerOptions options,
      int maxBreakers,
      LongSupplier clock,
      long seed,
      Listener listener) {
    return new BreakerRegistry(options, maxBreakers, clock, seed, listener);
  }

  /** The breaker called {@code name}: the same one for as long as it is kept. */
  public CircuitBreaker breaker(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      return added(Checks.name(name));
    }
    if (!entry.used) {
      entry.used = true;
    }
    return entry.breaker;
  }

  public Stats stats() {
    return new Stats(entries.size(), evicted, overflows);
  }

  private CircuitBreaker added(String name) {
    lock.lock();
    try {
      Entry present = entries.get(name);
      if (present != null) {
        return present.breaker;
      }
      if (entries.size() >= maxBreakers && !evictOne()) {
        if (overflows++ == 0) {
          log.warn("no room for a circuit breaker, none is closed maxBreakers={}", maxBreakers);
        }
        return overflow;
      }
      Entry entry =
          new Entry(
              CircuitBreaker.create(
                  name, options, clock, Mix.mix(seed + name.hashCode()), listener));
      entries.put(name, entry);
      rounds.add(entry);
      return entry.breaker;
    } finally {
      lock.unlock();
    }
  }

  /** Goes on around where it stopped; passes over what was used since, and what is not closed. */
  private boolean evictOne() {
    for (int looked = 0; looked < MAX_LOOKS; looked++) {
      if (!notClosed.isEmpty() && (looked == 0 || rounds.isEmpty())) {
        Entry entry = notClosed.poll();
        (isClosed(entry) ? rounds : notClosed).add(entry);
      }
      Entry oldest = rounds.poll();
      if (oldest == null) {
        continue;
      }
      if (!isClosed(oldest)) {
        notClosed.add(oldest);
      } else if (oldest.used) {
        oldest.used = false;
        rounds.add(oldest);
      } else {
        entries.remove(oldest.breaker.name());
        evicted++;
        return true;
      }
    }
    return false;
  }

  private static boolean isClosed(Entry entry) {
    return entry.breaker.state() == CircuitBreaker.State.CLOSED;
  }
}
