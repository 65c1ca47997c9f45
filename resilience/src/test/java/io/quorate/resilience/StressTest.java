package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** Calls on real threads that race with their timeouts, hedges, retries and cancellation. */
class StressTest {
  /** Picks in turn; counts how often each pick was ended. For many threads. */
  private static final class CountingPicker implements Picker<String> {
    private static final String[] TARGETS = {"a", "b", "c"};
    final AtomicInteger picks = new AtomicInteger();
    final AtomicIntegerArray done;

    CountingPicker(int most) {
      done = new AtomicIntegerArray(most);
    }

    @Override
    public long pick(long affinity, Tried<String> tried, long nowNanos) {
      return picks.incrementAndGet();
    }

    @Override
    public String target(long token) {
      return TARGETS[(int) (token % TARGETS.length)];
    }

    @Override
    public void done(long token, Outcome outcome, long nowNanos) {
      done.incrementAndGet((int) token);
    }
  }

  @Test
  void every_permit_comes_back_exactly_once_however_calls_end() throws Exception {
    int calls = 20_000;
    CountingPicker picker = new CountingPicker(calls * 8);
    CircuitBreaker breaker =
        CircuitBreaker.create(
            "s", CircuitBreakerOptions.defaults().withOpen(Duration.ofMillis(1),
                Duration.ofMillis(2), 0.2));
    Bulkhead bulkhead = Bulkhead.of("s", 64);
    Guard guard =
        Guard.named("s")
            .deadline(Duration.ofMillis(5))
            .timeout(Duration.ofMillis(1))
            .retry(Retry.idempotent(4).withBackoff(Backoff.fixed(Duration.ofNanos(20_000))))
            .budget(RetryBudget.of(1, 1000, 100_000, RealTime.clock().getAsLong()))
            .hedge(new Hedge(0.5, Duration.ZERO, Duration.ofNanos(50_000), 2, 1))
            .breaker(breaker)
            .limit(bulkhead)
            .build();
    ExecutorService callers = Executors.newFixedThreadPool(2);
    ScheduledExecutorService servers = Executors.newScheduledThreadPool(2);
    CountDownLatch ended = new CountDownLatch(calls);
    AtomicInteger strange = new AtomicInteger();
    try {
      for (int t = 0; t < 2; t++) {
        SplittableRandom random = new SplittableRandom(t);
        callers.submit(
            () -> {
              for (int i = 0; i < calls / 2; i++) {
                long delay = random.nextInt(4) == 0 ? 0 : random.nextLong(1_500_000);
                boolean fails = random.nextInt(4) == 0;
                CompletableFuture<String> call =
                    guard.callAsync(
                        picker,
                        (target, attempt) -> {
                          CompletableFuture<String> work = new CompletableFuture<>();
                          Runnable end =
                              () -> {
                                if (fails) {
                                  work.completeExceptionally(new IllegalStateException());
                                } else {
                                  work.complete(target);
                                }
                              };
                          if (delay == 0) {
                            end.run();
                          } else {
                            servers.schedule(end, delay, TimeUnit.NANOSECONDS);
                          }
                          return work;
                        });
                call.whenComplete((answer, failure) -> ended.countDown());
                if (random.nextInt(10) == 0) {
                  call.cancel(true);
                }
                if (i % 50 == 49) {
                  try {
                    call.join();
                  } catch (CompletionException | CancellationException e) {
                    if (e.getCause() instanceof NullPointerException) {
                      strange.incrementAndGet();
                    }
                  }
                }
              }
            });
      }
      assertThat(ended.await(120, TimeUnit.SECONDS)).as("every call ends").isTrue();
    } finally {
      callers.shutdown();
      callers.awaitTermination(60, TimeUnit.SECONDS);
      servers.shutdownNow();
      servers.awaitTermination(60, TimeUnit.SECONDS);
    }

    List<Integer> wrong = new ArrayList<>();
    for (int pick = 1; pick <= picker.picks.get(); pick++) {
      if (picker.done.get(pick) != 1) {
        wrong.add(pick);
      }
    }
    assertThat(wrong).as("picks not ended exactly once, of %s", picker.picks).isEmpty();
    assertThat(bulkhead.stats(RealTime.clock()).inUse()).isZero();
    assertThat(strange).hasValue(0);
    assertThat(guard.stats().hedges()).as("hedges raced").isPositive();
    assertThat(guard.stats().retries()).as("retries raced").isPositive();
    assertThat(guard.stats().timeouts()).as("timeouts raced").isPositive();
  }

  @Test
  void an_interrupter_that_races_with_the_end_of_its_work_leaves_no_interrupt_behind()
      throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor();
    int interrupted = 0;
    try {
      for (int i = 0; i < 20_000; i++) {
        Runnable[] due = new Runnable[1];
        Interrupter interrupter =
            new Interrupter(
                (delay, task) -> {
                  due[0] = task;
                  return () -> {};
                },
                1);
        CountDownLatch fired = new CountDownLatch(1);
        other.execute(
            () -> {
              due[0].run();
              fired.countDown();
            });
        for (int spin = 0; spin < i % 200; spin++) {
          Thread.onSpinWait();
        }
        boolean late = interrupter.stop();
        interrupted += late ? 1 : 0;

        assertThat(Thread.currentThread().isInterrupted()).isFalse();
        fired.await();
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
      }
    } finally {
      other.shutdownNow();
    }
    assertThat(interrupted).as("both ends of the race were seen").isBetween(1, 19_999);
  }

  @Test
  void an_adaptive_limit_and_a_throttle_keep_count_under_threads() throws Exception {
    AdaptiveLimit limit =
        AdaptiveLimit.of(
            "s", new AdaptiveLimit.Options(3, 1, 8, 1.5, Duration.ofMillis(1)));
    Throttle throttle = Throttle.named("s");
    Latencies latencies = new Latencies(0.9);
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(4);
    for (int t = 0; t < 4; t++) {
      pool.submit(
          () -> {
            for (int i = 0; i < 50_000; i++) {
              long now = RealTime.clock().getAsLong();
              latencies.record(1000);
              throttle.release(Limiter.UNIT, Outcome.SUCCESS, now);
              long token = limit.tryAcquire(now);
              if (token > 0) {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                inside.decrementAndGet();
                limit.release(token, Outcome.SUCCESS, RealTime.clock().getAsLong());
                limit.release(token, Outcome.SUCCESS, RealTime.clock().getAsLong());
              }
            }
          });
    }
    pool.shutdown();
    assertThat(pool.awaitTermination(120, TimeUnit.SECONDS)).isTrue();

    assertThat(most.get()).isBetween(1, 8);
    assertThat(limit.stats().inUse()).isZero();
    assertThat(throttle.stats(RealTime.clock().getAsLong()).successes()).isEqualTo(200_000);
    assertThat(latencies.quantileNanos()).isBetween(1000L, 1130L);
  }
}
