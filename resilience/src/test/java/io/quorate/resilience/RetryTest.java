package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Checklist items 17 to 28 (29: GuardTest). */
class RetryTest {
  private final VirtualTime time = new VirtualTime();

  private Guard.Builder guard(String name) {
    return Guard.named(name).time(time, time).seed(1);
  }

  private static final class Refused extends RuntimeException {
    final boolean mayHaveTakenEffect;

    Refused(boolean mayHaveTakenEffect) {
      this.mayHaveTakenEffect = mayHaveTakenEffect;
    }

    boolean mayHaveTakenEffect() {
      return mayHaveTakenEffect;
    }
  }

  /** Calls {@code guard} with work that always fails; returns how often it was tried. */
  private static int attempts(Guard guard, Throwable failure) {
    AtomicInteger attempts = new AtomicInteger();
    assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      attempts.incrementAndGet();
                      throw Failures.<RuntimeException>sneak(failure);
                    }))
        .isSameAs(failure);
    return attempts.get();
  }

  @Test
  void item_17_full_jitter_is_uniform_by_kolmogorov_and_smirnov() {
    Backoff backoff = Backoff.fullJitter(Duration.ofMillis(100), Duration.ofSeconds(10));
    Mix chance = new Mix(42);
    int n = 10_000;
    double[] waits = new double[n];
    for (int i = 0; i < n; i++) {
      waits[i] = backoff.nanosBefore(4, chance.nextUnit()) / (400.0 * MILLI);
    }

    assertThat(distanceFromUniform(waits)).isLessThan(1.63 / Math.sqrt(n));
    double[] control = new double[n];
    Mix other = new Mix(42);
    for (int i = 0; i < n; i++) {
      control[i] = 0.05 + 0.95 * other.nextUnit();
    }
    assertThat(distanceFromUniform(control)).isGreaterThan(1.63 / Math.sqrt(n));
  }

  private static double distanceFromUniform(double[] values) {
    Arrays.sort(values);
    double most = 0;
    for (int i = 0; i < values.length; i++) {
      most = Math.max(most, Math.abs(values[i] - (double) i / values.length));
      most = Math.max(most, Math.abs(values[i] - (double) (i + 1) / values.length));
    }
    return most;
  }

  @Test
  void item_18_no_attempt_number_overflows_the_back_off() {
    for (Duration base : List.of(Duration.ofNanos(1), Duration.ofMillis(5), Duration.ofDays(300))) {
      Backoff backoff = Backoff.fullJitter(base, Duration.ofDays(365));
      long last = 0;
      for (int attempt = 2; attempt < 200; attempt++) {
        long wait = backoff.nanosBefore(attempt, Math.nextDown(1.0));
        assertThat(wait).isBetween(last, Duration.ofDays(365).toNanos());
        last = wait;
      }
      assertThat(backoff.nanosBefore(Integer.MAX_VALUE, 0.5)).isPositive();
      assertThat(last).isGreaterThan(Duration.ofDays(364).toNanos());
    }
  }

  @Test
  void item_19_delays_below_a_millisecond_are_kept() {
    Guard guard =
        guard("g")
            .retry(Retry.idempotent(1001).withBackoff(Backoff.fixed(Duration.ofNanos(900_000))))
            .budget(RetryBudget.of(1, 1000, 1_000_000, 0))
            .build();

    attempts(guard, new IOException());

    assertThat(time.getAsLong()).isEqualTo(900 * MILLI);
  }

  @Test
  void item_20_the_deadline_holds_with_all_attempts_and_waits() {
    Guard guard =
        guard("g")
            .deadline(Duration.ofMillis(100))
            .retry(Retry.idempotent(100).withBackoff(Backoff.fixed(Duration.ofMillis(30))))
            .build();

    assertThat(attempts(guard, new IOException())).as("at 0, 30, 60 and 90 ms").isEqualTo(4);
    assertThat(time.getAsLong()).as("no wait beyond the deadline").isEqualTo(90 * MILLI);
  }

  @Test
  void item_21_a_total_outage_costs_no_more_attempts_than_the_budget() {
    Guard guard =
        guard("g").retry(Retry.idempotent(3).withBackoff(Backoff.none())).build();
    AtomicInteger attempts = new AtomicInteger();
    int requests = 60_000;
    for (int i = 0; i < requests; i++) {
      time.advance(MILLI);
      assertThatThrownBy(
              () ->
                  guard.<Object, RuntimeException>call(
                      () -> {
                        attempts.incrementAndGet();
                        throw new IllegalStateException();
                      }))
          .isInstanceOf(IllegalStateException.class);
    }

    // Goal M8: a minute at 1,000 requests per second, 1.11 attempts per request at most.
    assertThat((double) attempts.get() / requests).isBetween(1.09, 1.11);
  }

  @Test
  void item_22_what_is_not_idempotent_is_retried_only_if_it_had_no_effect() {
    Retry retry =
        Retry.ifNotSent(3)
            .withBackoff(Backoff.none())
            .withMayHaveTakenEffect(Refused.class, Refused::mayHaveTakenEffect);
    Guard guard = guard("g").retry(retry).build();

    assertThat(attempts(guard, new IOException("reset"))).isEqualTo(1);
    assertThat(attempts(guard, new Refused(true))).isEqualTo(1);
    assertThat(attempts(guard, new Refused(false))).isEqualTo(3);
    assertThat(attempts(guard, new ConnectException())).isEqualTo(3);
    assertThat(attempts(guard("h").retry(Retry.idempotent(3)).build(), new Refused(true)))
        .isEqualTo(3);
  }

  @Test
  void item_23_the_callee_is_asked_again_when_it_wants_to_be_but_not_later_than_the_cap() {
    Retry retry =
        Retry.idempotent(2)
            .withRetryAfter(
                failure -> OptionalLong.of(Long.parseLong(failure.getMessage())),
                Duration.ofSeconds(2));
    for (long[] askedAndWaited :
        new long[][] {{SECOND, SECOND}, {3600 * SECOND, 2 * SECOND}, {-5, 0}}) {
      long from = time.getAsLong();

      attempts(guard("g").retry(retry).build(), new IOException("" + askedAndWaited[0]));

      assertThat(time.getAsLong() - from).isEqualTo(askedAndWaited[1]);
    }
  }

  @Test
  void item_24_refusals_by_breaker_and_limit_are_never_retried() {
    CircuitBreaker open = Breakers.small(time);
    open.forceOpen();
    Bulkhead full = Bulkhead.of("full", 1);
    full.tryAcquire(0);
    Retry retry = Retry.idempotent(5);

    for (Guard guard :
        List.of(
            guard("g").retry(retry).breaker(open).build(),
            guard("g").retry(retry).limit(full).build(),
            guard("g").retry(retry).build().around(guard("i").breaker(open).build()))) {
      assertThatThrownBy(() -> guard.<Object, RuntimeException>call(() -> 1))
          .isInstanceOf(RejectedException.class);
      assertThat(guard.stats().retries()).isZero();
    }
    assertThat(time.getAsLong()).as("and nobody has slept").isZero();
    assertThat(attempts(guard("g").retry(retry).build(), new CancellationException()))
        .isEqualTo(1);
  }

  @Test
  void item_25_an_outer_retry_does_not_repeat_what_an_inner_one_has_given_up() {
    Retry retry = Retry.idempotent(4).withBackoff(Backoff.none());
    Guard inner = guard("inner").retry(retry).build();
    Guard outer = guard("outer").retry(retry).build().around(inner);
    IOException failure = new IOException();

    assertThat(attempts(outer, failure)).isEqualTo(4);
    assertThat(failure.getSuppressed())
        .anyMatch(mark -> "guard inner gave up after 4 attempts".equals(mark.getMessage()));
    assertThat(attempts(inner, failure)).as("its own mark does not stop a guard").isEqualTo(4);
  }

  @Test
  void item_26_cancelling_during_back_off_cancels_the_timer() {
    Guard guard =
        guard("g")
            .retry(Retry.idempotent(3).withBackoff(Backoff.fixed(Duration.ofSeconds(1))))
            .build();
    AtomicInteger attempts = new AtomicInteger();
    CompletableFuture<String> call =
        guard.callAsync(
            attempt -> {
              attempts.incrementAndGet();
              return CompletableFuture.failedFuture(new IOException());
            });
    assertThat(time.pendingCount()).isEqualTo(1);

    call.cancel(true);

    assertThat(time.pendingCount()).isZero();
    time.advance(10 * SECOND);
    assertThat(attempts).hasValue(1);
  }

  @Test
  void item_27_earlier_failures_are_kept_as_suppressed_and_none_suppresses_itself() {
    Retry retry = Retry.idempotent(3).withBackoff(Backoff.none());
    List<IOException> thrown = new ArrayList<>();
    Guard guard = guard("g").retry(retry).build();
    assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      thrown.add(new IOException("attempt " + (thrown.size() + 1)));
                      throw thrown.get(thrown.size() - 1);
                    }))
        .isSameAs(thrown.get(2))
        .satisfies(e -> assertThat(e.getSuppressed()).startsWith(thrown.get(0), thrown.get(1)));

    IOException shared = new IOException("one instance for all");
    for (int i = 0; i < 100; i++) {
      attempts(guard, shared);
    }
    assertThat(shared.getSuppressed()).hasSizeLessThanOrEqualTo(Failures.MAX_KEPT + 1);
    assertThat(shared.getSuppressed()).doesNotContain(shared);
  }

  @Test
  void item_28_a_million_stages_that_fail_at_once_need_no_stack() {
    int million = 1_000_000;
    Guard guard =
        guard("g")
            .retry(Retry.idempotent(million).withBackoff(Backoff.none()))
            .budget(RetryBudget.of(1, 0, million, 0))
            .build();
    AtomicInteger attempts = new AtomicInteger();
    IOException failure = new IOException();

    CompletableFuture<String> call =
        guard.callAsync(
            attempt -> {
              attempts.incrementAndGet();
              return CompletableFuture.failedFuture(failure);
            });

    assertThat(call).isCompletedExceptionally();
    assertThat(attempts).hasValue(million);
  }

  @Test
  void a_bad_result_is_retried_and_the_last_one_returned() {
    AtomicInteger attempts = new AtomicInteger();
    Guard guard =
        guard("g")
            .retry(Retry.idempotent(3).withBackoff(Backoff.none()))
            .classify((result, error) -> "503".equals(result) ? Outcome.FAILURE : Outcome.SUCCESS)
            .build();

    assertThat(
            guard.<String, RuntimeException>call(
                () -> attempts.incrementAndGet() < 3 ? "503" : "200"))
        .isEqualTo("200");
    assertThat(guard.<String, RuntimeException>call(() -> "503")).isEqualTo("503");
    assertThat(guard.stats().failures()).isEqualTo(1);
  }

  @Test
  void predicates_that_throw_end_the_call_with_its_own_failure() {
    Retry retry =
        Retry.ifNotSent(3)
            .withMayHaveTakenEffect(
                IOException.class,
                failure -> {
                  throw new IllegalStateException("predicate");
                });
    IOException failure = new IOException();

    assertThat(attempts(guard("g").retry(retry).build(), failure)).isEqualTo(1);
    assertThat(failure.getSuppressed()).hasExactlyElementsOfTypes(IllegalStateException.class);
  }

  @Test
  void a_full_budget_is_refilled_by_calls_and_by_time_up_to_its_reserve() {
    RetryBudget budget = RetryBudget.of(0.1, 1, 2, 0);
    assertThat(budget.tryWithdraw(0)).isTrue();
    assertThat(budget.tryWithdraw(0)).isTrue();
    assertThat(budget.tryWithdraw(0)).isFalse();

    for (int i = 0; i < 10; i++) {
      budget.deposit();
    }
    assertThat(budget.tryWithdraw(0)).isTrue();
    assertThat(budget.tryWithdraw(999 * MILLI)).isFalse();
    assertThat(budget.tryWithdraw(1000 * MILLI)).isTrue();
    assertThat(budget.tryWithdraw(-3600 * SECOND)).as("a step back pays nothing").isFalse();
    assertThat(budget.tryWithdraw(-3598 * SECOND)).as("and time goes on").isTrue();
    budget.tryWithdraw(3600 * SECOND);
    assertThat(budget.stats().balance()).isEqualTo(1);
  }
}
