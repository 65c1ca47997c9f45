package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static io.quorate.resilience.Breakers.SMALL;
import static io.quorate.resilience.Breakers.fail;
import static io.quorate.resilience.Breakers.halfOpen;
import static io.quorate.resilience.Breakers.succeed;
import static io.quorate.resilience.CircuitBreaker.REFUSED;
import static io.quorate.resilience.CircuitBreaker.State.CLOSED;
import static io.quorate.resilience.CircuitBreaker.State.FORCED_CLOSED;
import static io.quorate.resilience.CircuitBreaker.State.FORCED_OPEN;
import static io.quorate.resilience.CircuitBreaker.State.HALF_OPEN;
import static io.quorate.resilience.CircuitBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Breakers.Transitions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checklist items 1, 2, 4 to 10 and 13 to 15 (3, 11 and 12 need a guard: GuardTest). */
class CircuitBreakerTest {
  private final VirtualTime time = new VirtualTime();
  private final CircuitBreaker breaker = Breakers.small(time);

  @Test
  void item_1_a_success_admitted_before_the_circuit_opened_does_not_close_it() {
    long stale1 = breaker.tryAcquire();
    long stale2 = breaker.tryAcquire();
    halfOpen(breaker, time);
    long probe = breaker.tryAcquire();

    breaker.success(stale1);
    breaker.success(stale2);

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    breaker.success(probe);
    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    breaker.success(breaker.tryAcquire());
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_1_a_failure_admitted_before_the_circuit_opened_does_not_open_it_again() {
    long stale = breaker.tryAcquire();
    halfOpen(breaker, time);
    succeed(breaker, 2);
    assertThat(breaker.state()).isEqualTo(CLOSED);

    for (int i = 0; i < 100; i++) {
      breaker.failure(stale);
    }

    assertThat(breaker.stats().failures()).isZero();
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_2_a_probe_that_never_reports_frees_its_place_when_its_lease_ends() {
    halfOpen(breaker, time);
    long lost1 = breaker.tryAcquire();
    long lost2 = breaker.tryAcquire();
    assertThat(breaker.tryAcquire()).isEqualTo(REFUSED);

    time.advance(5 * SECOND + 10 * MILLI);
    long again1 = breaker.tryAcquire();
    long again2 = breaker.tryAcquire();

    assertThat(List.of(again1, again2)).doesNotContain(REFUSED);
    assertThat(breaker.tryAcquire()).isEqualTo(REFUSED);
    breaker.failure(lost1);
    breaker.failure(lost2);
    assertThat(breaker.state()).as("reports after the lease are ignored").isEqualTo(HALF_OPEN);
    breaker.success(again1);
    breaker.success(again2);
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_4_settling_a_probe_twice_counts_once() {
    halfOpen(breaker, time);
    long probe = breaker.tryAcquire();

    breaker.success(probe);
    breaker.success(probe);
    breaker.failure(probe);
    breaker.ignore(probe);

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    long second = breaker.tryAcquire();
    assertThat(second).isNotEqualTo(REFUSED);
    assertThat(breaker.tryAcquire()).as("one success needed, one probe out").isEqualTo(REFUSED);
  }

  @Test
  void item_5_many_threads_failing_at_once_open_it_once() throws Exception {
    int threads = 4;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      for (int round = 0; round < 200; round++) {
        AtomicInteger opened = new AtomicInteger();
        Listener counting =
            new Listener() {
              @Override
              public void onTransition(
                  String name, CircuitBreaker.State from, CircuitBreaker.State to, long now) {
                if (to == OPEN) {
                  opened.incrementAndGet();
                }
              }
            };
        CircuitBreaker shared = CircuitBreaker.create("shared", SMALL, () -> 0, 7, counting);
        CyclicBarrier start = new CyclicBarrier(threads);
        List<Future<?>> done = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          done.add(
              pool.submit(
                  () -> {
                    start.await();
                    fail(shared, 20);
                    return null;
                  }));
        }
        for (Future<?> each : done) {
          each.get();
        }
        assertThat(opened.get()).isEqualTo(1);
        assertThat(shared.stats().openings()).isEqualTo(1);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void item_6_each_transition_is_told_once_and_a_listener_that_throws_is_contained() {
    Transitions transitions = new Transitions();
    Listener throwing =
        new Listener() {
          @Override
          public void onTransition(
              String name, CircuitBreaker.State from, CircuitBreaker.State to, long now) {
            throw new AssertionError("listener");
          }
        };
    CircuitBreaker watched =
        CircuitBreaker.create("w", SMALL, time, 7, Listener.all(throwing, transitions));

    halfOpen(watched, time);
    succeed(watched, 2);

    assertThat(transitions.seen)
        .containsExactly("CLOSED->OPEN", "OPEN->HALF_OPEN", "HALF_OPEN->CLOSED");
  }

  @Test
  void item_7_a_clock_that_steps_back_an_hour_while_open_delays_the_probe_by_one_open_time() {
    fail(breaker, 4);
    time.jumpTo(-3600 * SECOND);
    assertThat(breaker.state()).isEqualTo(OPEN);

    time.advance(SECOND);

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    succeed(breaker, 2);
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_7_a_clock_that_steps_back_an_hour_while_half_open_does_not_hold_the_probes_back() {
    halfOpen(breaker, time);
    breaker.tryAcquire();
    breaker.tryAcquire();

    time.jumpTo(-3600 * SECOND);

    succeed(breaker, 2);
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_7_a_clock_that_steps_forward_an_hour_ends_the_open_time() {
    fail(breaker, 4);

    time.jumpTo(3600 * SECOND);

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
  }

  @Test
  void item_7_a_clock_near_its_overflow_makes_no_difference() {
    VirtualTime late = new VirtualTime(Long.MAX_VALUE - SECOND / 2);
    CircuitBreaker wrapping = Breakers.small(late);
    fail(wrapping, 4);
    assertThat(wrapping.state()).isEqualTo(OPEN);

    late.jumpTo(Long.MAX_VALUE - SECOND / 2 + SECOND);

    assertThat(wrapping.state()).isEqualTo(HALF_OPEN);
    succeed(wrapping, 2);
    assertThat(wrapping.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_8_without_traffic_nothing_happens_and_below_the_minimum_it_stays_closed() {
    time.advance(3600 * SECOND);
    assertThat(breaker.state()).isEqualTo(CLOSED);
    assertThat(breaker.stats())
        .isEqualTo(new CircuitBreaker.Stats(CLOSED, 0, 0, 0, 0, 0));

    fail(breaker, 3);
    assertThat(breaker.state()).isEqualTo(CLOSED);
    succeed(breaker, 1);
    assertThat(breaker.state()).as("the fourth call completes the minimum").isEqualTo(OPEN);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 62, 63, 64, 65, 127, 128, 1000})
  void item_8_a_window_of_any_size_holds_exactly_that_many_calls(int size) {
    CircuitBreaker sized =
        Breakers.of(SMALL.withCountWindow(size, size).withFailurePercent(100), time);
    for (int i = 0; i < size - 1; i++) {
      sized.failure(sized.tryAcquire());
      assertThat(sized.state()).isEqualTo(CLOSED);
    }
    if (size > 1) {
      succeed(sized, 1);
      assertThat(sized.stats().calls()).isEqualTo(size);
      fail(sized, size - 1);
      assertThat(sized.state()).as("one good call is still in the window").isEqualTo(CLOSED);
      assertThat(sized.stats().failures()).isEqualTo(size - 1);
    }
    fail(sized, 1);

    assertThat(sized.state()).isEqualTo(OPEN);
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, 0, -1, 100.1, Double.POSITIVE_INFINITY})
  void item_9_a_threshold_that_makes_no_sense_is_refused_by_name_and_value(double percent) {
    assertThatThrownBy(() -> SMALL.withFailurePercent(percent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("failurePercent")
        .hasMessageContaining(String.valueOf(percent));
    assertThatThrownBy(() -> SMALL.withSlowCalls(Duration.ofSeconds(1), percent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("slow percent");
  }

  @Test
  void item_9_a_threshold_of_100_percent_tolerates_any_success() {
    CircuitBreaker tolerant = Breakers.of(SMALL.withFailurePercent(100), time);
    succeed(tolerant, 1);
    fail(tolerant, 9);
    assertThat(tolerant.state()).isEqualTo(CLOSED);

    fail(tolerant, 1);

    assertThat(tolerant.state()).isEqualTo(OPEN);
  }

  @Test
  void item_10_a_rate_exactly_at_the_threshold_opens() {
    succeed(breaker, 6);
    fail(breaker, 4);
    assertThat(breaker.state()).as("4 of 10").isEqualTo(CLOSED);

    breaker.success(breaker.tryAcquire());
    fail(breaker, 1);
    assertThat(breaker.stats().state()).as("5 of 10").isEqualTo(OPEN);
  }

  @Test
  void item_13_the_state_follows_the_clock_without_traffic() {
    fail(breaker, 4);
    assertThat(breaker.state()).isEqualTo(OPEN);
    time.advance(SECOND - 1);
    assertThat(breaker.state()).isEqualTo(OPEN);

    time.advance(1);

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    assertThat(breaker.stats().state()).isEqualTo(HALF_OPEN);
  }

  @Test
  void item_14_the_open_time_doubles_up_to_its_cap_and_starts_over_after_a_stable_close() {
    List<Long> opens = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      while (breaker.state() != OPEN) {
        breaker.failure(breaker.tryAcquire());
      }
      long from = time.getAsLong();
      while (breaker.state() == OPEN) {
        time.advance(MILLI);
      }
      opens.add((time.getAsLong() - from) / SECOND);
    }
    assertThat(opens).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L);

    succeed(breaker, 2);
    fail(breaker, 4);
    time.advance(29 * SECOND);
    assertThat(breaker.state()).as("closed for no time: not stable").isEqualTo(OPEN);
    time.advance(SECOND);
    succeed(breaker, 2);
    time.advance(30 * SECOND);
    fail(breaker, 4);
    time.advance(SECOND);
    assertThat(breaker.state()).as("after a stable close").isEqualTo(HALF_OPEN);
  }

  @Test
  void item_14_the_open_time_is_jittered_within_its_share_and_differs_between_breakers() {
    CircuitBreakerOptions jittered =
        SMALL.withOpen(Duration.ofSeconds(1), Duration.ofSeconds(30), 0.2);
    List<Long> opens = new ArrayList<>();
    for (int seed = 0; seed < 200; seed++) {
      CircuitBreaker each =
          CircuitBreaker.create("j", jittered, time, Mix.mix(seed), Listener.none());
      fail(each, 4);
      opens.add(each.openForNanos());
    }

    assertThat(opens).allMatch(open -> open >= 0.8 * SECOND && open <= 1.2 * SECOND);
    assertThat(opens).anyMatch(open -> open < 0.85 * SECOND);
    assertThat(opens).anyMatch(open -> open > 1.15 * SECOND);
    assertThat(opens).doesNotHaveDuplicates();
  }

  @Test
  void item_15_forced_open_refuses_and_forced_closed_admits_whatever_happens() {
    breaker.forceOpen();
    time.advance(3600 * SECOND);
    assertThat(breaker.state()).isEqualTo(FORCED_OPEN);
    assertThat(breaker.tryAcquire()).isEqualTo(REFUSED);

    breaker.forceClosed();
    fail(breaker, 1000);
    assertThat(breaker.state()).isEqualTo(FORCED_CLOSED);
    assertThat(breaker.tryAcquire()).isNotEqualTo(REFUSED);

    breaker.reset();
    assertThat(breaker.state()).isEqualTo(CLOSED);
    fail(breaker, 4);
    assertThat(breaker.state()).isEqualTo(OPEN);
  }

  @Test
  void a_failed_probe_opens_again_at_once() {
    halfOpen(breaker, time);
    long first = breaker.tryAcquire();
    fail(breaker, 1);
    assertThat(breaker.state()).isEqualTo(OPEN);

    breaker.success(first);

    assertThat(breaker.state()).isEqualTo(OPEN);
  }

  @Test
  void slow_calls_open_it_at_their_rate_even_though_they_succeed() {
    CircuitBreaker slow =
        Breakers.of(SMALL.withSlowCalls(Duration.ofMillis(100), 50), time);
    for (int i = 0; i < 4; i++) {
      long token = slow.tryAcquire();
      time.advance(i < 2 ? 99 * MILLI : 101 * MILLI);
      slow.success(token);
    }

    assertThat(slow.state()).isEqualTo(OPEN);
  }

  @Test
  void a_slow_probe_opens_again() {
    CircuitBreaker slow =
        Breakers.of(SMALL.withSlowCalls(Duration.ofMillis(100), 50), time);
    halfOpen(slow, time);
    long probe = slow.tryAcquire();
    time.advance(200 * MILLI);

    slow.success(probe);

    assertThat(slow.state()).isEqualTo(OPEN);
  }

  @Test
  void failures_that_have_left_a_time_window_no_longer_count() {
    CircuitBreaker timed = Breakers.of(SMALL.withTimeWindow(Duration.ofSeconds(16), 4), time);
    fail(timed, 3);
    time.advance(17 * SECOND);
    succeed(timed, 3);
    assertThat(timed.stats().failures()).isZero();
    assertThat(timed.state()).isEqualTo(CLOSED);

    fail(timed, 3);

    assertThat(timed.state()).isEqualTo(OPEN);
  }

  @Test
  void ignored_calls_count_nothing_and_give_a_probe_its_place_back() {
    for (int i = 0; i < 100; i++) {
      breaker.ignore(breaker.tryAcquire());
    }
    assertThat(breaker.stats().calls()).isZero();
    halfOpen(breaker, time);

    for (int i = 0; i < 100; i++) {
      long token = breaker.tryAcquire();
      assertThat(token).isNotEqualTo(REFUSED);
      breaker.ignore(token);
    }

    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
  }

  @Test
  void tokens_that_nobody_gave_out_do_nothing() {
    for (long token : new long[] {0, -1, 2, Long.MIN_VALUE, Long.MAX_VALUE}) {
      assertThatCode(
              () -> {
                breaker.failure(token);
                breaker.success(token);
                breaker.ignore(token);
              })
          .doesNotThrowAnyException();
    }
    halfOpen(breaker, time);
    for (long token : new long[] {0, -1, 2, Long.MIN_VALUE, Long.MAX_VALUE}) {
      breaker.success(token);
    }
    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
  }

  @Test
  void a_refusal_is_typed_cheap_and_says_when_to_come_again() {
    fail(breaker, 4);

    assertThatThrownBy(breaker::acquire)
        .isInstanceOfSatisfying(
            RejectedException.CircuitOpen.class,
            open -> {
              assertThat(open).hasMessage("circuit breaker small is open");
              assertThat(open.getStackTrace()).isEmpty();
              assertThat(open.retryAfterNanos()).isEqualTo(SECOND);
              assertThat(open.mayHaveTakenEffect()).isFalse();
            });
    assertThat(breaker.stats().rejected()).isEqualTo(1);
  }

  @Test
  void a_timer_that_never_fires_or_refuses_does_not_keep_the_circuit_open() {
    Timer dead = (delayNanos, task) -> () -> {};
    Timer closed =
        (delayNanos, task) -> {
          throw new java.util.concurrent.RejectedExecutionException("closed");
        };
    for (Timer timer : List.of(dead, closed)) {
      CircuitBreaker watched =
          new CircuitBreaker("w", SMALL, time, timer, 1, Listener.none());
      fail(watched, 4);
      assertThat(watched.state()).isEqualTo(OPEN);

      time.advance(SECOND);
      int refused = 0;
      while (watched.tryAcquire() == REFUSED) {
        refused++;
      }

      assertThat(refused).isLessThan(64);
      assertThat(watched.state()).isEqualTo(HALF_OPEN);
    }
  }

  @Test
  void a_timer_ends_the_open_time_to_the_nanosecond() {
    CircuitBreaker watched = new CircuitBreaker("w", SMALL, time, time, 1, Listener.none());
    fail(watched, 4);
    time.advance(SECOND - 1);
    for (int i = 0; i < 200; i++) {
      assertThat(watched.tryAcquire()).isEqualTo(REFUSED);
    }

    time.advance(1);

    assertThat(watched.tryAcquire()).isNotEqualTo(REFUSED);
    assertThat(time.pendingCount()).isZero();
  }
}
