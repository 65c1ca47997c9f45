package io.quorate.resilience;

import static io.quorate.resilience.Breakers.SECOND;
import static io.quorate.resilience.Breakers.SMALL;
import static io.quorate.resilience.CircuitBreaker.State.CLOSED;
import static io.quorate.resilience.CircuitBreaker.State.HALF_OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Defects D1 to D9, found in resilience4j 2.4.0 and Failsafe 3.3.2, do not exist here. The same
 * scenarios run against those two in {@code src/peers/java}, profile {@code peers}.
 */
class PeerDefectsTest {
  private final VirtualTime time = new VirtualTime();
  private final CircuitBreaker breaker = Breakers.small(time);
  private final Guard guard = Guard.named("g").time(time, time).breaker(breaker).build();

  private void recovers() {
    for (int i = 0; i < 2; i++) {
      assertThat(guard.<String, RuntimeException>call(() -> "well")).isEqualTo("well");
    }
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void d1_probes_that_end_in_an_error_do_not_leave_the_breaker_stuck_half_open() {
    Breakers.halfOpen(breaker, time);
    assertThatThrownBy(
            () ->
                guard.<Object, RuntimeException>call(
                    () -> {
                      throw new AssertionError();
                    }))
        .isInstanceOf(AssertionError.class);
    Breakers.halfOpen(breaker, time);
    assertThat(guard.callAsync(a -> CompletableFuture.failedFuture(new AssertionError())))
        .isCompletedExceptionally();
    time.advance(60 * SECOND);

    recovers();
  }

  @Test
  void d2_probes_that_their_caller_cancels_do_not_leave_the_breaker_stuck_half_open() {
    Breakers.halfOpen(breaker, time);
    CompletableFuture<String> first = guard.callAsync(a -> new CompletableFuture<>());
    CompletableFuture<String> second = guard.callAsync(a -> new CompletableFuture<>());

    first.cancel(true);
    second.cancel(true);

    recovers();
  }

  @Test
  void d3_calls_admitted_before_it_opened_do_not_close_it_without_a_probe() {
    CompletableFuture<String> work1 = new CompletableFuture<>();
    CompletableFuture<String> work2 = new CompletableFuture<>();
    guard.callAsync(a -> work1);
    guard.callAsync(a -> work2);
    Breakers.halfOpen(breaker, time);
    breaker.ignore(breaker.tryAcquire());

    work1.complete("late");
    work2.complete("late");

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
  }

  @Test
  void d4_a_clock_that_steps_back_5_s_does_not_wipe_the_time_window() {
    time.jumpTo(100 * SECOND);
    CircuitBreaker timed =
        Breakers.of(SMALL.withTimeWindow(Duration.ofSeconds(10), 1000), time);
    for (int i = 0; i < 10; i++) {
      Breakers.succeed(timed, 100);
      time.advance(SECOND / 2);
    }

    time.jumpTo(time.getAsLong() - 5 * SECOND);
    Breakers.succeed(timed, 10);

    assertThat(timed.stats().calls()).isEqualTo(1010);
  }

  @Test
  void d5_the_time_window_follows_the_clock_it_was_given() {
    CircuitBreaker timed = Breakers.of(SMALL.withTimeWindow(Duration.ofSeconds(60), 1000), time);
    Breakers.succeed(timed, 100);

    time.advance(1000 * SECOND);

    assertThat(timed.stats().calls()).isZero();
  }

  @Test
  void d6_a_retry_on_an_open_breaker_neither_repeats_nor_sleeps_and_has_jitter_by_default() {
    breaker.forceOpen();
    AtomicInteger rejections = new AtomicInteger();
    Guard retrying =
        Guard.named("g")
            .time(time, time)
            .breaker(breaker)
            .retry(Retry.idempotent(3))
            .listener(
                new Listener() {
                  @Override
                  public void onRejected(String name, RejectedException rejection) {
                    rejections.incrementAndGet();
                  }
                })
            .build();

    assertThatThrownBy(() -> retrying.<Integer, RuntimeException>call(() -> 1))
        .isInstanceOf(RejectedException.CircuitOpen.class);

    assertThat(rejections).hasValue(1);
    assertThat(time.getAsLong()).isZero();
    Backoff backoff = Retry.idempotent(3).backoff();
    assertThat(backoff.nanosBefore(2, 0.1)).isNotEqualTo(backoff.nanosBefore(2, 0.9));
  }

  @Test
  void d7_a_stale_success_hands_out_no_probe_beyond_the_cap() {
    long stale = breaker.tryAcquire();
    Breakers.halfOpen(breaker, time);
    breaker.tryAcquire();
    breaker.tryAcquire();

    breaker.success(stale);

    assertThat(breaker.tryAcquire()).isEqualTo(CircuitBreaker.REFUSED);
  }

  @Test
  void d8_probes_that_their_caller_cancels_are_not_failures() {
    Breakers.halfOpen(breaker, time);
    long openings = breaker.stats().openings();
    for (int i = 0; i < 10; i++) {
      guard.callAsync(a -> new CompletableFuture<>()).cancel(true);
    }

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    assertThat(breaker.stats().openings()).isEqualTo(openings);
  }

  @Test
  void d9_retry_delays_below_a_millisecond_are_slept() {
    Guard retrying =
        Guard.named("g")
            .time(time, time)
            .retry(Retry.idempotent(1001).withBackoff(Backoff.fixed(Duration.ofNanos(900_000))))
            .budget(RetryBudget.of(1, 0, 1000, 0))
            .build();

    assertThatThrownBy(
            () ->
                retrying.call(
                    () -> {
                      throw new IOException();
                    }))
        .isInstanceOf(IOException.class);

    assertThat(time.getAsLong()).isEqualTo(Duration.ofMillis(900).toNanos());
  }
}
