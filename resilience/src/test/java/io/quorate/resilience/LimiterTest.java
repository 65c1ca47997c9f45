package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bulkhead, rate limiter and throttle; checklist items 54 and 57 (55, 56: AdaptiveLimitTest). */
class LimiterTest {
  private final VirtualTime time = new VirtualTime();

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 63, 64, 65, 200, 4096})
  void a_bulkhead_admits_exactly_its_size(int size) {
    Bulkhead bulkhead = Bulkhead.of("b", size);
    Set<Long> tokens = new HashSet<>();
    for (int i = 0; i < size; i++) {
      assertThat(tokens.add(bulkhead.tryAcquire(5))).isTrue();
    }
    assertThat(tokens).allMatch(token -> token > 0);
    assertThat(bulkhead.tryAcquire(5)).isZero();

    long any = tokens.iterator().next();
    bulkhead.release(any, Outcome.SUCCESS, 5);
    bulkhead.release(any, Outcome.SUCCESS, 5);

    assertThat(bulkhead.tryAcquire(5)).isPositive();
    assertThat(bulkhead.tryAcquire(5)).as("released twice, free once").isZero();
  }

  @Test
  void item_54_a_permit_that_is_never_given_back_is_seen_and_taken_back() {
    Bulkhead bulkhead = Bulkhead.of("b", 2, Duration.ofSeconds(10));
    long lost = bulkhead.tryAcquire(time.getAsLong());
    time.advance(9 * SECOND);
    long held = bulkhead.tryAcquire(time.getAsLong());
    assertThat(bulkhead.tryAcquire(time.getAsLong())).isZero();

    time.advance(2 * SECOND);
    assertThat(bulkhead.stats(time)).isEqualTo(new Bulkhead.Stats(2, 2, 1));
    long taken = bulkhead.tryAcquire(time.getAsLong());

    assertThat(taken).isPositive();
    assertThat(bulkhead.tryAcquire(time.getAsLong())).isZero();
    bulkhead.release(lost, Outcome.SUCCESS, time.getAsLong());
    assertThat(bulkhead.stats(time).inUse()).as("the lost token does nothing").isEqualTo(2);
    bulkhead.release(taken, Outcome.SUCCESS, time.getAsLong());
    bulkhead.release(held, Outcome.SUCCESS, time.getAsLong());
    assertThat(bulkhead.stats(time)).isEqualTo(new Bulkhead.Stats(2, 0, 0));
  }

  @Test
  void item_54_the_permit_of_work_that_never_completes_comes_back_through_its_lease() {
    Bulkhead bulkhead = Bulkhead.of("b", 1, Duration.ofSeconds(10));
    Guard guard = Guard.named("g").time(time, time).limit(bulkhead).build();
    guard.callAsync(attempt -> new CompletableFuture<String>());
    assertThat(guard.callAsync(a -> CompletableFuture.completedFuture("1")))
        .isCompletedExceptionally();

    time.advance(11 * SECOND);

    assertThat(guard.callAsync(a -> CompletableFuture.completedFuture("2")))
        .isCompletedWithValue("2");
  }

  @Test
  void item_57_there_is_no_queue_the_one_too_many_is_refused_at_once() {
    Bulkhead bulkhead = Bulkhead.of("b", 1);
    Guard guard = Guard.named("g").time(time, time).limit(bulkhead).build();
    List<CompletableFuture<String>> works = new ArrayList<>();
    guard.callAsync(
        attempt -> {
          works.add(new CompletableFuture<>());
          return works.get(0);
        });

    CompletableFuture<String> second =
        guard.callAsync(attempt -> CompletableFuture.completedFuture("never"));

    assertThat(second).isCompletedExceptionally();
    works.get(0).complete("first");
    assertThat(works).hasSize(1);
  }

  @Test
  void a_rate_limiter_admits_its_burst_and_then_its_rate() {
    RateLimiter limiter = RateLimiter.of("r", 100, Duration.ofSeconds(1), 5, time);
    int admitted = 0;
    for (int i = 0; i < 10; i++) {
      admitted += limiter.tryAcquire(time.getAsLong()) > 0 ? 1 : 0;
    }
    assertThat(admitted).isEqualTo(5);
    assertThat(limiter.retryAfterNanos()).isEqualTo(10 * MILLI);

    for (int i = 0; i < 10_000; i++) {
      time.advance(MILLI);
      admitted += limiter.tryAcquire(time.getAsLong()) > 0 ? 1 : 0;
    }

    assertThat(admitted).isEqualTo(5 + 1000);
    assertThat(limiter.stats()).isEqualTo(new RateLimiter.Stats(1005, 9005));
  }

  @Test
  void a_clock_that_steps_back_an_hour_does_not_stop_a_rate_limiter() {
    RateLimiter limiter = RateLimiter.of("r", 100, Duration.ofSeconds(1), 5, time);
    for (int i = 0; i < 5; i++) {
      limiter.tryAcquire(time.getAsLong());
    }

    time.jumpTo(-3600 * SECOND);
    assertThat(limiter.tryAcquire(time.getAsLong())).isPositive();
    assertThat(limiter.tryAcquire(time.getAsLong())).isZero();
    time.advance(10 * MILLI);

    assertThat(limiter.tryAcquire(time.getAsLong())).isPositive();
  }

  @Test
  void a_throttle_leaves_a_healthy_callee_alone() {
    Throttle throttle = Throttle.of("t", 2, Duration.ofMinutes(2), 1, 0);
    for (int i = 0; i < 10_000; i++) {
      time.advance(MILLI);
      assertThat(throttle.tryAcquire(time.getAsLong())).isPositive();
      throttle.release(
          Limiter.UNIT, i % 3 == 0 ? Outcome.FAILURE : Outcome.SUCCESS, time.getAsLong());
    }
    assertThat(throttle.stats(time.getAsLong()).refused()).isZero();
  }

  @Test
  void a_throttle_sends_an_overloaded_callee_about_k_times_what_it_accepts_and_recovers() {
    Throttle throttle = Throttle.of("t", 2, Duration.ofSeconds(10), 1, 0);
    int sent = 0;
    int accepted = 0;
    for (int i = 0; i < 100_000; i++) {
      time.advance(MILLI);
      if (throttle.tryAcquire(time.getAsLong()) > 0) {
        sent++;
        boolean accepts = i % 10 == 0;
        accepted += accepts ? 1 : 0;
        throttle.release(
            Limiter.UNIT, accepts ? Outcome.SUCCESS : Outcome.FAILURE, time.getAsLong());
      }
    }
    assertThat(sent).as("of 100,000").isLessThan(60_000);
    assertThat(accepted).isPositive();
    long refusedBefore = throttle.stats(time.getAsLong()).refused();

    for (int i = 0; i < 60_000; i++) {
      time.advance(MILLI);
      if (throttle.tryAcquire(time.getAsLong()) > 0) {
        throttle.release(Limiter.UNIT, Outcome.SUCCESS, time.getAsLong());
      }
    }
    assertThat(throttle.stats(time.getAsLong()).rejectShare()).isZero();
    assertThat(throttle.stats(time.getAsLong()).refused()).isGreaterThan(refusedBefore);
  }

  @Test
  void several_limits_must_all_agree_and_a_later_refusal_undoes_an_earlier_permit() {
    Bulkhead bulkhead = Bulkhead.of("b", 10);
    RateLimiter rate = RateLimiter.of("r", 1, Duration.ofSeconds(1), 1, time);
    Guard guard = Guard.named("g").time(time, time).limit(rate).limit(bulkhead).build();
    assertThat(guard.<Integer, RuntimeException>call(() -> 1)).isEqualTo(1);

    assertThatThrownBy(() -> guard.<Integer, RuntimeException>call(() -> 2))
        .isInstanceOf(RejectedException.LimitExceeded.class)
        .hasMessageContaining("rate limiter r")
        .satisfies(
            e -> assertThat(((RejectedException) e).retryAfterNanos()).isEqualTo(SECOND));

    assertThat(bulkhead.stats(time).inUse()).isZero();
    assertThatThrownBy(
            () ->
                Guard.named("two").limit(bulkhead).limit(Bulkhead.of("c", 1)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one limit on concurrency");
  }

  @Test
  void a_limiter_of_the_users_that_throws_leaks_nothing() {
    CircuitBreaker breaker = Breakers.small(time);
    ListPicker<String> picker = new ListPicker<>("a");
    Limiter broken =
        new Limiter() {
          @Override
          public long tryAcquire(long nowNanos) {
            throw new IllegalStateException("limiter");
          }

          @Override
          public void release(long token, Outcome outcome, long nowNanos) {}
        };
    Guard guard = Guard.named("g").time(time, time).limit(broken).breaker(breaker).build();
    Breakers.halfOpen(breaker, time);

    for (int i = 0; i < 10; i++) {
      assertThatThrownBy(() -> guard.<String, String, RuntimeException>call(picker, t -> t))
          .hasMessage("limiter");
      assertThat(guard.callAsync(picker, (t, a) -> CompletableFuture.completedFuture(t)))
          .isCompletedExceptionally();
    }

    assertThat(picker.inFlight()).isZero();
    assertThat(breaker.tryAcquire()).as("both probes are free").isNotEqualTo(0);
    assertThat(breaker.tryAcquire()).isNotEqualTo(0);
  }
}
