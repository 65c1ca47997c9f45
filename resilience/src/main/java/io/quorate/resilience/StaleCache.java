package io.quorate.resilience;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * A cache that would rather answer with something old than not at all. Safe for use by many
 * threads.
 *
 * <p>By the age of what it holds: up to {@code fresh} that is the answer; up to {@code revalidate}
 * it is the answer still, and is loaded anew in the background; up to {@code stale} it is loaded
 * anew first and is the answer only if that fails; beyond, it is no answer (RFC 5861's
 * stale-while-revalidate and stale-if-error).
 *
 * <p>A key is loaded once at a time, however many ask. A load that fails is not repeated for a
 * while, which doubles with each failure; whoever asks meanwhile gets the old value or, at once,
 * the same failure. A load that does not end fails in time. Futures complete on the thread that
 * ended the load.
 *
 * @param <K> keys, with {@code equals} and {@code hashCode}
 * @param <V> values, never null
 */
public final class StaleCache<K, V> {
  /**
   * How old is too old.
   *
   * @param fresh age up to which a value is served as it is
   * @param revalidate age up to which it is served while it is loaded anew; at least {@code fresh}
   * @param stale age up to which it is served if loading fails; at least {@code revalidate}
   * @param loadTimeout after which a load has failed
   * @param firstPause after a failed load; doubles with each further failure
   * @param longestPause where doubling ends
   * @param maxEntries values held by the built-in store, failures remembered, and loads under way;
   *     1 to 10,000,000
   */
  public record Options(
      Duration fresh,
      Duration revalidate,
      Duration stale,
      Duration loadTimeout,
      Duration firstPause,
      Duration longestPause,
      int maxEntries) {
    public Options {
      Checks.positive("fresh", fresh);
      atLeast("revalidate", revalidate, "fresh", fresh);
      atLeast("stale", stale, "revalidate", revalidate);
      Checks.positive("loadTimeout", loadTimeout);
      Checks.positive("firstPause", firstPause);
      atLeast("longestPause", longestPause, "firstPause", firstPause);
      Checks.range("maxEntries", maxEntries, 1, 10_000_000);
    }

    private static void atLeast(String name, Duration value, String other, Duration least) {
      Checks.positive(name, value);
      if (value.compareTo(least) < 0) {
        throw new IllegalArgumentException(
            name + " must be at least " + other + ", " + least + ", was " + value);
      }
    }

    /** Revalidates up to twice {@code fresh}; loads for 10 s; pauses for 1 s to 30 s; 10,000. */
    public static Options of(Duration fresh, Duration stale) {
      Duration twice = fresh.multipliedBy(2);
      return new Options(
          fresh,
          twice.compareTo(stale) < 0 ? twice : stale,
          stale,
          Duration.ofSeconds(10),
          Duration.ofSeconds(1),
          Duration.ofSeconds(30),
          10_000);
    }

    public Options withRevalidate(Duration revalidate) {
      return new Options(
          fresh, revalidate, stale, loadTimeout, firstPause, longestPause, maxEntries);
    }

    public Options withMaxEntries(int maxEntries) {
      return new Options(
          fresh, revalidate, stale, loadTimeout, firstPause, longestPause, maxEntries);
    }
  }

  /** What a store holds: a value and when it was loaded, by the cache's clock. */
  public record Entry<V>(V value, long loadedNanos) {
    public Entry {
      Objects.requireNonNull(value, "value");
    }
  }

  /**
   * A cache so far.
   *
   * @param hits answers from a fresh value
   * @param staleHits answers from an old one
   * @param loads begun
   * @param loadFailures of these
   */
  public record Stats(long hits, long staleHits, long loads, long loadFailures) {}

  private final Options options;
  private final Function<K, CompletionStage<V>> loader;
  private final ConcurrentMap<K, Entry<V>> store;
  private final LongSupplier clock;
  private final Timer timer;
  private final ConcurrentMap<K, Load<V>> loads = new ConcurrentHashMap<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder staleHits = new LongAdder();
  private final LongAdder begun = new LongAdder();
  private final LongAdder failed = new LongAdder();

  private StaleCache(
      Options options,
      Function<K, CompletionStage<V>> loader,
      ConcurrentMap<K, Entry<V>> store,
      LongSupplier clock,
      Timer timer) {
    this.options = Objects.requireNonNull(options, "options");
    this.loader = Objects.requireNonNull(loader, "loader");
    this.store = Objects.requireNonNull(store, "store");
    this.clock = Objects.requireNonNull(clock, "clock");
    this.timer = Objects.requireNonNull(timer, "timer");
  }

  /** A cache on the machine's clock with the built-in store, which drops what it took in first. */
  public static <K, V> StaleCache<K, V> create(
      Options options, Function<K, CompletionStage<V>> loader) {
    return create(
        options, loader, new FifoMap<>(options.maxEntries()), RealTime.clock(), RealTime.timer());
  }

  /** A cache on any clock with the built-in store. */
  public static <K, V> StaleCache<K, V> create(
      Options options,
      Function<K, CompletionStage<V>> loader,
      LongSupplier clock,
      Timer timer) {
    return create(options, loader, new FifoMap<>(options.maxEntries()), clock, timer);
  }

  /**
   * A cache on any clock and store: another cache's {@code asMap()}, say. The store bounds itself;
   * it should keep values for at least {@code stale}.
   */
  public static <K, V> StaleCache<K, V> create(
      Options options,
      Function<K, CompletionStage<V>> loader,
      ConcurrentMap<K, Entry<V>> store,
      LongSupplier clock,
      Timer timer) {
    return new StaleCache<>(options, loader, store, clock, timer);
  }

  /** The value of {@code key}. Cancelling this future cancels nothing but itself. */
  public CompletableFuture<V> value(K key) {
    Objects.requireNonNull(key, "key");
    Entry<V> held = store.get(key);
    long ageNanos = held == null ? Long.MAX_VALUE : ageNanos(held);
    if (ageNanos <= options.fresh.toNanos()) {
      hits.increment();
      return CompletableFuture.completedFuture(held.value);
    }
    CompletableFuture<V> loading = load(key);
    if (ageNanos <= options.revalidate.toNanos()) {
      staleHits.increment();
      return CompletableFuture.completedFuture(held.value);
    }
    return held == null ? loading.copy() : orStale(loading, held);
  }

  /** The old value of {@code key} if it is not too old: a fallback for calls made elsewhere. */
  public Fallback<V> fallback(K key) {
    return failure -> {
      Entry<V> held = store.get(key);
      if (held == null || ageNanos(held) > options.stale.toNanos()) {
        throw Failures.asException(failure);
      }
      staleHits.increment();
      return held.value;
    };
  }

  /** Takes {@code value} in as loaded now. */
  public void put(K key, V value) {
    store.put(key, new Entry<>(value, clock.getAsLong()));
  }

  /** Forgets the value of {@code key}, and that loading it has failed. */
  public void invalidate(K key) {
    store.remove(key);
    loads.computeIfPresent(key, (k, load) -> load.isOver() ? null : load);
  }

  public Stats stats() {
    return new Stats(hits.sum(), staleHits.sum(), begun.sum(), failed.sum());
  }

  private CompletableFuture<V> orStale(CompletableFuture<V> loading, Entry<V> held) {
    return loading.handle(
        (value, failure) -> {
          if (failure == null) {
            return value;
          }
          // Asked again: the load may have taken the value past its time.
          if (ageNanos(held) <= options.stale.toNanos()) {
            staleHits.increment();
            return held.value;
          }
          throw Failures.<RuntimeException>sneak(failure);
        });
  }

  /**
   * What a value's age is; one from the future, after the clock stepped back, is due for a load.
   */
  private long ageNanos(Entry<V> held) {
    long ageNanos = clock.getAsLong() - held.loadedNanos;
    return ageNanos >= 0 ? ageNanos : options.revalidate.toNanos();
  }

  /** The load of {@code key} that is under way, or has failed a moment ago, or begins now. */
  private CompletableFuture<V> load(K key) {
    while (true) {
      Load<V> before = loads.get(key);
      if (before != null && (!before.isOver() || before.isPausing(clock.getAsLong()))) {
        return before.future;
      }
      if (before == null && loads.size() >= options.maxEntries && !forgotFailures()) {
        failed.increment();
        return CompletableFuture.failedFuture(
            new IllegalStateException("more than " + options.maxEntries + " loads or failures"));
      }
      Load<V> load = new Load<>(before == null ? 0 : before.failures);
      boolean isOurs =
          before == null ? loads.putIfAbsent(key, load) == null : loads.replace(key, before, load);
      if (isOurs) {
        begin(key, load);
        return load.future;
      }
    }
  }

  /** Makes room by forgetting failures whose pause is over; false if there are none. */
  private boolean forgotFailures() {
    long nowNanos = clock.getAsLong();
    return loads.values().removeIf(load -> load.isOver() && !load.isPausing(nowNanos));
  }

  private void begin(K key, Load<V> load) {
    Entry<V> held = store.get(key);
    if (held != null && ageNanos(held) <= options.fresh.toNanos()) {
      // Another load has ended between this caller's look at the store and now.
      load.over.set(true);
      loads.remove(key, load);
      load.future.complete(held.value);
      return;
    }
    begun.increment();
    CompletableFuture<V> loaded;
    try {
      CompletionStage<V> stage = loader.apply(key);
      loaded =
          Objects.requireNonNull(stage, "the loader returned no stage").toCompletableFuture();
    } catch (RuntimeException | Error e) {
      end(key, load, null, e);
      return;
    }
    if (loaded.isDone()) {
      loaded.whenComplete((value, failure) -> end(key, load, value, failure));
      return;
    }
    long nanos = options.loadTimeout.toNanos();
    Runnable cancelTimer =
        timer.schedule(
            nanos,
            () -> {
              end(key, load, null, new TimedOutException("the loader", false, nanos));
              loaded.cancel(true);
            });
    loaded.whenComplete(
        (value, failure) -> {
          cancelTimer.run();
          end(key, load, value, failure);
        });
  }

  /** Whichever comes first, the loader's answer or the timeout, ends the load. */
  private void end(K key, Load<V> load, V value, Throwable thrown) {
    if (!load.over.compareAndSet(false, true)) {
      return;
    }
    if (thrown == null && value != null) {
      // The value before the load: whoever finds no load under way must find the value.
      put(key, value);
      loads.remove(key, load);
      load.future.complete(value);
      return;
    }
    failed.increment();
    Throwable failure =
        thrown == null
            ? new NullPointerException("the loader returned null for " + key)
            : Failures.unwrapped(thrown);
    long first = options.firstPause.toNanos();
    long doubled = load.failures >= Long.numberOfLeadingZeros(first) - 1
        ? Long.MAX_VALUE
        : first << load.failures;
    load.pauseNanos = Math.min(doubled, options.longestPause.toNanos());
    load.endedNanos = clock.getAsLong();
    load.failures = Math.min(load.failures + 1, 62);
    load.future.completeExceptionally(failure);
  }
}
