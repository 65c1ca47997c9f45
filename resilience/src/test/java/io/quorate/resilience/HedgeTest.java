package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Checklist items 39 to 41, as far as they are the guard's. */
class HedgeTest {
  private final VirtualTime time = new VirtualTime();
  private final List<CompletableFuture<String>> works = new ArrayList<>();
  private final List<String> called = new ArrayList<>();

  private Guard.Builder guard(Hedge hedge) {
    return Guard.named("g").time(time, time).seed(1).hedge(hedge);
  }

  private CompletableFuture<String> call(Guard guard, Picker<String> picker) {
    return guard.callAsync(
        picker,
        (target, attempt) -> {
          called.add(target + (attempt.isHedge() ? " hedged" : ""));
          works.add(new CompletableFuture<>());
          return works.get(works.size() - 1);
        });
  }

  @Test
  void item_39_a_hedge_goes_to_another_target_and_the_first_answer_wins() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    Guard guard = guard(Hedge.defaults()).build();
    CompletableFuture<String> call = call(guard, picker);

    time.advance(100 * MILLI);
    assertThat(called).containsExactly("a", "b hedged");
    works.get(1).complete("from b");

    assertThat(call).isCompletedWithValue("from b");
    assertThat(guard.stats().hedges()).isEqualTo(1);
  }

  @Test
  void item_39_without_another_target_no_hedge_is_sent() {
    ListPicker<String> picker = new ListPicker<>("only");
    Guard guard = guard(Hedge.defaults()).build();
    CompletableFuture<String> call = call(guard, picker);

    time.advance(10 * SECOND);
    assertThat(called).containsExactly("only");
    works.get(0).complete("late but right");

    assertThat(call).isCompletedWithValue("late but right");
    assertThat(picker.inFlight()).isZero();
    assertThat(guard.stats().hedges()).isZero();
  }

  @Test
  void item_40_the_loser_is_cancelled_and_says_nothing_about_its_target() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    CircuitBreaker breaker = Breakers.small(time);
    Guard guard = guard(Hedge.defaults()).breaker(breaker).build();
    call(guard, picker);
    time.advance(100 * MILLI);

    works.get(1).complete("from b");

    assertThat(works.get(0)).isCancelled();
    assertThat(picker.done)
        .containsExactlyInAnyOrder(
            new ListPicker.Done("b", Outcome.SUCCESS), new ListPicker.Done("a", Outcome.IGNORED));
    assertThat(breaker.stats().calls()).isEqualTo(1);
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void item_41_hedges_keep_to_their_budget_even_if_many_more_calls_are_slow() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    Guard guard = guard(Hedge.defaults().withQuantile(0.5)).build();
    int calls = 10_000;
    for (int i = 0; i < calls; i++) {
      call(guard, picker);
      time.advance(i % 5 < 3 ? 10 * MILLI : 300 * MILLI);
      works.forEach(work -> work.complete("slow"));
      works.clear();
    }

    assertThat(guard.stats().hedges()).isBetween(400L, calls / 20 + 10L);
  }

  @Test
  void the_wait_follows_the_quantile_of_recent_latencies() {
    Latencies latencies = new Latencies(0.95);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 10_000; i++) {
      latencies.record(random.nextInt(100) < 96 ? 5 * MILLI : 500 * MILLI);
    }
    assertThat(latencies.quantileNanos()).isBetween(5 * MILLI, 6 * MILLI);

    for (int i = 0; i < 10_000; i++) {
      latencies.record(50 * MILLI);
    }
    assertThat(latencies.quantileNanos()).as("after a change").isBetween(50 * MILLI, 57 * MILLI);
    for (long nanos : new long[] {0, -5, 1, 2, 3, 7, 8, Long.MAX_VALUE}) {
      latencies.record(nanos);
    }
  }

  @Test
  void a_quantile_is_exact_within_a_bucket() {
    for (double quantile : new double[] {0.5, 0.9, 0.99}) {
      Latencies latencies = new Latencies(quantile);
      for (int i = 1; i <= 1024; i++) {
        latencies.record(i * 1000L);
      }
      assertThat((double) latencies.quantileNanos()).isBetween(
          quantile * 1_024_000 * 0.97, quantile * 1_024_000 * 1.13);
    }
  }

  @Test
  void a_failed_first_attempt_does_not_cancel_the_hedge() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    CompletableFuture<String> call = call(guard(Hedge.defaults()).build(), picker);
    time.advance(100 * MILLI);

    works.get(0).completeExceptionally(new IOException());
    assertThat(call).isNotDone();
    works.get(1).complete("from b");

    assertThat(call).isCompletedWithValue("from b");
  }

  @Test
  void a_refused_hedge_does_not_end_the_call() {
    Bulkhead one = Bulkhead.of("one", 1);
    ListPicker<String> picker = new ListPicker<>("a", "b");
    CompletableFuture<String> call = call(guard(Hedge.defaults()).limit(one).build(), picker);
    time.advance(SECOND);
    assertThat(called).containsExactly("a");

    works.get(0).complete("from a");

    assertThat(call).isCompletedWithValue("from a");
    assertThat(picker.inFlight()).isZero();
    assertThat(one.stats(time).inUse()).isZero();
  }

  @Test
  void when_attempt_and_hedge_have_failed_a_retry_follows_with_a_hedge_of_its_own() {
    ListPicker<String> picker = new ListPicker<>("a", "b", "c", "d");
    Guard guard =
        guard(new Hedge(0.95, Duration.ZERO, Duration.ofMillis(100), 2, 1))
            .retry(Retry.idempotent(4).withBackoff(Backoff.none()))
            .build();
    CompletableFuture<String> call = call(guard, picker);
    time.advance(100 * MILLI);
    works.get(0).completeExceptionally(new IOException());
    works.get(1).completeExceptionally(new IOException());
    time.advance(100 * MILLI);

    assertThat(called).containsExactly("a", "b hedged", "c", "d hedged");
    works.get(3).complete("from d");
    assertThat(call).isCompletedWithValue("from d");
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void a_guard_that_hedges_refuses_synchronous_calls() {
    Guard guard = guard(Hedge.defaults()).build();

    assertThatThrownBy(() -> guard.<Integer, RuntimeException>call(() -> 1))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("callAsync");
  }
}
