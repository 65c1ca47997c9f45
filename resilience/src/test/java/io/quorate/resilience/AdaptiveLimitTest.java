package io.quorate.resilience;

import static io.quorate.resilience.Breakers.MILLI;
import static io.quorate.resilience.Breakers.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import org.junit.jupiter.api.Test;

/** Checklist items 55 and 56: a limit against a simulated server with slots and a queue. */
class AdaptiveLimitTest {
  private static final AdaptiveLimit.Options OPTIONS = AdaptiveLimit.Options.defaults();

  /** A server that serves {@code slots} calls at once, each for {@code serviceNanos}. */
  private static final class Server {
    final AdaptiveLimit limit;
    int slots;
    long serviceNanos;
    long nowNanos;
    int refused;
    int served;
    private final PriorityQueue<long[]> busy =
        new PriorityQueue<>((a, b) -> Long.compare(a[0], b[0]));
    private final ArrayDeque<Long> queue = new ArrayDeque<>();

    Server(AdaptiveLimit limit, int slots, long serviceNanos) {
      this.limit = limit;
      this.slots = slots;
      this.serviceNanos = serviceNanos;
    }

    /** Offers a call every {@code everyNanos}, for {@code nanos}. */
    void offer(long everyNanos, long nanos) {
      long until = nowNanos + nanos;
      for (; nowNanos < until; nowNanos += everyNanos) {
        while (!busy.isEmpty() && busy.peek()[0] <= nowNanos) {
          long[] done = busy.poll();
          limit.release(done[1], Outcome.SUCCESS, done[0]);
          served++;
          if (!queue.isEmpty()) {
            busy.add(new long[] {done[0] + serviceNanos, queue.poll()});
          }
        }
        long token = limit.tryAcquire(nowNanos);
        if (token <= 0) {
          refused++;
        } else if (busy.size() < slots) {
          busy.add(new long[] {nowNanos + serviceNanos, token});
        } else {
          queue.add(token);
        }
      }
    }
  }

  @Test
  void it_finds_the_capacity_of_an_overloaded_server_and_keeps_it_busy() {
    Server server = new Server(AdaptiveLimit.of("l", OPTIONS, 0), 40, 20 * MILLI);
    server.offer(MILLI / 4, 20 * SECOND);
    server.served = 0;

    server.offer(MILLI / 4, 100 * SECOND);

    // 40 slots of 20 ms serve 2,000 calls a second; 4,000 are offered.
    assertThat(server.limit.stats().limit()).isBetween(36, 90);
    assertThat(server.served).as("at least 95 % of what it can do").isGreaterThan(190_000);
  }

  @Test
  void the_baseline_does_not_creep_up_under_a_standing_queue() {
    Server server = new Server(AdaptiveLimit.of("l", OPTIONS, 0), 40, 20 * MILLI);
    server.offer(MILLI / 4, 60 * SECOND);
    int after1Minute = server.limit.stats().limit();

    server.offer(MILLI / 4, 600 * SECOND);

    assertThat(server.limit.stats().limit()).isBetween(after1Minute / 2, after1Minute * 2);
    assertThat(server.limit.stats().baselineNanos()).isBetween(19 * MILLI, 25 * MILLI);
  }

  @Test
  void item_55_a_limit_that_is_not_used_does_not_grow() {
    Server server = new Server(AdaptiveLimit.of("l", OPTIONS, 0), 1000, 20 * MILLI);

    server.offer(10 * MILLI, 60 * SECOND);

    assertThat(server.limit.stats().limit()).as("2 in use at once").isEqualTo(20);
    server.offer(MILLI, 60 * SECOND);
    assertThat(server.limit.stats().limit()).as("20 in use: grows").isGreaterThan(30);
  }

  @Test
  void item_56_it_shrinks_to_its_minimum_while_calls_fail_and_recovers_from_it() {
    AdaptiveLimit limit = AdaptiveLimit.of("l", OPTIONS, 0);
    long now = 0;
    for (; now < 60 * SECOND; now += MILLI) {
      limit.release(limit.tryAcquire(now), Outcome.FAILURE, now + MILLI);
    }
    assertThat(limit.stats().limit()).isEqualTo(1);

    Server healed = new Server(limit, 40, 20 * MILLI);
    healed.nowNanos = now;
    healed.offer(MILLI, 10 * SECOND);

    assertThat(limit.stats().limit()).isGreaterThan(15);
  }

  @Test
  void item_56_a_server_that_has_become_slower_for_good_is_believed() {
    Server server = new Server(AdaptiveLimit.of("l", OPTIONS, 0), 40, 2 * MILLI);
    server.offer(MILLI, 5 * SECOND);
    server.serviceNanos = 20 * MILLI;

    server.offer(MILLI, 60 * SECOND);

    assertThat(server.limit.stats().baselineNanos()).isGreaterThan(19 * MILLI);
    assertThat(server.limit.stats().limit()).isGreaterThanOrEqualTo(20);
  }

  @Test
  void a_clock_that_steps_back_does_not_stop_it() {
    Server server = new Server(AdaptiveLimit.of("l", OPTIONS, 0), 40, 20 * MILLI);
    server.offer(MILLI, SECOND);
    server.nowNanos = -3600 * SECOND;
    server.busy.clear();
    int before = server.limit.stats().limit();

    AdaptiveLimit limit = server.limit;
    for (long now = -3600 * SECOND; now < -3590 * SECOND; now += MILLI) {
      long token = limit.tryAcquire(now);
      if (token > 0) {
        limit.release(token, Outcome.FAILURE, now);
      }
    }

    assertThat(limit.stats().limit()).as("it goes on reconsidering").isLessThan(before);
  }

  @Test
  void a_permit_given_back_twice_is_free_once() {
    AdaptiveLimit limit =
        AdaptiveLimit.of("l", new AdaptiveLimit.Options(1, 1, 1, 2, Duration.ofSeconds(1)), 0);
    long token = limit.tryAcquire(0);
    limit.release(token, Outcome.SUCCESS, 1);
    limit.release(token, Outcome.SUCCESS, 1);
    assertThat(limit.tryAcquire(1)).isPositive();
    assertThat(limit.tryAcquire(1)).isZero();
    assertThat(limit.stats().inUse()).isEqualTo(1);
  }

  @Test
  void options_that_make_no_sense_are_refused() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new AdaptiveLimit.Options(0, 1, 10, 2, second))
        .hasMessageContaining("initial");
    assertThatThrownBy(() -> new AdaptiveLimit.Options(1, 0, 10, 2, second))
        .hasMessageContaining("min");
    assertThatThrownBy(() -> new AdaptiveLimit.Options(5, 5, 4, 2, second))
        .hasMessageContaining("max");
    assertThatThrownBy(() -> new AdaptiveLimit.Options(5, 1, 10, Double.NaN, second))
        .hasMessageContaining("tolerance");
    assertThatThrownBy(() -> new AdaptiveLimit.Options(5, 1, 10, 2, Duration.ZERO))
        .hasMessageContaining("window");
  }
}
