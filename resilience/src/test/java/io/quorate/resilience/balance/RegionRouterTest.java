package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Guard;
import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Retry;
import io.quorate.resilience.Tried;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Goal T5 for regions, and what the router promises about leaving and returning. */
class RegionRouterTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000_000_000;

  private final VirtualTime time = new VirtualTime();
  private final List<String> told = new ArrayList<>();
  private final Map<String, LoadBalancer<String>> balancers = new LinkedHashMap<>();

  private final RegionRouter.Listener listener =
      new RegionRouter.Listener() {
        @Override
        public void onLeft(String region) {
          told.add("left " + region);
        }

        @Override
        public void onReturning(String region) {
          told.add("returning " + region);
        }

        @Override
        public void onReturned(String region) {
          told.add("returned " + region);
        }

        @Override
        public void onOrder(List<String> regions) {
          told.add("order " + regions);
        }
      };

  private RegionRouter<String> router(String... regions) {
    for (String region : regions) {
      balancers.put(region, balancer(region));
    }
    return new RegionRouter<>(balancers, RegionRouter.Options.defaults(), time, 4, listener);
  }

  private LoadBalancer<String> balancer(String region) {
    List<Replica<String>> replicas = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      replicas.add(Replica.of(region + i));
    }
    return LoadBalancer.<String>builder()
        .clock(time)
        .seed(region.hashCode())
        .options(BalancerOptions.defaults().withSlowStart(Duration.ZERO))
        .build(replicas);
  }

  /** Calls for so long, 1000 times a second; those to {@code failing} fail. Returns the shares. */
  private Map<String, Double> calls(RegionRouter<String> router, double seconds, String failing) {
    Map<String, Double> shares = new HashMap<>();
    int count = (int) (seconds * 1_000);
    for (int i = 0; i < count; i++) {
      long token = router.pick(0, Tried.none(), time.getAsLong());
      String region = router.region(token);
      assertThat(router.target(token)).startsWith(region);
      shares.merge(region, 1.0 / count, Double::sum);
      time.runFor(MILLI);
      router.done(
          token, region.equals(failing) ? Outcome.FAILURE : Outcome.SUCCESS, time.getAsLong());
    }
    return shares;
  }

  @Test
  void calls_go_to_the_nearest_region_once_all_have_been_observed() {
    RegionRouter<String> router = router("us", "eu", "ap");
    assertThat(calls(router, 1, "")).containsOnlyKeys("us");

    router.observe("us", 90 * MILLI);
    router.observe("eu", 10 * MILLI);
    assertThat(calls(router, 1, "")).containsOnlyKeys("us");
    router.observe("ap", 150 * MILLI);
    calls(router, 0.2, "");

    assertThat(calls(router, 1, "")).containsOnlyKeys("eu");
    assertThat(told).containsExactly("order [eu, us, ap]");
  }

  @Test
  void a_call_that_has_tried_all_replicas_of_a_region_goes_on_to_the_next_and_only_then_back() {
    RegionRouter<String> router = router("eu", "us");
    Tried<String> tried = Tried.empty();
    List<String> regions = new ArrayList<>();
    for (int attempt = 0; attempt < 10; attempt++) {
      long token = router.pick(0, tried, time.getAsLong());
      regions.add(router.region(token));
      assertThat(tried.contains(router.target(token))).isEqualTo(attempt >= 8);
      tried.add(router.target(token));
      router.done(token, Outcome.FAILURE, time.getAsLong());
    }

    assertThat(regions.subList(0, 8))
        .containsExactly("eu", "eu", "eu", "eu", "us", "us", "us", "us");
  }

  @Test
  void regions_change_places_only_after_one_was_clearly_nearer_for_a_while() {
    RegionRouter<String> router = router("eu", "us");
    for (int second = 0; second < 300; second++) {
      // Each is nearer by turns, or only by a little: neither is a reason to move.
      router.observe("eu", (20 + second % 2 * 3) * MILLI);
      router.observe("us", (23 - second % 2 * 3) * MILLI);
      calls(router, 1, "");
    }
    assertThat(told).hasSize(1);

    for (int second = 0; second < 60; second++) {
      router.observe("eu", 200 * MILLI);
      router.observe("us", 20 * MILLI);
      calls(router, 1, "");
    }
    assertThat(told).hasSize(2).last().asString().isEqualTo("order [us, eu]");
  }

  @Test
  void a_failing_region_is_left_within_64_calls_and_not_called_while_held() {
    RegionRouter<String> router = router("eu", "us");
    calls(router, 1, "");

    assertThat(calls(router, 0.064, "eu").get("us")).isPositive();
    assertThat(calls(router, 9, "eu")).containsOnlyKeys("us");
    assertThat(told).containsExactly("left eu");
  }

  @Test
  void a_region_returns_over_time_and_with_it_the_calls() {
    RegionRouter<String> router = router("eu", "us");
    calls(router, 1, "eu");
    calls(router, 10, "");

    assertThat(calls(router, 1, "").get("eu")).isBetween(0.08, 0.22);
    calls(router, 3, "");
    assertThat(calls(router, 1, "").get("eu")).isBetween(0.42, 0.68);
    calls(router, 5, "");
    assertThat(calls(router, 5, "")).containsOnlyKeys("eu");
    assertThat(told).containsExactly("left eu", "returning eu", "returned eu");
  }

  @Test
  void a_region_that_stays_ill_costs_a_few_calls_ever_more_rarely() {
    RegionRouter<String> router = router("eu", "us");
    calls(router, 1, "eu");

    double failed = calls(router, 600, "eu").get("eu") * 600_000;

    // Held 10, 20, 40, 80, 160, 300 s: six attempts to return, of three failures each.
    assertThat(failed).isBetween(9.0, 30.0);
    assertThat(told.stream().filter("left eu"::equals).count()).isBetween(5L, 7L);
    assertThat(told).doesNotContain("returned eu");
  }

  @Test
  void a_region_that_flaps_does_not_take_the_calls_with_it() {
    RegionRouter<String> router = router("eu", "us");
    int moves = 0;
    for (int i = 0; i < 120; i++) {
      calls(router, 5, i % 2 == 0 ? "eu" : "");
    }
    moves = (int) told.stream().filter("returned eu"::equals).count();

    assertThat(moves).as("returns within 60 flaps").isLessThanOrEqualTo(3);
  }

  @Test
  void what_a_half_lost_region_cannot_carry_goes_to_the_next() {
    RegionRouter<String> router = router("eu", "us", "ap");
    balancers.get("eu").health("eu0", false);
    balancers.get("eu").health("eu1", false);
    calls(router, 1, "");

    Map<String, Double> shares = calls(router, 10, "");

    assertThat(shares.get("eu")).isBetween(0.68, 0.72);
    assertThat(shares.get("us")).isBetween(0.28, 0.32);
    assertThat(shares).doesNotContainKey("ap");
  }

  @Test
  void a_region_with_too_little_left_is_left_before_its_balancer_panics() {
    RegionRouter<String> router = router("eu", "us");
    for (int i = 0; i < 3; i++) {
      balancers.get("eu").health("eu" + i, false);
    }
    calls(router, 1, "");
    assertThat(calls(router, 30, "")).containsOnlyKeys("us");

    for (int i = 0; i < 3; i++) {
      balancers.get("eu").health("eu" + i, true);
    }
    assertThat(calls(router, 9, "")).containsOnlyKeys("us");
    calls(router, 15, "");
    assertThat(calls(router, 5, "")).containsOnlyKeys("eu");
  }

  @Test
  void when_all_regions_are_ill_the_one_with_most_left_is_called() {
    RegionRouter<String> router = router("eu", "us");
    for (int i = 0; i < 4; i++) {
      balancers.get("eu").health("eu" + i, false);
    }
    for (int i = 0; i < 3; i++) {
      balancers.get("us").health("us" + i, false);
    }
    calls(router, 1, "");

    assertThat(calls(router, 1, "")).containsOnlyKeys("us");
  }

  @Test
  void a_region_without_a_replica_is_passed_over() {
    RegionRouter<String> router = router("eu", "us");
    balancers.get("eu").set(List.of());

    assertThat(calls(router, 1, "")).containsOnlyKeys("us");
    balancers.get("us").set(List.of());
    assertThat(router.pick(0, Tried.none(), time.getAsLong())).isEqualTo(Picker.NONE);
  }

  @Test
  void a_second_done_counts_for_nothing() {
    RegionRouter<String> router = router("eu", "us");
    long token = router.pick(0, Tried.none(), 0);
    for (int i = 0; i < 1_000; i++) {
      router.done(token, Outcome.FAILURE, 0);
    }

    assertThat(told).isEmpty();
    assertThat(balancers.get("eu").stats().inFlight()).isZero();
    assertThatThrownBy(() -> router.target(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_clock_that_steps_back_keeps_no_region_out() {
    RegionRouter<String> router = router("eu", "us");
    time.jump(7_200 * SECOND);
    calls(router, 1, "eu");
    assertThat(told).contains("left eu");

    time.jump(-3_600 * SECOND);
    calls(router, 25, "");

    assertThat(told).contains("returned eu");
  }

  @Test
  void a_probe_measures_and_judges_the_regions() {
    Map<String, Boolean> well = new HashMap<>(Map.of("eu", true, "us", true));
    balancers.put("us", balancer("us"));
    balancers.put("eu", balancer("eu"));
    RegionRouter<String> router =
        new RegionRouter<>(
            balancers,
            RegionRouter.Options.defaults(),
            time,
            4,
            listener,
            (region, timeoutNanos) -> {
              CompletableFuture<Boolean> answer = new CompletableFuture<>();
              time.after(
                  region.equals("eu") ? 10 * MILLI : 90 * MILLI,
                  () -> answer.complete(well.get(region)));
              return answer;
            },
            HealthChecker.Options.defaults(),
            time);
    calls(router, 5, "");
    assertThat(told).containsExactly("order [eu, us]");
    assertThat(router.stats().get(0).latencyNanos()).isEqualTo(10 * MILLI);

    well.put("eu", false);
    calls(router, 10, "");
    assertThat(calls(router, 5, "")).containsOnlyKeys("us");

    router.close();
    time.runFor(10 * SECOND);
    assertThat(time.pending()).isZero();
  }

  @Test
  void t5_the_loss_of_a_region_is_over_after_one_second() {
    Simulation simulation = new Simulation(1);
    Map<String, LoadBalancer<Server>> regions = new LinkedHashMap<>();
    for (String region : List.of("eu", "us")) {
      int from = simulation.servers.size();
      for (int i = 0; i < 6; i++) {
        simulation.server(region + i, region);
      }
      regions.put(
          region, simulation.balancer().build(simulation.replicas().subList(from, from + 6)));
    }
    RegionRouter<Server> router =
        new RegionRouter<>(
            regions,
            RegionRouter.Options.defaults(),
            simulation.time,
            simulation.chance.seed(),
            new RegionRouter.Listener() {});
    Guard guard =
        Scenarios.guard(simulation)
            .timeout(Duration.ofMillis(100))
            .retry(Retry.idempotent(3))
            .build();
    double rate = Simulation.rate(0.5, 6);
    simulation.run(guard, router, rate, 10);
    assertThat(simulation.failed()).isZero();

    for (int i = 0; i < 6; i++) {
      simulation.servers.get(i).lost = true;
    }
    simulation.run(guard, router, rate, 1);
    simulation.startMeasuring();
    simulation.run(guard, router, rate, 60).settle();

    assertThat(simulation.requests()).isGreaterThan(100_000);
    assertThat(simulation.success()).isGreaterThanOrEqualTo(0.999);
  }

  @Test
  void nonsense_is_refused() {
    assertThatThrownBy(() -> router()).hasMessageContaining("balancers");
    RegionRouter.Options sane = RegionRouter.Options.defaults();
    assertThatThrownBy(
            () ->
                new RegionRouter.Options(
                    1.5, 0.5, 1.4, sane.hold(), sane.longestHold(), sane.ramp(), 0.8))
        .hasMessageContaining("minAvailability");
    assertThatThrownBy(
            () ->
                new RegionRouter.Options(
                    0.5, 0.5, 1.4, sane.hold(), Duration.ofSeconds(1), sane.ramp(), 0.8))
        .hasMessageContaining("longestHold");
    RegionRouter<String> router = router("eu");
    assertThatThrownBy(() -> router.observe("mars", 1)).hasMessageContaining("mars");
  }
}
