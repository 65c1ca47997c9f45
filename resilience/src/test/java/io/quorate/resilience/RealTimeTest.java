package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The real clock and timer, and goal M10: what it takes to protect a call with the defaults. */
class RealTimeTest {
  @Test
  void three_lines_protect_a_synchronous_and_an_asynchronous_call() {
    Guard guard =
        Guard.named("r").deadline(Duration.ofDays(1)).retry(Retry.idempotent(3)).breaker().build();
    int p = guard.call(() -> 40 + 2);
    CompletableFuture<Integer> f = guard.callAsync(a -> CompletableFuture.completedFuture(42));

    assertThat(p).isEqualTo(f.join());
  }

  @Test
  void the_process_has_one_timer_thread_a_daemon_whoever_uses_it() throws Exception {
    CountDownLatch ran = new CountDownLatch(20);
    Set<Thread> threads = java.util.Collections.synchronizedSet(new HashSet<>());
    for (int i = 0; i < 10; i++) {
      RealTime.timer().schedule(0, RealTimeTest::fail);
      RealTime.timer()
          .schedule(
              1,
              () -> {
                threads.add(Thread.currentThread());
                ran.countDown();
              });
      Guard.named("g" + i).timeout(Duration.ofHours(1)).build().call(() -> 1);
      RealTime.timer().schedule(1000, ran::countDown);
    }
    ran.await();

    assertThat(threads).hasSize(1).allMatch(Thread::isDaemon);
    assertThat(Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("quorate-resilience")))
        .hasSize(1);
  }

  private static void fail() {
    throw new IllegalStateException("contained");
  }

  @Test
  void a_cancelled_task_does_not_run() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch later = new CountDownLatch(1);
    boolean[] ran = new boolean[1];
    RealTime.timer()
        .schedule(
            0,
            () -> {
              try {
                busy.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    // The timer's one thread is busy, so this is still waiting when it is cancelled.
    Runnable cancel = RealTime.timer().schedule(1, () -> ran[0] = true);
    cancel.run();
    RealTime.timer().schedule(2, later::countDown);
    busy.countDown();

    later.await();

    assertThat(ran[0]).isFalse();
  }

  @Test
  void the_sleep_of_a_plain_timer_ends_when_its_task_runs() throws Exception {
    Timer plain = RealTime.timer()::schedule;
    long from = RealTime.clock().getAsLong();

    plain.sleep(2_000_000);

    assertThat(RealTime.clock().getAsLong() - from).isGreaterThanOrEqualTo(2_000_000);
  }

  @Test
  void a_synchronous_call_that_blocks_is_interrupted_by_the_timer_thread() {
    Guard guard = Guard.named("g").timeout(Duration.ofMillis(5)).build();
    CountDownLatch never = new CountDownLatch(1);

    org.assertj.core.api.Assertions.assertThatThrownBy(
            () ->
                guard.call(
                    () -> {
                      never.await();
                      return 1;
                    }))
        .isInstanceOf(TimedOutException.class);
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void seeds_differ() {
    Set<Long> seeds = new HashSet<>();
    for (int i = 0; i < 1000; i++) {
      seeds.add(RealTime.seed());
    }
    assertThat(seeds).hasSize(1000);
  }
}
