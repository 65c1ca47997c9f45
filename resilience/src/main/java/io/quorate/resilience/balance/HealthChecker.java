package io.quorate.resilience.balance;

import io.quorate.resilience.Timer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * Probes targets at intervals and says when one has become healthy or unhealthy. Safe for use by
 * many threads.
 *
 * <p>Each target has a rhythm of its own, jittered from the start, so that probes come spread out
 * and one that hangs delays no other: it times out, its late answer counts for nothing, and the
 * next one goes out in time. The first answer decides at once; after it, it takes {@code rise} good
 * ones or {@code fall} bad ones in a row. Who falls again soon after it rose needs twice as many
 * good ones each time, up to eight times as many: a target that flaps stays out.
 *
 * @param <T> a target
 */
public final class HealthChecker<T> implements AutoCloseable {
  /**
   * Asks a target how it is.
   *
   * @param <T> a target
   */
  @FunctionalInterface
  public interface Probe<T> {
    /**
     * Begins one probe; must not block (see {@link #blocking}). Anything but {@code true} in time
     * is a bad answer: {@code false}, null, a failure, whatever is thrown, or none.
     *
     * @param timeoutNanos when the answer is given up; the stage is then cancelled
     */
    CompletionStage<Boolean> check(T target, long timeoutNanos);
  }

  /**
   * Told what the probes find. Calls about one target come one at a time and in order, on the
   * thread that completed the probe, or the timer's. What is thrown is logged and goes no further.
   *
   * @param <T> a target
   */
  @FunctionalInterface
  public interface Listener<T> {
    /** The target's health has changed, or is known for the first time. */
    void onHealth(T target, boolean healthy);

    /** One probe has ended; {@code tookNanos} is the timeout if there was no answer. */
    default void onProbe(T target, boolean passed, long tookNanos) {}
  }

  /**
   * How to probe.
   *
   * @param interval from the start of one probe to the next
   * @param timeout how long to wait for an answer; at most {@code interval * (1 - jitter)}
   * @param jitter how much each interval varies either way, as a share of it; 0 to below 1
   * @param rise good answers in a row that make an unhealthy target healthy; at least 1
   * @param fall bad answers in a row that make a healthy target unhealthy; at least 1
   */
  public record Options(Duration interval, Duration timeout, double jitter, int rise, int fall) {
    public Options {
      Check.positive("interval", interval);
      Check.positive("timeout", timeout);
      if (!(jitter >= 0 && jitter < 1)) {
        throw new IllegalArgumentException("jitter must be 0 to below 1, was " + jitter);
      }
      if (timeout.toNanos() > interval.toNanos() * (1 - jitter)) {
        throw new IllegalArgumentException(
            "timeout must be at most interval * (1 - jitter), was " + timeout + " with interval "
                + interval + " and jitter " + jitter);
      }
      Check.atLeast("rise", 1, rise);
      Check.atLeast("fall", 1, fall);
    }

    /** Every 2 s with 10 % jitter, 500 ms to answer, 2 good or 3 bad answers to change. */
    public static Options defaults() {
      return new Options(Duration.ofSeconds(2), Duration.ofMillis(500), 0.1, 2, 3);
    }

    public Options withInterval(Duration interval, Duration timeout) {
      return new Options(interval, timeout, jitter, rise, fall);
    }
  }

  /**
   * What the probes have found so far.
   *
   * @param healthy targets that are healthy now
   * @param failed probes that were not passed, those without an answer included
   * @param unanswered probes without an answer in time
   */
  public record Stats(int targets, int healthy, long probes, long failed, long unanswered) {}

  private final Probe<T> probe;
  private final Options options;
  private final LongSupplier clock;
  private final Timer timer;
  private final Listener<? super T> listener;
  private final SplittableRandom random;

  private final ReentrantLock lock = new ReentrantLock();
  // Guarded by the lock.
  private final Map<T, HealthWatch<T>> watches = new LinkedHashMap<>();
  private boolean closed;

  /**
   * A checker that watches nothing yet.
   *
   * @param clock monotonic nanoseconds
   * @param seed of the jitter
   */
  public HealthChecker(
      Probe<T> probe,
      Options options,
      LongSupplier clock,
      Timer timer,
      long seed,
      Listener<? super T> listener) {
    this.probe = Objects.requireNonNull(probe, "probe");
    this.options = Objects.requireNonNull(options, "options");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.timer = Objects.requireNonNull(timer, "timer");
    this.random = new SplittableRandom(seed);
    this.listener = Objects.requireNonNull(listener, "listener");
  }

  /**
   * A probe that blocks, run on {@code executor}. While a check of a target hangs, further ones of
   * it fail without being started: at most one thread per target is ever stuck.
   */
  public static <T> Probe<T> blocking(Predicate<? super T> check, Executor executor) {
    Set<T> running = ConcurrentHashMap.newKeySet();
    return (target, timeoutNanos) -> {
      if (!running.add(target)) {
        return CompletableFuture.completedFuture(false);
      }
      CompletableFuture<Boolean> answer = new CompletableFuture<>();
      try {
        executor.execute(
            () -> {
              try {
                answer.complete(check.test(target));
              } catch (RuntimeException | Error e) {
                answer.completeExceptionally(e);
              } finally {
                running.remove(target);
              }
            });
      } catch (RuntimeException e) {
        running.remove(target);
        answer.completeExceptionally(e);
      }
      return answer;
    };
  }

  /** Begins to probe {@code target}; does nothing if it is watched already. */
  public void watch(T target) {
    Objects.requireNonNull(target, "target");
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the health checker is closed");
      }
      if (!watches.containsKey(target)) {
        HealthWatch<T> watch =
            new HealthWatch<>(target, probe, options, clock, timer, random.split(), listener);
        watches.put(target, watch);
        watch.start();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Stops probing {@code target}: no listener is told of it once this has returned. */
  public void unwatch(T target) {
    HealthWatch<T> watch;
    lock.lock();
    try {
      watch = watches.remove(target);
    } finally {
      lock.unlock();
    }
    if (watch != null) {
      watch.stop();
    }
  }

  /** Watches all of {@code targets} and nothing else. */
  public void watchOnly(Collection<? extends T> targets) {
    Set<T> wanted = new LinkedHashSet<>(targets);
    for (T target : watched()) {
      if (!wanted.contains(target)) {
        unwatch(target);
      }
    }
    wanted.forEach(this::watch);
  }

  private List<T> watched() {
    lock.lock();
    try {
      return List.copyOf(watches.keySet());
    } finally {
      lock.unlock();
    }
  }

  /** Whether {@code target} is watched and healthy as far as is known. */
  public boolean healthy(T target) {
    lock.lock();
    try {
      HealthWatch<T> watch = watches.get(target);
      return watch != null && watch.healthy();
    } finally {
      lock.unlock();
    }
  }

  public Stats stats() {
    List<HealthWatch<T>> all;
    lock.lock();
    try {
      all = new ArrayList<>(watches.values());
    } finally {
      lock.unlock();
    }
    return new Stats(
        all.size(),
        (int) all.stream().filter(HealthWatch::healthy).count(),
        all.stream().mapToLong(HealthWatch::probes).sum(),
        all.stream().mapToLong(HealthWatch::failed).sum(),
        all.stream().mapToLong(HealthWatch::unanswered).sum());
  }

  /**
   * Stops probing, leaving no timer behind. Waits for a listener that is being told on another
   * thread; none is told once this has returned.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
    } finally {
      lock.unlock();
    }
    watched().forEach(this::unwatch);
  }
}
