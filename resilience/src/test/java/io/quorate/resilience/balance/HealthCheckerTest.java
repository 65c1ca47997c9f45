package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Tried;
import io.quorate.resilience.balance.LoadBalancer.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Items 47-53 of the checklist, and probes that misbehave. */
class HealthCheckerTest {
  private static final long SECOND = 1_000_000_000;
  private static final HealthChecker.Options EACH_SECOND =
      HealthChecker.Options.defaults()
          .withInterval(Duration.ofSeconds(1), Duration.ofMillis(200));

  private final VirtualTime time = new VirtualTime();
  private final List<String> told = new ArrayList<>();
  private final Map<String, List<Long>> probed = new HashMap<>();
  private Function<String, CompletionStage<Boolean>> answer =
      target -> CompletableFuture.completedFuture(true);

  private final HealthChecker<String> checker = checker(EACH_SECOND);

  private HealthChecker<String> checker(HealthChecker.Options options) {
    return new HealthChecker<>(
        (target, timeoutNanos) -> {
          probed.computeIfAbsent(target, t -> new ArrayList<>()).add(time.getAsLong());
          return answer.apply(target);
        },
        options,
        time,
        time,
        5,
        (target, healthy) -> told.add(target + (healthy ? " up" : " down")));
  }

  private static CompletionStage<Boolean> say(boolean healthy) {
    return CompletableFuture.completedFuture(healthy);
  }

  /** Lets each of the given answers be that of one probe of {@code a}. */
  private void answers(String goodAndBad) {
    for (char c : goodAndBad.toCharArray()) {
      int before = probed.getOrDefault("a", List.of()).size();
      answer = target -> say(c == '+');
      while (probed.getOrDefault("a", List.of()).size() == before) {
        time.runNext();
      }
    }
  }

  @Test
  void item_47_it_takes_three_bad_answers_in_a_row_to_fall_and_two_good_ones_to_rise() {
    checker.watch("a");

    answers("+");
    assertThat(told).containsExactly("a up");
    answers("--+--+--+");
    assertThat(told).containsExactly("a up");
    answers("+++++++++++++---");
    assertThat(told).containsExactly("a up", "a down");
    answers("+-+-+-");
    assertThat(told).containsExactly("a up", "a down");
    answers("++");
    assertThat(told).containsExactly("a up", "a down", "a up");
  }

  @Test
  void item_47_the_first_answer_decides_at_once() {
    checker.watch("a");
    assertThat(checker.healthy("a")).isFalse();

    answers("-");

    assertThat(told).containsExactly("a down");
  }

  @Test
  void item_48_a_hung_probe_times_out_and_delays_neither_its_next_nor_any_other() {
    List<CompletableFuture<Boolean>> hung = new ArrayList<>();
    answer =
        target -> {
          if (target.equals("b")) {
            return say(true);
          }
          hung.add(new CompletableFuture<>());
          return hung.get(hung.size() - 1);
        };
    checker.watch("a");
    checker.watch("b");

    time.runFor(20 * SECOND);

    assertThat(probed.get("a")).hasSizeBetween(18, 22);
    assertThat(probed.get("b")).hasSizeBetween(18, 22);
    assertThat(told).contains("a down", "b up");
    assertThat(checker.stats().unanswered()).isBetween(17L, 22L);
    assertThat(hung.subList(0, hung.size() - 1)).allMatch(CompletableFuture::isCancelled);
    // One probe of each is due; at most one waits for its answer.
    assertThat(time.pending()).isBetween(2, 3);
  }

  @Test
  void item_48_an_answer_that_comes_too_late_counts_for_nothing() {
    List<Runnable> late = new ArrayList<>();
    answer =
        target -> {
          CompletableFuture<Boolean> stage =
              new CompletableFuture<>() {
                @Override
                public boolean cancel(boolean mayInterrupt) {
                  throw new UnsupportedOperationException();
                }
              };
          late.add(() -> stage.complete(true));
          return stage;
        };
    checker.watch("a");
    for (int i = 0; i < 10; i++) {
      time.runFor(SECOND / 2);
      late.forEach(Runnable::run);
      time.runFor(SECOND / 2);
    }
    long goodInTime = checker.stats().probes() - checker.stats().failed();

    // Control: those that were answered within their 200 ms do count.
    assertThat(goodInTime).isLessThan(checker.stats().probes());
    assertThat(checker.stats().unanswered()).isEqualTo(checker.stats().failed()).isPositive();
  }

  @Test
  void item_49_probes_start_spread_over_the_first_interval_and_stay_spread() {
    for (int i = 0; i < 200; i++) {
      checker.watch("t" + i);
    }

    time.runFor(SECOND);
    for (int tenth = 0; tenth < 10; tenth++) {
      long from = tenth * SECOND / 10;
      long started =
          probed.values().stream()
              .filter(at -> at.get(0) >= from && at.get(0) < from + SECOND / 10)
              .count();
      assertThat(started).as("first probes in tenth " + tenth).isBetween(8L, 36L);
    }
    time.runFor(9 * SECOND);
    List<Long> gaps = new ArrayList<>();
    probed.values().forEach(
        at -> IntStream.range(1, at.size()).forEach(i -> gaps.add(at.get(i) - at.get(i - 1))));
    assertThat(gaps).allMatch(gap -> gap >= SECOND * 9 / 10 && gap <= SECOND * 11 / 10);
    assertThat(gaps.stream().distinct().count()).isGreaterThan(gaps.size() / 2);
  }

  @Test
  void item_50_a_probe_that_throws_even_an_error_or_returns_null_is_a_bad_answer() {
    List<Function<String, CompletionStage<Boolean>>> bad =
        List.of(
            target -> {
              throw new AssertionError("broken probe");
            },
            target -> {
              throw new IllegalStateException("broken probe");
            },
            target -> null,
            target -> CompletableFuture.completedFuture(null),
            target -> CompletableFuture.failedFuture(new StackOverflowError()));
    for (int i = 0; i < bad.size(); i++) {
      String target = "t" + i;
      answer = bad.get(i);
      checker.watch(target);
      time.runFor(5 * SECOND);

      assertThat(told).containsExactly(target + " down");
      answer = t -> say(true);
      time.runFor(5 * SECOND);
      assertThat(told).containsExactly(target + " down", target + " up");
      checker.unwatch(target);
      told.clear();
    }
  }

  @Test
  void item_51_recovery_needs_the_rise_and_the_end_of_the_ejection() {
    AtomicBoolean healthy = new AtomicBoolean(true);
    LoadBalancer<String> balancer =
        LoadBalancer.<String>builder()
            .clock(time)
            .timer(time)
            .seed(1)
            .policy(Policy.roundRobin())
            .ejection(
                new EjectionOptions(
                    5, 0.8, 50, 0.5, Duration.ofSeconds(10), Duration.ofSeconds(10)))
            .health((target, timeout) -> say(!target.equals("a") || healthy.get()), EACH_SECOND)
            .build(List.of(Replica.of("a"), Replica.of("b"), Replica.of("c")));
    time.runFor(5 * SECOND);

    healthy.set(false);
    time.runFor(5 * SECOND);
    assertThat(balancer.state("a")).contains(State.UNHEALTHY);
    healthy.set(true);
    time.runFor(5 * SECOND);
    assertThat(balancer.state("a")).contains(State.STARTING);

    time.runFor(20 * SECOND);
    for (int i = 0; i < 15; i++) {
      long token = balancer.pick(0, Tried.none(), time.getAsLong());
      boolean fails = balancer.target(token).equals("a");
      balancer.done(token, fails ? Outcome.FAILURE : Outcome.SUCCESS, time.getAsLong());
    }
    healthy.set(false);
    time.runFor(5 * SECOND);
    healthy.set(true);
    time.runFor(4 * SECOND);
    assertThat(balancer.state("a")).as("risen, ejected for 1 s more").contains(State.EJECTED);
    time.runFor(2 * SECOND);
    assertThat(balancer.state("a")).contains(State.ON_PROBATION);
    balancer.close();
    assertThat(time.pending()).isZero();
  }

  @Test
  void item_52_after_close_no_listener_is_told_and_no_timer_is_left() {
    CompletableFuture<Boolean> open = new CompletableFuture<>();
    answer = target -> open;
    checker.watch("a");
    checker.watch("b");
    while (probed.isEmpty()) {
      time.runNext();
    }

    checker.close();
    checker.close();
    open.complete(true);
    time.runFor(10 * SECOND);

    assertThat(time.pending()).isZero();
    assertThat(told).isEmpty();
    assertThat(open).isCancelled();
    assertThatThrownBy(() -> checker.watch("c")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void item_52_close_waits_for_a_listener_that_is_being_told() throws InterruptedException {
    CountDownLatch inListener = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicReference<String> order = new AtomicReference<>("");
    HealthChecker<String> slow =
        new HealthChecker<>(
            (target, timeout) -> say(true),
            EACH_SECOND,
            time,
            time,
            1,
            (target, healthy) -> {
              inListener.countDown();
              try {
                leave.await();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              order.accumulateAndGet("told ", String::concat);
            });
    slow.watch("a");
    Thread prober = new Thread(() -> time.runFor(SECOND));
    prober.start();
    inListener.await();
    Thread closer =
        new Thread(
            () -> {
              slow.close();
              order.accumulateAndGet("closed ", String::concat);
            });
    closer.start();

    leave.countDown();
    closer.join();
    prober.join();

    assertThat(order.get()).isEqualTo("told closed ");
  }

  @Test
  void item_53_a_target_that_flaps_at_half_does_not_oscillate() {
    SplittableRandom coin = new SplittableRandom(99);
    for (int i = 0; i < 20; i++) {
      checker.watch("t" + i);
    }
    answer = target -> say(coin.nextBoolean());

    time.runFor(3_600 * SECOND);

    double changes = (double) told.size() / 20;
    assertThat(changes).isLessThan(12);
    assertThat(checker.stats().healthy()).isLessThanOrEqualTo(2);
    // Control: with rise and fall alone it does oscillate.
    assertThat(changesWithoutDamping(coin, 3_600)).isGreaterThan(200);
  }

  private static int changesWithoutDamping(SplittableRandom coin, int probes) {
    int changes = 0;
    int streak = 0;
    boolean healthy = true;
    for (int i = 0; i < probes; i++) {
      streak = coin.nextBoolean() == healthy ? 0 : streak + 1;
      if (streak == (healthy ? 3 : 2)) {
        healthy = !healthy;
        streak = 0;
        changes++;
      }
    }
    return changes;
  }

  @Test
  void item_53_a_target_that_has_settled_is_judged_as_before() {
    checker.watch("a");
    answers("+---++---++++---");
    told.clear();

    answers("+".repeat(90) + "---" + "++");

    assertThat(told).containsExactly("a up", "a down", "a up");
  }

  @Test
  void a_blocking_probe_that_hangs_holds_one_thread_and_never_two() {
    List<Runnable> threads = new ArrayList<>();
    HealthChecker.Probe<String> probe = HealthChecker.blocking(target -> true, threads::add);

    CompletionStage<Boolean> first = probe.check("a", 1);
    CompletionStage<Boolean> second = probe.check("a", 1);
    assertThat(threads).hasSize(1);
    assertThat(second).isCompletedWithValue(false);
    threads.get(0).run();

    assertThat(first).isCompletedWithValue(true);
    probe.check("a", 1);
    assertThat(threads).hasSize(2);
  }

  @Test
  void a_blocking_probe_that_throws_or_is_refused_fails_and_can_be_tried_again() {
    HealthChecker.Probe<String> throwing =
        HealthChecker.blocking(
            target -> {
              throw new AssertionError(target);
            },
            Runnable::run);
    HealthChecker.Probe<String> refused =
        HealthChecker.blocking(
            target -> true,
            task -> {
              throw new RejectedExecutionException();
            });
    for (int i = 0; i < 2; i++) {
      assertThat(throwing.check("a", 1).toCompletableFuture())
          .failsWithin(Duration.ZERO)
          .withThrowableOfType(Exception.class)
          .withCauseInstanceOf(AssertionError.class);
      assertThat(refused.check("a", 1).toCompletableFuture()).isCompletedExceptionally();
    }
  }

  @Test
  void a_listener_that_throws_does_not_end_the_probing() {
    HealthChecker<String> contained =
        new HealthChecker<>(
            (target, timeout) -> say(true),
            EACH_SECOND,
            time,
            time,
            1,
            (target, healthy) -> {
              throw new AssertionError("from a listener");
            });
    contained.watch("a");

    time.runFor(10 * SECOND);

    assertThat(contained.stats().probes()).isBetween(8L, 12L);
    assertThat(contained.healthy("a")).isTrue();
  }

  @Test
  void new_members_are_called_once_a_probe_has_passed_and_removed_ones_are_probed_no_more() {
    LoadBalancer<String> balancer =
        LoadBalancer.<String>builder()
            .clock(time)
            .timer(time)
            .seed(1)
            .health(
                (target, timeout) -> {
                  probed.computeIfAbsent(target, t -> new ArrayList<>()).add(time.getAsLong());
                  return say(true);
                },
                EACH_SECOND)
            .build(List.of(Replica.of("a"), Replica.of("b")));
    assertThat(balancer.availability()).as("the first ones are given credit").isEqualTo(1);

    balancer.add(Replica.of("c"));
    assertThat(balancer.state("c")).contains(State.UNHEALTHY);
    time.runFor(2 * SECOND);
    assertThat(balancer.state("c")).contains(State.STARTING);

    balancer.remove("c");
    int before = probed.get("c").size();
    time.runFor(5 * SECOND);
    assertThat(probed.get("c")).hasSize(before);
    assertThat(probed.get("a")).hasSizeGreaterThan(5);
  }

  @Test
  void nonsense_is_refused_by_name_and_value() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new HealthChecker.Options(second, second, 0.1, 2, 3))
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> new HealthChecker.Options(second, Duration.ZERO, 0.1, 2, 3))
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> new HealthChecker.Options(second, Duration.ofMillis(1), 1, 2, 3))
        .hasMessageContaining("jitter");
    assertThatThrownBy(() -> new HealthChecker.Options(second, Duration.ofMillis(1), 0.1, 0, 3))
        .hasMessageContaining("rise");
    assertThatThrownBy(() -> new HealthChecker.Options(second, Duration.ofMillis(1), 0.1, 2, 0))
        .hasMessageContaining("fall");
  }
}
