package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Checklist items 24 to 29. */
class BoundedLoadTest {
  private static final double C = 1.25;

  private static List<Partitioner<String>> placements(List<Member<String>> members) {
    return List.of(Samples.slots(members, 1), Samples.ring(members, 1));
  }

  @Test
  void item_24_no_admission_lifts_a_node_above_its_bound() {
    for (Partitioner<String> placement : placements(Samples.members(17))) {
      BoundedLoad<String> load = new BoundedLoad<>(placement, C);
      Random random = new Random(24);
      List<Lease<String>> held = new ArrayList<>();
      for (int i = 0; i < 100_000; i++) {
        if (random.nextInt(100) < (i < 50_000 ? 51 : 49) || held.isEmpty()) {
          Lease<String> lease = load.acquire((long) random.nextInt(40));
          held.add(lease);
          long bound = (long) Math.ceil(C * load.inFlight() / 17);
          assertThat(load.inFlight(lease.node())).isLessThanOrEqualTo(bound);
        } else {
          held.remove(random.nextInt(held.size())).close();
        }
      }
      held.forEach(Lease::close);
      assertThat(load.inFlight()).isZero();
    }
  }

  @Test
  void item_24_the_bound_holds_at_every_instant_while_two_threads_replace_leases()
      throws Exception {
    int nodes = 10;
    int leases = 100;
    BoundedLoad<String> load = new BoundedLoad<>(Samples.slots(Samples.members(nodes), 1), C);
    // Each thread holds 100 leases, or 101 while it replaces one: never more than 202 in flight.
    long bound = (long) Math.ceil(C * (2 * leases + 2) / nodes);
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    Future<Long> highest = threads.submit(() -> {
      long seen = 0;
      while (!done.get()) {
        for (int i = 0; i < nodes; i++) {
          seen = Math.max(seen, load.inFlight(Samples.name(i)));
        }
      }
      return seen;
    });
    List<Future<Long>> workers = new ArrayList<>();
    for (int t = 0; t < 2; t++) {
      int seed = t;
      workers.add(threads.submit(() -> {
        Random random = new Random(seed);
        ArrayDeque<Lease<String>> held = new ArrayDeque<>();
        long seen = 0;
        for (int i = 0; i < 200_000; i++) {
          Lease<String> lease = load.acquire((long) random.nextInt(3));
          seen = Math.max(seen, load.inFlight(lease.node()));
          held.add(lease);
          if (held.size() > leases) {
            held.remove().close();
          }
        }
        held.forEach(Lease::close);
        return seen;
      }));
    }
    for (Future<Long> worker : workers) {
      assertThat(worker.get()).isLessThanOrEqualTo(bound);
    }
    done.set(true);
    assertThat(highest.get()).isPositive().isLessThanOrEqualTo(bound);
    assertThat(load.inFlight()).isZero();
    threads.shutdown();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void item_24_plain_hashing_breaks_the_same_bound() {
    Partitioner<String> placement = Samples.slots(Samples.members(10), 1);
    Map<String, Integer> loads = new HashMap<>();
    for (int i = 0; i < 200; i++) {
      loads.merge(placement.ownerOfHash(i % 3), 1, Integer::sum);
    }

    assertThat(loads.values()).anyMatch(count -> count > Math.ceil(C * 200 / 10));
  }

  @Test
  void item_25_there_is_always_room_even_for_c_just_above_one() {
    BoundedLoad<String> load =
        new BoundedLoad<>(Samples.slots(Samples.members(7), 1), Math.nextUp(1.0));
    for (int i = 1; i <= 7_000; i++) {
      load.acquire(0L);
      long rooms = 7L * (long) Math.ceil(Math.nextUp(1.0) * i / 7);
      assertThat(rooms).isGreaterThanOrEqualTo(i);
    }
    for (int i = 0; i < 7; i++) {
      assertThat(load.inFlight(Samples.name(i))).isBetween(999L, 1001L);
    }
    assertThatThrownBy(() -> new BoundedLoad<>(Samples.slots(Samples.members(2), 1), 1.0))
        .isInstanceOf(PlacementException.class).hasMessageContaining("factor");
  }

  @Test
  void item_26_a_lease_is_released_once_on_success_failure_cancellation_and_timeout() {
    BoundedLoad<String> load = new BoundedLoad<>(Samples.slots(Samples.members(3), 1), C);
    List<CompletableFuture<String>> calls = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Lease<String> lease = load.acquire((long) i);
      CompletableFuture<String> call = new CompletableFuture<>();
      call.whenComplete((answer, failure) -> lease.close());
      calls.add(call);
    }
    assertThat(load.inFlight()).isEqualTo(4);

    calls.get(0).complete("ok");
    calls.get(1).completeExceptionally(new IllegalStateException("refused"));
    calls.get(2).cancel(true);
    calls.get(3).completeExceptionally(new TimeoutException("late"));

    assertThat(load.inFlight()).isZero();
    Lease<String> twice = load.acquire(0L);
    twice.close();
    twice.close();
    assertThat(load.inFlight()).isZero();
  }

  @Test
  void item_27_one_hot_key_spreads_over_the_nodes_and_always_in_the_same_order() {
    for (Partitioner<String> placement : placements(Samples.members(10))) {
      List<List<String>> runs = new ArrayList<>();
      for (int run = 0; run < 2; run++) {
        BoundedLoad<String> load = new BoundedLoad<>(placement, C);
        List<String> nodes = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
          nodes.add(load.acquire("celebrity").node());
        }
        runs.add(nodes);
        assertThat(nodes.stream().distinct().count()).as("1000 / 125").isGreaterThanOrEqualTo(8);
        for (int i = 0; i < 10; i++) {
          assertThat(load.inFlight(Samples.name(i))).isLessThanOrEqualTo(125);
        }
      }
      assertThat(runs.get(0)).isEqualTo(runs.get(1));
      assertThat(runs.get(0).get(0)).isEqualTo(placement.ownerOf("celebrity"));
    }
  }

  @Test
  void item_28_a_key_returns_home_when_the_load_falls() {
    Partitioner<String> placement = Samples.ring(Samples.members(10), 1);
    BoundedLoad<String> load = new BoundedLoad<>(placement, C);
    List<Lease<String>> leases = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      leases.add(load.acquire("hot"));
    }
    assertThat(leases.get(99).home()).isFalse();

    leases.forEach(Lease::close);

    try (Lease<String> lease = load.acquire("hot")) {
      assertThat(lease.home()).isTrue();
      assertThat(lease.node()).isEqualTo(placement.ownerOf("hot"));
    }
  }

  @Test
  void item_29_bounds_follow_weights_and_a_drained_node_gets_nothing() {
    List<Member<String>> members = List.of(Member.of("small"), Member.of("big").withWeight(3),
        Member.of("drained").withWeight(0));
    BoundedLoad<String> load = new BoundedLoad<>(Samples.slots(members, 1), C);
    for (int i = 0; i < 400; i++) {
      load.acquire("hot");
      long total = load.inFlight();
      assertThat(load.inFlight("small")).isLessThanOrEqualTo((long) Math.ceil(C * total / 4));
      assertThat(load.inFlight("big")).isLessThanOrEqualTo((long) Math.ceil(C * total * 3 / 4));
    }
    assertThat(load.inFlight("drained")).isZero();
    assertThat(load.inFlight("big")).isGreaterThan(2 * load.inFlight("small"));
  }

  @Test
  void most_keys_stay_home_under_zipf() {
    double[][] goals = {{0.8, 0.80}, {0.99, 0.62}, {1.1, 0.50}};
    for (double[] goal : goals) {
      BoundedLoad<String> load = new BoundedLoad<>(Samples.slots(Samples.members(100), 1), C);
      Zipf zipf = new Zipf(100_000, goal[0], 7);
      ArrayDeque<Lease<String>> held = new ArrayDeque<>();
      int home = 0;
      for (int i = 0; i < 100_000; i++) {
        Lease<String> lease = load.acquire(load.placement().keyHash().hash((long) zipf.next()));
        home += lease.home() ? 1 : 0;
        held.add(lease);
        if (held.size() > 2000) {
          held.remove().close();
        }
      }
      assertThat(home / 100_000.0).as("Zipf %s", goal[0]).isGreaterThanOrEqualTo(goal[1]);
    }
  }

  @Test
  void a_change_of_membership_keeps_the_counts() {
    Partitioner<String> three = Samples.slots(Samples.members(3), 1);
    BoundedLoad<String> load = new BoundedLoad<>(three, C);
    List<Lease<String>> leases = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      leases.add(load.acquire((long) i << 58));
    }
    long before = load.inFlight("node-00001");

    load.place(three.without("node-00002").after());

    assertThat(load.inFlight("node-00001")).isEqualTo(before);
    assertThat(load.inFlight()).isEqualTo(30);
    assertThatThrownBy(() -> load.inFlight("node-00002")).isInstanceOf(PlacementException.class);
    leases.forEach(Lease::close);
    assertThat(load.inFlight()).isZero();
    assertThat(load.inFlight("node-00001")).isZero();
  }
}
