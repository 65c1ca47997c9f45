package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static io.quorate.resilience.CircuitBreaker.State.CLOSED;
import static io.quorate.resilience.CircuitBreaker.State.HALF_OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Asynchronous calls; checklist items 3, 4, 11, 38, 63, 64, 65. */
class AsyncGuardTest {
  private final VirtualTime time = new VirtualTime();
  private final CircuitBreaker breaker = Breakers.small(time);
  private final Bulkhead bulkhead = Bulkhead.of("b", 2);

  private Guard.Builder guard() {
    return Guard.named("g").time(time, time).seed(1);
  }

  private static Throwable failureOf(CompletableFuture<?> call) {
    assertThat(call).isDone();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    call.whenComplete((result, thrown) -> failure.set(Failures.unwrapped(thrown)));
    return failure.get();
  }

  @Test
  void a_stage_that_is_complete_already_is_returned_as_it_is() {
    Guard guard = guard().breaker(breaker).limit(bulkhead).retry(Retry.idempotent(3)).build();
    CompletableFuture<String> stage = CompletableFuture.completedFuture("answer");

    assertThat(guard.callAsync(attempt -> stage)).isSameAs(stage);
    assertThat(breaker.stats().calls()).isEqualTo(1);
    assertThat(bulkhead.stats(time).inUse()).isZero();
  }

  @Test
  void item_3_whatever_ends_an_asynchronous_probe_gives_its_place_back() {
    List<Guard.AsyncWork<String>> ends =
        List.of(
            attempt -> CompletableFuture.failedFuture(new AssertionError()),
            attempt -> {
              throw new AssertionError("thrown, not failed");
            },
            attempt -> null,
            attempt -> {
              CompletableFuture<String> cancelled = new CompletableFuture<>();
              cancelled.cancel(true);
              return cancelled;
            });
    for (Guard.AsyncWork<String> end : ends) {
      CircuitBreaker probing = Breakers.small(time);
      Guard guard = guard().breaker(probing).limit(bulkhead).build();
      Breakers.halfOpen(probing, time);

      assertThat(guard.callAsync(end)).isCompletedExceptionally();
      assertThat(guard.callAsync(end)).isCompletedExceptionally();
      time.advance(60 * SECOND);

      assertThat(probing.state()).isEqualTo(HALF_OPEN);
      guard.callAsync(attempt -> CompletableFuture.completedFuture("well"));
      guard.callAsync(attempt -> CompletableFuture.completedFuture("well"));
      assertThat(probing.state()).isEqualTo(CLOSED);
      assertThat(bulkhead.stats(time).inUse()).isZero();
    }
  }

  @Test
  void item_4_a_stage_completed_after_its_timeout_counts_once() {
    ListPicker<String> picker = new ListPicker<>("a");
    Guard guard =
        guard().breaker(breaker).limit(bulkhead).timeout(Duration.ofMillis(10)).build();
    Stubborn<String> work = new Stubborn<>();
    CompletableFuture<String> call = guard.callAsync(picker, (target, attempt) -> work);
    assertThat(bulkhead.stats(time).inUse()).isEqualTo(1);

    time.advance(10 * MILLI);
    assertThat(failureOf(call)).isInstanceOf(TimedOutException.class);
    assertThat(breaker.stats().failures()).isEqualTo(1);
    assertThat(bulkhead.stats(time).inUse()).as("its work goes on").isEqualTo(1);
    work.complete("late");
    work.complete("later");

    assertThat(bulkhead.stats(time).inUse()).isZero();
    assertThat(breaker.stats().calls()).isEqualTo(1);
    assertThat(picker.done).containsExactly(new ListPicker.Done("a", Outcome.FAILURE));
  }

  /** Work that cannot be cancelled. */
  private static final class Stubborn<T> extends CompletableFuture<T> {
    boolean asked;

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      asked = true;
      return false;
    }
  }

  @Test
  void item_11_a_cancelled_call_cancels_its_work_and_is_no_failure() {
    Guard guard =
        guard()
            .breaker(breaker)
            .limit(bulkhead)
            .timeout(Duration.ofSeconds(1))
            .deadline(Duration.ofSeconds(2))
            .build();
    Breakers.halfOpen(breaker, time);
    CompletableFuture<String> work = new CompletableFuture<>();
    CompletableFuture<String> call = guard.callAsync(attempt -> work);

    call.cancel(true);

    assertThat(work).isCancelled();
    assertThat(breaker.state()).isEqualTo(HALF_OPEN);
    assertThat(bulkhead.stats(time).inUse()).isZero();
    assertThat(time.pendingCount()).isZero();
    guard.callAsync(attempt -> CompletableFuture.completedFuture("1"));
    guard.callAsync(attempt -> CompletableFuture.completedFuture("2"));
    assertThat(breaker.state()).isEqualTo(CLOSED);
  }

  @Test
  void item_38_in_flight_returns_to_zero_after_cancel_throw_and_timeout() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    Guard guard =
        guard().timeout(Duration.ofMillis(10)).limit(bulkhead).retry(Retry.idempotent(2)).build();

    guard.callAsync(picker, (target, attempt) -> new CompletableFuture<String>()).cancel(false);
    guard.<String, String>callAsync(
        picker,
        (target, attempt) -> {
          throw new IllegalStateException();
        });
    time.runAll();
    guard.callAsync(picker, (target, attempt) -> new CompletableFuture<String>());
    time.runAll();

    assertThat(picker.inFlight()).isZero();
    assertThat(bulkhead.stats(time).inUse()).isZero();
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void a_timed_out_attempt_is_cancelled_and_tried_again_at_another_target() {
    ListPicker<String> picker = new ListPicker<>("a", "b");
    List<CompletableFuture<String>> works = new ArrayList<>();
    List<Attempt> attempts = new ArrayList<>();
    Guard guard =
        guard()
            .timeout(Duration.ofMillis(10))
            .retry(Retry.idempotent(2).withBackoff(Backoff.none()))
            .build();
    CompletableFuture<String> call =
        guard.callAsync(
            picker,
            (target, attempt) -> {
              attempts.add(attempt);
              works.add(new CompletableFuture<>());
              return works.get(works.size() - 1);
            });

    time.advance(10 * MILLI);
    assertThat(works).hasSize(2);
    assertThat(works.get(0)).isCancelled();
    assertThat(attempts.get(0).isCancelled()).isTrue();
    assertThat(attempts.get(1).isCancelled()).isFalse();
    works.get(1).complete("answer");

    assertThat(call).isCompletedWithValue("answer");
    assertThat(picker.done)
        .containsExactly(
            new ListPicker.Done("a", Outcome.FAILURE), new ListPicker.Done("b", Outcome.SUCCESS));
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void the_deadline_ends_the_call_whatever_is_out_and_the_last_real_failure_is_told() {
    Guard guard =
        guard()
            .deadline(Duration.ofMillis(100))
            .timeout(Duration.ofMillis(60))
            .retry(Retry.idempotent(9).withBackoff(Backoff.none()))
            .build();
    List<Long> remaining = new ArrayList<>();

    CompletableFuture<String> call =
        guard.callAsync(
            attempt -> {
              remaining.add(attempt.remainingNanos());
              return new CompletableFuture<>();
            });
    time.runAll();

    assertThat(time.getAsLong()).isEqualTo(100 * MILLI);
    assertThat(remaining).containsExactly(60 * MILLI, 40 * MILLI);
    assertThat(failureOf(call))
        .isInstanceOfSatisfying(
            TimedOutException.class, e -> assertThat(e.isDeadline()).isTrue());
  }

  @Test
  void refusals_fail_the_future_and_never_throw() {
    breaker.forceOpen();
    Guard guard = guard().breaker(breaker).build();

    CompletableFuture<String> call =
        guard.callAsync(attempt -> CompletableFuture.completedFuture("never"));

    assertThat(failureOf(call)).isInstanceOf(RejectedException.CircuitOpen.class);
    assertThat(
            failureOf(
                guard()
                    .build()
                    .within(Deadline.after(Duration.ZERO, time))
                    .callAsync(attempt -> CompletableFuture.completedFuture("never"))))
        .isInstanceOf(RejectedException.DeadlineExceeded.class);
  }

  @Test
  void the_fallback_answers_asynchronous_failures_refusals_and_deadlines() {
    Fallback<String> old = Fallback.value("old");
    Guard guard = guard().breaker(breaker).deadline(Duration.ofMillis(10)).build();

    CompletableFuture<String> late = guard.callAsync(a -> new CompletableFuture<String>(), old);
    time.runAll();
    assertThat(late).isCompletedWithValue("old");
    assertThat(guard.callAsync(a -> CompletableFuture.failedFuture(new IOException()), old))
        .isCompletedWithValue("old");
    breaker.forceOpen();
    assertThat(guard.callAsync(a -> CompletableFuture.completedFuture("never"), old))
        .isCompletedWithValue("old");
    assertThat(guard.stats().fallbacks()).isEqualTo(3);
  }

  @Test
  void a_fallback_that_fails_or_throws_fails_the_call_and_keeps_the_failure() {
    IOException first = new IOException("first");
    Guard.AsyncWork<String> failing = a -> CompletableFuture.failedFuture(first);
    Fallback<String> none =
        failure -> {
          throw new IllegalStateException("no answer");
        };
    Fallback<String> broken =
        new Fallback<>() {
          @Override
          public String recover(Throwable failure) {
            throw new IllegalStateException("broken");
          }

          @Override
          public CompletionStage<String> recoverAsync(Throwable failure) {
            throw new IllegalStateException("broken");
          }
        };

    for (Fallback<String> fallback : List.of(none, broken)) {
      assertThat(failureOf(guard().build().callAsync(failing, fallback)))
          .isInstanceOf(IllegalStateException.class)
          .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(first));
    }
    assertThat(
            guard()
                .build()
                .callAsync(failing, none.when(IOException.class::isInstance).orElse(f -> "last")))
        .isCompletedWithValue("last");
  }

  @Test
  void item_63_the_context_is_captured_once_and_holds_in_retry_and_fallback() {
    AtomicReference<String> current = new AtomicReference<>("caller");
    AtomicInteger captures = new AtomicInteger();
    List<String> seen = new ArrayList<>();
    Guard guard =
        guard()
            .retry(Retry.idempotent(3).withBackoff(Backoff.fixed(Duration.ofMillis(1))))
            .context(
                () -> {
                  captures.incrementAndGet();
                  String captured = current.get();
                  return task -> {
                    String outside = current.getAndSet(captured);
                    task.run();
                    current.set(outside);
                  };
                })
            .build();

    CompletableFuture<String> call =
        guard.callAsync(
            attempt -> {
              seen.add("attempt " + attempt.number() + " " + current.get());
              return CompletableFuture.failedFuture(new IOException());
            },
            failure -> {
              seen.add("fallback " + current.get());
              return "old";
            });
    current.set("timer thread");
    time.runAll();

    assertThat(call).isCompletedWithValue("old");
    assertThat(captures).hasValue(1);
    assertThat(seen)
        .containsExactly(
            "attempt 1 caller", "attempt 2 caller", "attempt 3 caller", "fallback caller");
    assertThat(current).hasValue("timer thread");
  }

  @Test
  void a_context_that_throws_ends_the_call_and_leaks_nothing() {
    Executor broken =
        task -> {
          throw new IllegalStateException("context");
        };
    Guard guard =
        guard()
            .breaker(breaker)
            .limit(bulkhead)
            .retry(Retry.idempotent(3))
            .context(() -> broken)
            .build();
    CompletableFuture<String> work = new CompletableFuture<>();
    CompletableFuture<String> call = guard.callAsync(attempt -> work);

    work.completeExceptionally(new IOException());

    assertThat(failureOf(call)).hasMessage("context");
    assertThat(bulkhead.stats(time).inUse()).isZero();
    Guard throwing =
        guard()
            .context(
                () -> {
                  throw new IllegalStateException("capture");
                })
            .build();
    assertThat(failureOf(throwing.callAsync(a -> work))).hasMessage("capture");
  }

  @Test
  void item_64_no_timer_is_left_once_calls_have_ended() {
    Guard guard =
        guard()
            .deadline(Duration.ofSeconds(10))
            .timeout(Duration.ofSeconds(1))
            .retry(Retry.idempotent(3))
            .hedge(Hedge.defaults())
            .build();
    for (int i = 0; i < 100; i++) {
      CompletableFuture<String> work = new CompletableFuture<>();
      CompletableFuture<String> call = guard.callAsync(attempt -> work);
      assertThat(time.pendingCount()).isPositive();
      switch (i % 4) {
        case 0 -> work.complete("answer");
        case 1 -> work.completeExceptionally(new CancellationException());
        case 2 -> call.cancel(false);
        default -> call.complete("answered elsewhere");
      }
      assertThat(call).isDone();
      assertThat(time.pendingCount()).isZero();
    }
  }

  @Test
  void item_65_callbacks_run_on_the_thread_that_completed_the_attempt() throws Exception {
    Guard guard = guard().breaker(breaker).retry(Retry.idempotent(2)).build();
    CompletableFuture<String> work = new CompletableFuture<>();
    AtomicReference<Thread> ran = new AtomicReference<>();
    guard
        .callAsync(attempt -> work)
        .whenComplete((answer, failure) -> ran.set(Thread.currentThread()));

    Thread loop = new Thread(() -> work.complete("answer"));
    loop.start();
    loop.join();

    assertThat(ran).hasValue(loop);
  }

  @Test
  void a_picker_that_throws_fails_the_call_wherever_it_is_asked() {
    AtomicInteger picks = new AtomicInteger();
    Picker<String> broken =
        new Picker<>() {
          @Override
          public long pick(long affinity, Tried<String> tried, long nowNanos) {
            if (picks.incrementAndGet() > 1) {
              throw new IllegalStateException("picker");
            }
            return 1;
          }

          @Override
          public String target(long token) {
            return "a";
          }

          @Override
          public void done(long token, Outcome outcome, long nowNanos) {}
        };
    Guard guard = guard().retry(Retry.idempotent(3)).build();

    CompletableFuture<String> call =
        guard.callAsync(
            broken, (target, attempt) -> CompletableFuture.failedFuture(new IOException()));
    time.runAll();

    assertThat(failureOf(call)).hasMessage("picker");
    assertThat(failureOf(guard.callAsync(broken, (t, a) -> new CompletableFuture<String>())))
        .hasMessage("picker");
  }

  @Test
  void a_call_nested_in_another_guard_ends_by_the_outer_deadline() {
    Guard inner = Guard.named("inner").time(time, time).deadline(Duration.ofHours(1)).build();
    Guard outer = guard().deadline(Duration.ofMillis(5)).build().around(inner);
    CompletableFuture<String> work = new CompletableFuture<>();

    CompletableFuture<String> call = outer.callAsync(attempt -> work);
    time.runAll();

    assertThat(failureOf(call)).isInstanceOf(TimedOutException.class);
    assertThat(work).isCancelled();
    assertThatThrownBy(call::join).hasCauseInstanceOf(TimedOutException.class);
    assertThat(time.getAsLong()).isEqualTo(5 * MILLI);
  }
}
