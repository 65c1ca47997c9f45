package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static io.quorate.resilience.Breakers.SMALL;
import static io.quorate.resilience.CircuitBreaker.State.CLOSED;
import static io.quorate.resilience.CircuitBreaker.State.HALF_OPEN;
import static io.quorate.resilience.CircuitBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Synchronous calls; checklist items 3, 11, 12, 29. */
class GuardTest {
  private final VirtualTime time = new VirtualTime();
  private final CircuitBreaker breaker = Breakers.small(time);

  private Guard.Builder guard() {
    return Guard.named("g").time(time, time).seed(1);
  }

  @Test
  void what_the_work_returns_and_throws_is_what_the_caller_gets() throws IOException {
    Guard guard = guard().breaker(breaker).build();
    IOException thrown = new IOException("as it is");

    assertThat(guard.<String, RuntimeException>call(() -> "answer")).isEqualTo("answer");
    assertThat(guard.<String, RuntimeException>call(() -> null)).isNull();
    assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      throw thrown;
                    }))
        .isSameAs(thrown);
  }

  @Test
  void item_3_whatever_ends_a_probe_gives_its_place_back_exactly_once() {
    List<Throwable> ends =
        List.of(
            new AssertionError("error"),
            new InterruptedException(),
            new CancellationException(),
            new StackOverflowError(),
            new IOException("checked"),
            new IllegalStateException("unchecked"));
    for (Throwable end : ends) {
      CircuitBreaker probing = Breakers.small(time);
      Bulkhead bulkhead = Bulkhead.of("b", 2);
      Guard guard = guard().breaker(probing).limit(bulkhead).build();
      Breakers.halfOpen(probing, time);

      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(
                () ->
                    guard.call(
                        () -> {
                          throw Failures.<RuntimeException>sneak(end);
                        }))
            .isInstanceOfAny(end.getClass(), RejectedException.class);
      }
      time.advance(60 * SECOND);

      assertThat(probing.state()).as("after %s", end).isEqualTo(HALF_OPEN);
      guard.<String, RuntimeException>call(() -> "well");
      guard.<String, RuntimeException>call(() -> "well");
      assertThat(probing.state()).isEqualTo(CLOSED);
      assertThat(bulkhead.stats(time).inUse()).isZero();
    }
  }

  @Test
  void item_3_a_classifier_that_throws_makes_the_attempt_a_failure_and_leaks_nothing() {
    Bulkhead bulkhead = Bulkhead.of("b", 1);
    Guard guard =
        guard()
            .breaker(breaker)
            .limit(bulkhead)
            .classify(
                (result, error) -> {
                  throw new IllegalStateException("classifier");
                })
            .build();

    for (int i = 0; i < 4; i++) {
      assertThat(guard.<String, RuntimeException>call(() -> "answer")).isEqualTo("answer");
    }

    assertThat(breaker.state()).isEqualTo(OPEN);
    assertThat(bulkhead.stats(time).inUse()).isZero();
  }

  @Test
  void item_11_a_call_that_its_caller_cancelled_or_interrupted_is_no_failure() {
    Guard guard = guard().breaker(breaker).build();
    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(
              () ->
                  guard.call(
                      () -> {
                        throw new CancellationException();
                      }))
          .isInstanceOf(CancellationException.class);
      assertThatThrownBy(
              () ->
                  guard.call(
                      () -> {
                        throw new InterruptedException();
                      }))
          .isInstanceOf(InterruptedException.class);
    }

    assertThat(breaker.stats().calls()).isZero();
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_12_a_refusal_further_in_is_no_failure_of_an_outer_breaker() {
    CircuitBreaker inner = CircuitBreaker.create("inner", SMALL, time, 7, Listener.none());
    Guard guard =
        guard().breaker(breaker).build().around(guard().breaker(inner).build());
    inner.forceOpen();

    for (int i = 0; i < 50; i++) {
      assertThatThrownBy(() -> guard.<String, RuntimeException>call(() -> "never"))
          .isInstanceOf(RejectedException.CircuitOpen.class);
    }

    assertThat(breaker.state()).isEqualTo(CLOSED);
    assertThat(breaker.stats().calls()).isZero();
  }

  @Test
  void a_passed_deadline_refuses_before_anything_is_sent() {
    AtomicInteger sent = new AtomicInteger();
    Guard guard = guard().build().within(Deadline.after(Duration.ZERO, time));

    assertThatThrownBy(() -> guard.<Integer, RuntimeException>call(sent::incrementAndGet))
        .isInstanceOf(RejectedException.DeadlineExceeded.class)
        .hasMessage("deadline passed before g was called");
    assertThat(sent).hasValue(0);
  }

  @Test
  void the_time_that_remains_is_visible_to_the_callee_and_to_guards_further_in() {
    List<Long> seen = new ArrayList<>();
    Guard inner = guard().deadline(Duration.ofSeconds(5)).build();
    Guard guard = guard().deadline(Duration.ofMillis(100)).build();

    guard.<Object, RuntimeException>call(
        attempt -> {
          seen.add(attempt.remainingNanos());
          time.jumpTo(30 * MILLI);
          seen.add(attempt.remainingNanos());
          return inner
              .within(attempt.deadline())
              .<Object, RuntimeException>call(within -> seen.add(within.remainingNanos()));
        });

    assertThat(seen).containsExactly(100 * MILLI, 70 * MILLI, 70 * MILLI);
  }

  @Test
  void a_timeout_interrupts_the_work_and_leaves_no_interrupt_behind() {
    Guard guard = guard().timeout(Duration.ofMillis(10)).breaker(breaker).build();

    assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      time.advance(20 * MILLI);
                      if (Thread.currentThread().isInterrupted()) {
                        throw new InterruptedException("stopped");
                      }
                      return "too late";
                    }))
        .isInstanceOfSatisfying(
            TimedOutException.class,
            timedOut -> {
              assertThat(timedOut.mayHaveTakenEffect()).isTrue();
              assertThat(timedOut.isDeadline()).isFalse();
              assertThat(timedOut.getSuppressed()).hasSize(1);
            });
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(breaker.stats().failures()).isEqualTo(1);
    assertThat(guard.stats().timeouts()).isEqualTo(1);
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void work_that_ends_in_time_is_not_interrupted_later_and_leaves_no_timer() {
    Guard guard = guard().timeout(Duration.ofMillis(10)).deadline(Duration.ofSeconds(1)).build();

    assertThat(guard.<Integer, RuntimeException>call(() -> 1)).isEqualTo(1);
    time.advance(SECOND);

    assertThat(Thread.currentThread().isInterrupted()).isFalse();
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void item_29_an_interrupt_during_back_off_ends_the_call_with_the_flag_set_again() {
    Timer interrupted =
        new Timer() {
          @Override
          public Runnable schedule(long delayNanos, Runnable task) {
            return time.schedule(delayNanos, task);
          }

          @Override
          public void sleep(long nanos) throws InterruptedException {
            throw new InterruptedException("during back-off");
          }
        };
    Guard guard =
        Guard.named("g").time(time, interrupted).retry(Retry.idempotent(3)).build();
    IOException failure = new IOException("first");

    assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      throw failure;
                    }))
        .isSameAs(failure);
    assertThat(failure.getSuppressed()).hasAtLeastOneElementOfType(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void a_retry_goes_to_another_target_and_each_pick_is_reported() {
    ListPicker<String> picker = new ListPicker<>("a", "b", "c");
    List<String> called = new ArrayList<>();
    Guard guard = guard().retry(Retry.idempotent(3)).build();

    String answer =
        guard.<String, String, RuntimeException>call(
            picker,
            target -> {
              called.add(target);
              if (called.size() < 3) {
                throw new IllegalStateException("down");
              }
              return "from " + target;
            });

    assertThat(answer).isEqualTo("from c");
    assertThat(called).containsExactly("a", "b", "c");
    assertThat(picker.done)
        .containsExactly(
            new ListPicker.Done("a", Outcome.FAILURE),
            new ListPicker.Done("b", Outcome.FAILURE),
            new ListPicker.Done("c", Outcome.SUCCESS));
  }

  @Test
  void a_refusal_after_the_pick_reports_the_pick_as_ignored() {
    ListPicker<String> picker = new ListPicker<>("a");
    breaker.forceOpen();
    Guard guard = guard().breaker(breaker).build();

    assertThatThrownBy(() -> guard.<String, String, RuntimeException>call(picker, t -> t))
        .isInstanceOf(RejectedException.CircuitOpen.class);
    assertThat(picker.done).containsExactly(new ListPicker.Done("a", Outcome.IGNORED));
  }

  @Test
  void without_a_target_the_call_is_refused() {
    Guard guard = guard().build();

    assertThatThrownBy(
            () -> guard.<String, String, RuntimeException>call(new ListPicker<String>(), t -> t))
        .isInstanceOf(RejectedException.NoTarget.class);
  }

  @Test
  void the_fallback_answers_refusals_and_failures_but_not_errors() {
    Guard guard = guard().breaker(breaker).build();
    Fallback<String> fallback = Fallback.value("old");

    assertThat(
            guard.<String, RuntimeException>call(
                () -> {
                  throw new IllegalStateException();
                },
                fallback))
        .isEqualTo("old");
    breaker.forceOpen();
    assertThat(guard.<String, RuntimeException>call(() -> "never", fallback)).isEqualTo("old");
    breaker.reset();
    assertThatThrownBy(
            () ->
                guard.<String, RuntimeException>call(
                    () -> {
                      throw new AssertionError("bug");
                    },
                    fallback))
        .isInstanceOf(AssertionError.class);
    assertThat(guard.stats().fallbacks()).isEqualTo(2);
  }

  @Test
  void fallbacks_chain_and_a_fallback_that_fails_keeps_the_first_failure() {
    Guard guard = guard().build();
    IllegalStateException first = new IllegalStateException("first");
    Guard.Work<String, RuntimeException> failing =
        () -> {
          throw first;
        };
    Fallback<String> none =
        failure -> {
          throw new IOException("no answer either");
        };

    assertThat(guard.call(failing, none.orElse(Fallback.value("second")))).isEqualTo("second");
    assertThat(
            guard.call(
                failing,
                Fallback.value("x")
                    .when(IllegalArgumentException.class::isInstance)
                    .orElse(Fallback.value("y"))))
        .isEqualTo("y");
    assertThatThrownBy(() -> guard.call(failing, none))
        .isInstanceOf(IOException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(first));
  }

  @Test
  void experts_reorder_by_nesting_guards_of_one_part_each() {
    AtomicInteger sent = new AtomicInteger();
    Guard breakerOutside =
        guard()
            .breaker(breaker)
            .build()
            .around(
                Guard.named("inner")
                    .time(time, time)
                    .retry(Retry.idempotent(5).withBackoff(Backoff.none()))
                    .build());

    assertThatThrownBy(
            () ->
                breakerOutside.<Object, RuntimeException>call(
                    () -> {
                      sent.incrementAndGet();
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(sent).hasValue(5);
    assertThat(breaker.stats().failures()).as("five attempts are one call to it").isEqualTo(1);
  }

  @Test
  void listeners_and_statistics_tell_the_same_story() {
    List<String> told = new ArrayList<>();
    Listener listener =
        new Listener() {
          @Override
          public void onAttempt(String guard, Outcome outcome, long latencyNanos) {
            told.add(outcome + " after " + latencyNanos);
          }

          @Override
          public void onRetry(String guard, int attempt, long delayNanos) {
            told.add("retry " + attempt);
          }

          @Override
          public void onRejected(String guard, RejectedException rejection) {
            told.add("rejected " + rejection.getMessage());
          }
        };
    Bulkhead none = Bulkhead.of("none", 1);
    Guard guard =
        guard()
            .listener(listener)
            .limit(none)
            .retry(Retry.idempotent(2).withBackoff(Backoff.none()))
            .build();

    assertThatThrownBy(
            () ->
                guard.<Object, RuntimeException>call(
                    () -> {
                      time.jumpTo(time.getAsLong() + 5);
                      throw new IllegalStateException();
                    }))
        .isInstanceOf(IllegalStateException.class);
    none.tryAcquire(0);
    assertThatThrownBy(() -> guard.<Object, RuntimeException>call(() -> 1))
        .isInstanceOf(RejectedException.LimitExceeded.class);

    assertThat(told)
        .containsExactly(
            "FAILURE after 5",
            "retry 2",
            "FAILURE after 5",
            "rejected limit reached: bulkhead none of 1");
    assertThat(guard.stats()).isEqualTo(new Guard.Stats(2, 1, 1, 1, 0, 0, 0));
  }
}
