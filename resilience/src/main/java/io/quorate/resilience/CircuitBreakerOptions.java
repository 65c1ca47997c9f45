package io.quorate.resilience;

import java.time.Duration;
import java.util.Objects;

/**
 * When a circuit breaker opens and how it comes back.
 *
 * @param window over which calls the rates are taken
 * @param minCalls calls in the window below which it never opens; at least 1
 * @param failurePercent share of failed calls at which it opens; above 0, at most 100
 * @param slow what counts as a slow call, and which share of them opens it
 * @param open how long it stays open
 * @param probes calls let through at once when half-open, all of which must succeed before it
 *     closes; 1 to 15
 * @param probeLease how long a probe may keep its place without reporting; at least a millisecond,
 *     at most a day. Longer than any call should take
 */
public record CircuitBreakerOptions(
    Span window,
    int minCalls,
    double failurePercent,
    Slow slow,
    Open open,
    int probes,
    Duration probeLease) {

  /**
   * Over which calls rates are taken.
   *
   * @param calls the last so many calls, up to 1,000,000; 0 for a span of time
   * @param time the calls of the last so long, 16 milliseconds to a day; zero for a count
   */
  public record Span(int calls, Duration time) {
    public Span {
      if (time.isZero()) {
        Checks.range("window calls", calls, 1, 1_000_000);
      } else {
        Checks.range("window calls beside a time", calls, 0, 0);
        Checks.range("window time in nanos", Checks.positive("window time", time),
            16_000_000, 86_400_000_000_000L);
      }
    }
  }

  /**
   * What counts as slow.
   *
   * @param threshold calls that take longer are slow, in steps of about a microsecond; zero turns
   *     this off, and with it the reading of the clock at each call
   * @param percent share of slow calls at which the breaker opens; above 0, at most 100
   */
  public record Slow(Duration threshold, double percent) {
    public Slow {
      Checks.notNegative("slow threshold", threshold);
      Checks.percent("slow percent", percent);
    }
  }

  /**
   * How long the breaker stays open.
   *
   * @param first the first time; doubles with each opening that follows without a stable close
   * @param longest where doubling ends; a close that outlasts it is stable
   * @param jitter each time is longer or shorter by up to this share; 0 to 0.9
   */
  public record Open(Duration first, Duration longest, double jitter) {
    public Open {
      Checks.positive("open first", first);
      Checks.positive("open longest", longest);
      if (longest.compareTo(first) < 0) {
        throw new IllegalArgumentException(
            "open longest must be at least first, " + first + ", was " + longest);
      }
      if (!(jitter >= 0 && jitter <= 0.9)) {
        throw new IllegalArgumentException("open jitter must be between 0 and 0.9, was " + jitter);
      }
    }
  }

  public CircuitBreakerOptions {
    Objects.requireNonNull(window, "window");
    Objects.requireNonNull(slow, "slow");
    Objects.requireNonNull(open, "open");
    Checks.range("minCalls", minCalls, 1, window.calls() == 0 ? 1_000_000 : window.calls());
    Checks.percent("failurePercent", failurePercent);
    Checks.range("probes", probes, 1, 15);
    Checks.range("probeLease in nanos", Checks.positive("probeLease", probeLease),
        1_000_000, 86_400_000_000_000L);
  }

  /**
   * The last 60 calls, at least 20 of them, half of them failed; open for 1 s doubling to 30 s,
   * give or take 20 %; 3 probes with leases of 5 s; slowness does not count.
   */
  public static CircuitBreakerOptions defaults() {
    return new CircuitBreakerOptions(
        new Span(60, Duration.ZERO),
        20,
        50,
        new Slow(Duration.ZERO, 100),
        new Open(Duration.ofSeconds(1), Duration.ofSeconds(30), 0.2),
        3,
        Duration.ofSeconds(5));
  }

  /** Rates over the last {@code calls} calls, of which {@code minCalls} must have been made. */
  public CircuitBreakerOptions withCountWindow(int calls, int minCalls) {
    return new CircuitBreakerOptions(
        new Span(calls, Duration.ZERO), minCalls, failurePercent, slow, open, probes, probeLease);
  }

  /** Rates over the calls of the last {@code time}, of which there must be {@code minCalls}. */
  public CircuitBreakerOptions withTimeWindow(Duration time, int minCalls) {
    Checks.positive("window time", time);
    return new CircuitBreakerOptions(
        new Span(0, time), minCalls, failurePercent, slow, open, probes, probeLease);
  }

  public CircuitBreakerOptions withFailurePercent(double percent) {
    return new CircuitBreakerOptions(window, minCalls, percent, slow, open, probes, probeLease);
  }

  /** Opens also when {@code percent} of the calls take longer than {@code threshold}. */
  public CircuitBreakerOptions withSlowCalls(Duration threshold, double percent) {
    return new CircuitBreakerOptions(
        window, minCalls, failurePercent, new Slow(threshold, percent), open, probes, probeLease);
  }

  public CircuitBreakerOptions withOpen(Duration first, Duration longest, double jitter) {
    return new CircuitBreakerOptions(
        window, minCalls, failurePercent, slow, new Open(first, longest, jitter), probes,
        probeLease);
  }

  public CircuitBreakerOptions withProbes(int probes, Duration probeLease) {
    return new CircuitBreakerOptions(
        window, minCalls, failurePercent, slow, open, probes, probeLease);
  }
}
