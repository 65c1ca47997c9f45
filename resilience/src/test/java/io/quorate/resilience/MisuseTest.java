package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Options that make no sense are refused where they are made, with the argument and its value.
 * (Listeners that throw: CircuitBreakerTest item 6. Suppliers that return null or throw {@code
 * Error}, futures that never complete: AsyncGuardTest and LimiterTest item 54. Clocks that step
 * back: items 7 and the tests of each part.)
 */
class MisuseTest {
  private static final CircuitBreakerOptions OPTIONS = CircuitBreakerOptions.defaults();
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration NEGATIVE = Duration.ofSeconds(-1);
  private static final Duration AGES = Duration.ofDays(100_000);

  static Stream<Arguments> nonsense() {
    return Stream.of(
        refused("window calls", "0", () -> OPTIONS.withCountWindow(0, 1)),
        refused("window calls", "-5", () -> OPTIONS.withCountWindow(-5, 1)),
        refused("window calls", "1000001", () -> OPTIONS.withCountWindow(1_000_001, 1)),
        refused("minCalls", "0", () -> OPTIONS.withCountWindow(10, 0)),
        refused("minCalls", "11", () -> OPTIONS.withCountWindow(10, 11)),
        refused("window time", "PT0S", () -> OPTIONS.withTimeWindow(Duration.ZERO, 1)),
        refused("window time", "PT-1S", () -> OPTIONS.withTimeWindow(NEGATIVE, 1)),
        refused("slow threshold", "PT-1S", () -> OPTIONS.withSlowCalls(NEGATIVE, 50)),
        refused("slow percent", "101", () -> OPTIONS.withSlowCalls(SECOND, 101)),
        refused("open first", "PT0S", () -> OPTIONS.withOpen(Duration.ZERO, SECOND, 0)),
        refused("open longest", "PT1S", () -> OPTIONS.withOpen(SECOND.plusNanos(1), SECOND, 0)),
        refused("open longest", "PT2400000H", () -> OPTIONS.withOpen(SECOND, AGES, 0)),
        refused("open jitter", "NaN", () -> OPTIONS.withOpen(SECOND, SECOND, Double.NaN)),
        refused("open jitter", "1.0", () -> OPTIONS.withOpen(SECOND, SECOND, 1)),
        refused("probes", "0", () -> OPTIONS.withProbes(0, SECOND)),
        refused("probes", "16", () -> OPTIONS.withProbes(16, SECOND)),
        refused("probeLease", "PT-1S", () -> OPTIONS.withProbes(1, NEGATIVE)),
        refused("maxAttempts", "0", () -> Retry.idempotent(0)),
        refused("retryAfterCap", "PT-1S",
            () -> Retry.idempotent(1).withRetryAfter(e -> OptionalLong.empty(), NEGATIVE)),
        refused("base", "PT0S", () -> Backoff.fullJitter(Duration.ZERO, SECOND)),
        refused("cap", "PT1S", () -> Backoff.fullJitter(SECOND.plusNanos(1), SECOND)),
        refused("delay", "PT-1S", () -> Backoff.fixed(NEGATIVE)),
        refused("ratio", "1.5", () -> RetryBudget.of(1.5, 0, 1, 0)),
        refused("ratio", "-0.1", () -> RetryBudget.of(-0.1, 0, 1, 0)),
        refused("ratio", "NaN", () -> RetryBudget.of(Double.NaN, 0, 1, 0)),
        refused("perSecond", "-1.0", () -> RetryBudget.of(0.1, -1, 1, 0)),
        refused("reserve", "0", () -> RetryBudget.of(0.1, 1, 0, 0)),
        refused("quantile", "1.0", () -> Hedge.defaults().withQuantile(1)),
        refused("quantile", "NaN", () -> Hedge.defaults().withQuantile(Double.NaN)),
        refused("ratio", "2.0", () -> Hedge.defaults().withRatio(2)),
        refused("first", "PT0S", () -> Hedge.defaults().withFirst(Duration.ZERO)),
        refused("maxHedges", "0", () -> new Hedge(0.9, SECOND, SECOND, 0, 0.1)),
        refused("maxConcurrent", "0", () -> Bulkhead.of("b", 0)),
        refused("maxConcurrent", "4097", () -> Bulkhead.of("b", 4097)),
        refused("lease", "PT-1S", () -> Bulkhead.of("b", 1, NEGATIVE)),
        refused("permits", "0", () -> RateLimiter.perSecond("r", 0)),
        refused("period", "PT-1S", () -> RateLimiter.of("r", 1, NEGATIVE, 1, () -> 0)),
        refused("burst", "0", () -> RateLimiter.of("r", 1, SECOND, 0, () -> 0)),
        refused("k", "0.5", () -> Throttle.of("t", 0.5, SECOND, 0, 0)),
        refused("window", "PT0S", () -> Throttle.of("t", 2, Duration.ZERO, 0, 0)),
        refused("name", "blank", () -> Guard.named(" ")),
        refused("deadline", "PT0S", () -> Guard.named("g").deadline(Duration.ZERO)),
        refused("timeout", "PT-1S", () -> Guard.named("g").timeout(NEGATIVE)),
        refused("budget", "no retry",
            () -> Guard.named("g").budget(RetryBudget.defaults(0)).build()),
        refused("remaining", "PT-1S", () -> Deadline.after(NEGATIVE, () -> 0)),
        refused("maxBreakers", "0",
            () -> BreakerRegistry.create(OPTIONS, 0, () -> 0, 0, Listener.none())));
  }

  private static Arguments refused(String argument, String value, ThrowingCallable made) {
    return Arguments.of(argument, value, made);
  }

  @ParameterizedTest(name = "{0} of {1}")
  @MethodSource("nonsense")
  void options_that_make_no_sense_are_refused_by_name_and_value(
      String argument, String value, ThrowingCallable made) {
    assertThatThrownBy(made)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(argument)
        .hasMessageContaining(value);
  }

  @Test
  void nulls_are_refused_where_they_are_given() {
    Guard guard = Guard.named("g").build();
    for (ThrowingCallable call :
        new ThrowingCallable[] {
          () -> Guard.named(null),
          () -> Guard.named("g").retry(null),
          () -> Guard.named("g").limit(null),
          () -> Guard.named("g").listener(null),
          () -> guard.call((Guard.Work<String, RuntimeException>) null),
          () -> guard.call(null, (Guard.TargetWork<String, String, RuntimeException>) t -> t),
          () -> guard.call(() -> "x", null),
          () -> guard.callAsync((Guard.AsyncWork<String>) null),
          () -> guard.callAsync(a -> CompletableFuture.completedFuture(""), null),
          () -> guard.around(null),
          () -> CircuitBreaker.create("c", null),
          () -> StaleCache.create(null, CompletableFuture::completedFuture)
        }) {
      assertThatThrownBy(call).isInstanceOf(NullPointerException.class);
    }
  }

  @Test
  void a_timer_that_refuses_fails_the_call_and_leaks_nothing() {
    VirtualTime time = new VirtualTime();
    Timer closed =
        (delayNanos, task) -> {
          throw new java.util.concurrent.RejectedExecutionException("loop is closed");
        };
    Bulkhead bulkhead = Bulkhead.of("b", 1);
    Guard guard =
        Guard.named("g").time(time, closed).limit(bulkhead).timeout(SECOND).build();
    CompletableFuture<String> work = new CompletableFuture<>();

    assertThat(guard.callAsync(attempt -> work)).isCompletedExceptionally();
    assertThat(work).isCancelled();
    assertThatThrownBy(() -> guard.<Integer, RuntimeException>call(() -> 1))
        .hasMessage("loop is closed");
    assertThat(bulkhead.stats(time).inUse()).isZero();
  }
}
