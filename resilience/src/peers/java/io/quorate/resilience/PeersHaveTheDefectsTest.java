package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.failsafe.CircuitBreakerOpenException;
import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.github.resilience4j.retry.Retry;
import io.github.resilience4j.retry.RetryConfig;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Shows defects D1 to D9 in resilience4j 2.4.0 (D1 to D6) and Failsafe 3.3.2 (D7 to D9). A test
 * here that fails means that the peer has been repaired, or never had the defect: then the table in
 * the README is to be corrected. The same scenarios on ours: {@code PeerDefectsTest}.
 */
class PeersHaveTheDefectsTest {
  /** A wall clock that stands still until moved. */
  private static final class HandClock extends Clock {
    Instant now = Instant.ofEpochSecond(1_000_000);

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }

    @Override
    public Instant instant() {
      return now;
    }
  }

  private static io.github.resilience4j.circuitbreaker.CircuitBreaker halfOpen() {
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = r4j();
    breaker.transitionToOpenState();
    breaker.transitionToHalfOpenState();
    return breaker;
  }

  private static io.github.resilience4j.circuitbreaker.CircuitBreaker r4j() {
    return io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
        "peer",
        CircuitBreakerConfig.custom()
            .slidingWindow(4, 4, SlidingWindowType.COUNT_BASED)
            .permittedNumberOfCallsInHalfOpenState(2)
            .build());
  }

  private static void isStuck(io.github.resilience4j.circuitbreaker.CircuitBreaker breaker) {
    assertThat(breaker.getState()).isEqualTo(State.HALF_OPEN);
    assertThat(breaker.tryAcquirePermission()).as("no probe will ever be let in").isFalse();
  }

  @Test
  void d1_resilience4j_is_stuck_half_open_after_probes_that_ended_in_an_error() {
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = halfOpen();
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(
              () ->
                  breaker.executeRunnable(
                      () -> {
                        throw new AssertionError();
                      }))
          .isInstanceOf(AssertionError.class);
    }

    isStuck(breaker);
  }

  @Test
  void d2_resilience4j_is_stuck_half_open_after_probes_that_were_cancelled() {
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = halfOpen();
    for (int i = 0; i < 2; i++) {
      breaker
          .executeCompletionStage(() -> new CompletableFuture<String>())
          .toCompletableFuture()
          .cancel(true);
    }

    isStuck(breaker);
  }

  @Test
  void d3_resilience4j_closes_by_calls_admitted_before_it_opened() {
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = r4j();
    breaker.acquirePermission();
    breaker.acquirePermission();
    breaker.transitionToOpenState();
    breaker.transitionToHalfOpenState();

    breaker.onSuccess(1, TimeUnit.MILLISECONDS);
    breaker.onSuccess(1, TimeUnit.MILLISECONDS);

    assertThat(breaker.getState()).as("closed without a probe").isEqualTo(State.CLOSED);
  }

  @Test
  void d4_resilience4j_loses_its_time_window_when_the_clock_steps_back_5_s() {
    HandClock clock = new HandClock();
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker =
        io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
            "peer",
            CircuitBreakerConfig.custom()
                .clock(clock)
                .slidingWindow(10, 1000, SlidingWindowType.TIME_BASED)
                .build());
    for (int i = 0; i < 1000; i++) {
      if (i % 100 == 0) {
        clock.now = clock.now.plusSeconds(1);
      }
      breaker.onSuccess(1, TimeUnit.MILLISECONDS);
    }
    assertThat(breaker.getMetrics().getNumberOfBufferedCalls()).isEqualTo(1000);

    clock.now = clock.now.minusSeconds(5);
    for (int i = 0; i < 10; i++) {
      breaker.onSuccess(1, TimeUnit.MILLISECONDS);
    }

    assertThat(breaker.getMetrics().getNumberOfBufferedCalls()).isLessThan(20);
  }

  @Test
  void d5_resilience4j_lock_free_time_window_ignores_the_clock_it_was_given() {
    HandClock clock = new HandClock();
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker =
        io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
            "peer",
            CircuitBreakerConfig.custom()
                .clock(clock)
                .slidingWindow(
                    60,
                    1000,
                    SlidingWindowType.TIME_BASED,
                    CircuitBreakerConfig.SlidingWindowSynchronizationStrategy.LOCK_FREE)
                .build());
    for (int i = 0; i < 100; i++) {
      breaker.onSuccess(1, TimeUnit.MILLISECONDS);
    }

    clock.now = clock.now.plusSeconds(1000);

    assertThat(breaker.getMetrics().getNumberOfBufferedCalls()).isEqualTo(100);
  }

  @Test
  void d6_resilience4j_retries_an_open_breaker_and_sleeps_between() {
    io.github.resilience4j.circuitbreaker.CircuitBreaker breaker = r4j();
    breaker.transitionToOpenState();
    AtomicInteger attempts = new AtomicInteger();
    Retry retry = Retry.ofDefaults("peer");
    long from = System.nanoTime();

    assertThatThrownBy(
            () ->
                retry.executeRunnable(
                    () -> {
                      attempts.incrementAndGet();
                      breaker.executeRunnable(() -> {});
                    }))
        .isInstanceOf(CallNotPermittedException.class);

    assertThat(attempts).hasValue(3);
    assertThat(System.nanoTime() - from).isGreaterThan(Duration.ofMillis(900).toNanos());
    assertThat(RetryConfig.ofDefaults().getIntervalBiFunction().apply(1, null))
        .as("no jitter")
        .isEqualTo(RetryConfig.ofDefaults().getIntervalBiFunction().apply(1, null))
        .isEqualTo(500L);
  }

  private static dev.failsafe.CircuitBreaker<Object> failsafeHalfOpen() {
    dev.failsafe.CircuitBreaker<Object> breaker =
        dev.failsafe.CircuitBreaker.builder()
            .withFailureThreshold(2)
            .withSuccessThreshold(2)
            .build();
    breaker.halfOpen();
    return breaker;
  }

  @Test
  void d7_failsafe_hands_out_a_probe_too_many_after_a_stale_success() {
    dev.failsafe.CircuitBreaker<Object> breaker =
        dev.failsafe.CircuitBreaker.builder()
            .withFailureThreshold(2)
            .withSuccessThreshold(2)
            .build();
    assertThat(breaker.tryAcquirePermit()).as("admitted while closed").isTrue();
    breaker.halfOpen();
    int permits = 0;
    while (breaker.tryAcquirePermit()) {
      permits++;
    }
    assertThat(permits).isEqualTo(2);

    breaker.recordSuccess();

    assertThat(breaker.tryAcquirePermit()).as("a third, with two out").isTrue();
  }

  @Test
  void d8_failsafe_counts_probes_that_were_cancelled_as_failures() {
    dev.failsafe.CircuitBreaker<Object> breaker = failsafeHalfOpen();
    for (int i = 0; i < 2; i++) {
      CompletableFuture<Object> work = new CompletableFuture<>();
      CompletableFuture<Object> call = null;
      try {
        call = Failsafe.with(breaker).getStageAsync(() -> work);
      } catch (CircuitBreakerOpenException e) {
        break;
      }
      // The breaker hands out its permit on another thread; the work must be under way.
      for (int spins = 0; spins < 1000 && work.getNumberOfDependents() == 0; spins++) {
        java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
      }
      call.cancel(true);
    }
    for (int spins = 0; spins < 1000 && !breaker.isOpen(); spins++) {
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }

    assertThat(breaker.isOpen()).isTrue();
  }

  @Test
  void d9_failsafe_does_not_sleep_delays_below_a_millisecond() {
    RetryPolicy<Object> retry =
        RetryPolicy.builder().withMaxRetries(1000).withDelay(Duration.ofNanos(900_000)).build();
    long from = System.nanoTime();

    assertThatThrownBy(
            () ->
                Failsafe.with(retry)
                    .run(
                        () -> {
                          throw new IOException();
                        }))
        .hasCauseInstanceOf(IOException.class);

    assertThat(System.nanoTime() - from).isLessThan(Duration.ofMillis(450).toNanos());
  }
}
