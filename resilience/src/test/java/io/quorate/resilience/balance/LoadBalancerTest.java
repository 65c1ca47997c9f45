package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Tried;
import io.quorate.resilience.balance.LoadBalancer.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Items 30-32, 37-40, 44-46 of the checklist, and the misuse of a balancer. */
class LoadBalancerTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000_000_000;

  private final VirtualTime time = new VirtualTime();
  private final List<String> told = new ArrayList<>();

  private LoadBalancer.Builder<String> builder() {
    return LoadBalancer.<String>builder().clock(time).timer(time).seed(7);
  }

  private static List<Replica<String>> replicas(String... targets) {
    return List.of(targets).stream().map(Replica::of).toList();
  }

  private static List<Replica<String>> many(int count) {
    return IntStream.range(0, count).mapToObj(i -> Replica.of("r" + i)).toList();
  }

  private long pick(Picker<String> balancer) {
    return balancer.pick(0, Tried.none(), time.getAsLong());
  }

  private String call(Picker<String> balancer, long nanos, Outcome outcome) {
    long token = pick(balancer);
    String target = balancer.target(token);
    time.runFor(nanos);
    balancer.done(token, outcome, time.getAsLong());
    return target;
  }

  private Map<String, Integer> calls(Picker<String> balancer, int count, long nanos) {
    Map<String, Integer> calls = new HashMap<>();
    for (int i = 0; i < count; i++) {
      calls.merge(call(balancer, nanos, Outcome.SUCCESS), 1, Integer::sum);
    }
    return calls;
  }

  private void fail(LoadBalancer<String> balancer, String target, int times) {
    for (int failures = 0; failures < times; ) {
      long token = pick(balancer);
      boolean hit = balancer.target(token).equals(target);
      balancer.done(token, hit ? Outcome.FAILURE : Outcome.IGNORED, time.getAsLong());
      if (hit) {
        failures++;
      }
    }
  }

  private final LoadBalancer.Listener<String> listener =
      new LoadBalancer.Listener<>() {
        @Override
        public void onEjected(String target, long nanos) {
          told.add(target + " ejected for " + nanos / MILLI + " ms");
        }

        @Override
        public void onReadmitted(String target) {
          told.add(target + " readmitted");
        }

        @Override
        public void onHealth(String target, boolean healthy) {
          told.add(target + (healthy ? " healthy" : " unhealthy"));
        }

        @Override
        public void onDrained(String target) {
          told.add(target + " drained");
        }

        @Override
        public void onPanic(boolean panicking) {
          told.add(panicking ? "panic" : "calm");
        }
      };

  @Test
  void item_30_without_a_replica_a_pick_finds_nothing() {
    LoadBalancer<String> balancer = builder().build(List.of());

    assertThat(pick(balancer)).isEqualTo(Picker.NONE);
    balancer.done(Picker.NONE, Outcome.FAILURE, 0);
    assertThat(balancer.stats().replicas()).isEmpty();
  }

  @Test
  void item_30_with_one_replica_every_policy_picks_it_even_when_it_has_been_tried() {
    Tried<String> tried = Tried.empty();
    tried.add("a");
    for (Policy<String> policy : allPolicies()) {
      LoadBalancer<String> balancer = builder().policy(policy).build(replicas("a"));

      long token = balancer.pick(0, tried, 0);

      assertThat(balancer.target(token)).isEqualTo("a");
    }
  }

  @Test
  void item_30_with_two_replicas_every_policy_calls_both_and_a_retry_goes_to_the_other() {
    for (Policy<String> policy : allPolicies()) {
      String a = "a";
      String b = "b";
      LoadBalancer<String> balancer = builder().policy(policy).build(replicas(a, b));
      Tried<String> tried = Tried.empty();
      tried.add(a);

      for (int i = 0; i < 100; i++) {
        assertThat(balancer.target(balancer.pick(i, tried, 0))).isEqualTo(b);
      }
    }
  }

  private static List<Policy<String>> allPolicies() {
    return List.of(
        Policy.roundRobin(),
        Policy.weighted(),
        Policy.leastInFlight(),
        Policy.powerOfTwo(),
        Policy.peakEwma(),
        Policy.peakEwma(2),
        Policy.affinity(key -> key % 2 == 0 ? List.of("a", "b") : List.of("b", "a"), 100));
  }

  @Test
  void round_robin_takes_each_in_turn() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).build(replicas("a", "b", "c"));

    assertThat(IntStream.range(0, 6).mapToObj(i -> call(balancer, 0, Outcome.SUCCESS)))
        .containsExactly("a", "b", "c", "a", "b", "c");
  }

  @Test
  void weighted_turns_are_in_proportion_and_spread_out() {
    LoadBalancer<String> balancer =
        builder()
            .policy(Policy.weighted())
            .build(List.of(new Replica<>("a", 1, ""), new Replica<>("b", 4, "")));

    Map<String, Integer> calls = calls(balancer, 10_000, 0);

    assertThat(calls.get("a")).isBetween(1_995, 2_005);
    int gap = 0;
    for (int i = 0; i < 1_000; i++) {
      gap = call(balancer, 0, Outcome.SUCCESS).equals("a") ? 0 : gap + 1;
      assertThat(gap).as("calls since a's last turn").isLessThan(8);
    }
  }

  @Test
  void least_in_flight_fills_by_weight() {
    LoadBalancer<String> balancer =
        builder()
            .policy(Policy.leastInFlight())
            .build(List.of(new Replica<>("a", 1, ""), new Replica<>("b", 3, "")));

    for (int i = 0; i < 40; i++) {
      pick(balancer);
    }

    assertThat(balancer.stats().replicas())
        .extracting(LoadBalancer.ReplicaStats::inFlight)
        .containsExactly(10, 30);
  }

  @Test
  void peak_ewma_prefers_the_replica_that_answers_faster() {
    LoadBalancer<String> balancer = builder().build(replicas("near", "far"));
    for (int i = 0; i < 10; i++) {
      long token = pick(balancer);
      time.runFor(balancer.target(token).equals("near") ? MILLI : 30 * MILLI);
      balancer.done(token, Outcome.SUCCESS, time.getAsLong());
    }

    assertThat(calls(balancer, 100, MILLI).get("near")).isGreaterThan(95);
  }

  @Test
  void affinity_follows_the_preference_list_and_passes_over_who_is_out_or_overloaded() {
    LoadBalancer<String> balancer =
        builder()
            .policy(Policy.affinity(key -> List.of("b", "stranger", "c", "a"), 2))
            .build(replicas("a", "b", "c"));

    assertThat(calls(balancer, 50, MILLI)).isEqualTo(Map.of("b", 50));
    balancer.health("b", false);
    assertThat(calls(balancer, 50, MILLI)).isEqualTo(Map.of("c", 50));
    balancer.drain("c");
    assertThat(calls(balancer, 50, MILLI)).isEqualTo(Map.of("a", 50));

    LoadBalancer<String> bounded =
        builder()
            .policy(Policy.affinity(key -> List.of("b", "c", "a"), 2))
            .build(replicas("a", "b", "c"));
    for (int i = 0; i < 30; i++) {
      pick(bounded);
    }
    assertThat(bounded.stats().replicas()).allMatch(stats -> stats.inFlight() <= 20);
  }

  @Test
  void affinity_gives_a_newcomer_its_keys_one_by_one_and_never_takes_one_back() {
    LoadBalancer<String> balancer =
        builder()
            .policy(Policy.affinity(key -> List.of("new", "old"), Double.POSITIVE_INFINITY))
            .build(replicas("old"));
    balancer.add(Replica.of("new"));
    List<Long> before = List.of();
    for (int second = 1; second <= 11; second++) {
      time.runFor(SECOND);
      List<Long> moved = new ArrayList<>();
      for (long key = 0; key < 1_000; key++) {
        long token = balancer.pick(key, Tried.none(), time.getAsLong());
        if (balancer.target(token).equals("new")) {
          moved.add(key);
        }
        balancer.done(token, Outcome.SUCCESS, time.getAsLong());
      }
      assertThat(moved).containsAll(before);
      if (second <= 10) {
        assertThat(moved.size()).isBetween(second * 100 - 60, second * 100 + 60);
      }
      before = moved;
    }
    assertThat(before).hasSize(1_000);
  }

  @Test
  void item_31_a_token_of_a_removed_replica_does_nothing() {
    LoadBalancer<String> balancer = builder().listener(listener).build(replicas("a", "b"));
    long token = pick(balancer);
    String target = balancer.target(token);
    balancer.remove(target);

    balancer.done(token, Outcome.FAILURE, time.getAsLong());
    balancer.done(token, Outcome.FAILURE, time.getAsLong());

    assertThat(balancer.stats().replicas()).hasSize(1);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(told).isEmpty();
    assertThatThrownBy(() -> balancer.target(token)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void item_32_a_new_replica_gets_the_share_of_its_slow_start_under_every_policy() {
    for (Policy<String> policy : allPolicies().subList(0, 6)) {
      VirtualTime clock = new VirtualTime();
      LoadBalancer<String> balancer =
          LoadBalancer.<String>builder().clock(clock).seed(3).policy(policy).build(many(9));
      for (int i = 0; i < 1_000; i++) {
        long token = balancer.pick(0, Tried.none(), clock.getAsLong());
        balancer.done(token, Outcome.SUCCESS, 5 * MILLI);
      }
      balancer.add(Replica.of("new"));

      double[] shares = new double[12];
      for (int second = 0; second < 12; second++) {
        int hits = 0;
        for (int i = 0; i < 2_000; i++) {
          long token = balancer.pick(0, Tried.none(), clock.getAsLong());
          hits += balancer.target(token).equals("new") ? 1 : 0;
          clock.runFor(SECOND / 2_000);
          balancer.done(token, Outcome.SUCCESS, clock.getAsLong());
        }
        shares[second] = hits / 2_000.0;
      }

      assertThat(shares[0]).as("%s in its first second", policy).isBetween(0.001, 0.03);
      assertThat(shares[5]).as("%s half way", policy).isBetween(0.02, 0.09);
      assertThat(shares[11]).as("%s after its start", policy).isBetween(0.05, 0.16);
    }
  }

  @Test
  void item_37_one_replica_is_never_ejected_and_one_of_two_or_three_can_be() {
    for (int count = 1; count <= 3; count++) {
      LoadBalancer<String> balancer =
          builder().policy(Policy.roundRobin()).build(many(count));
      for (int i = 0; i < 20 * count; i++) {
        balancer.done(pick(balancer), Outcome.FAILURE, time.getAsLong());
      }

      long ejected =
          balancer.stats().replicas().stream().filter(s -> s.state() == State.EJECTED).count();

      assertThat(ejected).as("ejected of " + count).isEqualTo(count == 1 ? 0 : 1);
      assertThat(pick(balancer)).isNotEqualTo(Picker.NONE);
    }
  }

  @Test
  void item_37_panic_begins_below_half_and_ends_at_half() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));

    balancer.health("r0", false);
    balancer.health("r1", false);
    assertThat(balancer.stats().panicking()).isFalse();
    assertThat(calls(balancer, 100, 0)).containsOnlyKeys("r2", "r3");

    balancer.health("r2", false);
    assertThat(balancer.stats().panicking()).isTrue();
    assertThat(balancer.availability()).isEqualTo(0.25);
    assertThat(calls(balancer, 100, 0)).containsOnlyKeys("r0", "r1", "r2", "r3");

    balancer.health("r2", true);
    assertThat(balancer.stats().panicking()).isFalse();
    assertThat(told)
        .containsExactly(
            "r0 unhealthy", "r1 unhealthy", "r2 unhealthy", "panic", "r2 healthy", "calm");
  }

  @Test
  void item_38_in_flight_returns_to_zero_after_success_failure_and_cancellation() {
    LoadBalancer<String> balancer = builder().build(many(5));
    List<Long> tokens = new ArrayList<>();
    for (int i = 0; i < 999; i++) {
      tokens.add(pick(balancer));
    }
    assertThat(balancer.stats().inFlight()).isEqualTo(999);

    for (int i = 0; i < tokens.size(); i++) {
      balancer.done(tokens.get(i), Outcome.values()[i % 3], time.getAsLong());
      balancer.done(tokens.get(i), Outcome.SUCCESS, time.getAsLong());
    }

    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(tokens).doesNotHaveDuplicates().doesNotContain(Picker.NONE);
  }

  @Test
  void item_38_a_call_that_never_ends_is_given_up_after_its_lease() {
    LoadBalancer<String> balancer = builder().build(replicas("a"));
    long leaked = pick(balancer);

    for (int minute = 0; minute < 11; minute++) {
      time.runFor(60 * SECOND);
      call(balancer, MILLI, Outcome.SUCCESS);
    }

    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(balancer.stats().leaked()).isEqualTo(1);
    balancer.done(leaked, Outcome.FAILURE, time.getAsLong());
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void item_39_an_attempt_never_goes_to_a_tried_replica_while_another_exists() {
    for (Policy<String> policy : allPolicies().subList(0, 6)) {
      LoadBalancer<String> balancer = builder().policy(policy).build(many(40));
      for (int call = 0; call < 200; call++) {
        Tried<String> tried = Tried.empty();
        for (int attempt = 0; attempt < 40; attempt++) {
          String target = balancer.target(balancer.pick(call, tried, 0));
          assertThat(tried.contains(target)).isFalse();
          tried.add(target);
        }
      }
    }
  }

  @Test
  void item_39_even_a_busy_replica_on_probation_comes_before_one_that_was_tried() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(replicas("a", "b"));
    fail(balancer, "a", 5);
    time.runFor(2 * SECOND);
    Tried<String> tried = Tried.empty();
    tried.add("b");

    assertThat(balancer.target(balancer.pick(0, tried, time.getAsLong()))).isEqualTo("a");
    assertThat(balancer.state("a")).contains(State.ON_PROBATION);
    assertThat(balancer.target(balancer.pick(0, tried, time.getAsLong()))).isEqualTo("a");
    // A first attempt has a choice, and leaves it alone.
    assertThat(balancer.target(pick(balancer))).isEqualTo("b");
    assertThat(balancer.target(pick(balancer))).isEqualTo("b");
  }

  @Test
  void item_40_a_cancelled_loser_is_no_success_but_teaches_how_long_it_would_have_taken() {
    LoadBalancer<String> balancer = builder().build(replicas("a"));
    call(balancer, 5 * MILLI, Outcome.SUCCESS);

    call(balancer, MILLI, Outcome.IGNORED);
    assertThat(balancer.stats().replicas().get(0).latencyNanos()).isBetween(4 * MILLI, 6 * MILLI);

    call(balancer, 80 * MILLI, Outcome.IGNORED);
    assertThat(balancer.stats().replicas().get(0).latencyNanos()).isBetween(84 * MILLI, 86 * MILLI);
    assertThat(balancer.stats().replicas().get(0).failures()).isZero();
  }

  @Test
  void item_44_a_latency_is_forgotten_without_traffic() {
    LoadBalancer<String> balancer = builder().build(replicas("a"));
    call(balancer, 100 * MILLI, Outcome.SUCCESS);

    time.runFor(SECOND);
    assertThat(balancer.stats().replicas().get(0).latencyNanos())
        .isBetween(36 * MILLI, 38 * MILLI);
    time.runFor(20 * SECOND);
    assertThat(balancer.stats().replicas().get(0).latencyNanos()).isZero();
  }

  @Test
  void item_44_who_has_been_forgiven_is_tried_with_one_call_not_with_many() {
    LoadBalancer<String> balancer = builder().build(replicas("slow", "fast"));
    for (int i = 0; i < 20; i++) {
      long token = pick(balancer);
      time.runFor(balancer.target(token).equals("slow") ? 500 * MILLI : 5 * MILLI);
      balancer.done(token, Outcome.SUCCESS, time.getAsLong());
    }
    time.runFor(20 * SECOND);
    List<String> burst = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      long token = pick(balancer);
      burst.add(balancer.target(token));
      time.runFor(5 * MILLI);
      if (balancer.target(token).equals("fast")) {
        balancer.done(token, Outcome.SUCCESS, time.getAsLong());
      }
    }

    assertThat(burst.stream().filter("slow"::equals).count()).isEqualTo(1);
  }

  @Test
  void item_45_weight_zero_takes_no_calls_under_any_policy_and_not_even_in_panic() {
    for (Policy<String> policy : allPolicies()) {
      LoadBalancer<String> balancer =
          builder().policy(policy).build(List.of(new Replica<>("a", 0, ""), Replica.of("b")));
      balancer.health("b", false);

      for (int i = 0; i < 50; i++) {
        assertThat(balancer.target(balancer.pick(i, Tried.none(), 0))).isEqualTo("b");
      }

      balancer.set(List.of(new Replica<>("a", 0, ""), new Replica<>("b", 0, "")));
      assertThat(pick(balancer)).isEqualTo(Picker.NONE);
    }
  }

  @Test
  void item_46_flapping_membership_loses_no_call_and_keeps_who_stays() {
    LoadBalancer<String> balancer = builder().build(replicas("a", "b", "c"));
    List<Long> tokens = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      balancer.set(i % 2 == 0 ? replicas("a", "b") : replicas("a", "c", "b"));
      long token = pick(balancer);
      assertThat(token).isNotEqualTo(Picker.NONE);
      tokens.add(token);
    }
    tokens.forEach(token -> balancer.done(token, Outcome.SUCCESS, time.getAsLong()));

    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(balancer.stats().replicas().get(0).picks()).isGreaterThan(50);
  }

  @Test
  void a_target_keeps_its_identity_while_it_is_a_member() {
    String first = new String("a");
    LoadBalancer<String> balancer = builder().build(replicas(first));

    balancer.set(replicas(new String("a")));

    assertThat(balancer.target(pick(balancer))).isSameAs(first);
  }

  @Test
  void replicas_that_appear_twice_are_refused_and_change_nothing() {
    LoadBalancer<String> balancer = builder().build(replicas("a", "b"));

    assertThatThrownBy(() -> balancer.set(replicas("c", "d", "c")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("twice c");
    assertThatThrownBy(() -> balancer.add(Replica.of("a")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a");
    assertThatThrownBy(() -> builder().build(replicas("a", "a")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(balancer.stats().replicas()).extracting(s -> s.replica().target())
        .containsExactly("a", "b");
  }

  @Test
  void ejected_after_five_failures_in_a_row_then_one_call_decides() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));

    fail(balancer, "r0", 5);
    assertThat(balancer.state("r0")).contains(State.EJECTED);
    time.runFor(SECOND);
    fail(balancer, "r0", 1);
    time.runFor(2 * SECOND);
    fail(balancer, "r0", 1);
    time.runFor(4 * SECOND);
    fail(balancer, "r0", 1);
    time.runFor(4 * SECOND);
    while (!call(balancer, MILLI, Outcome.SUCCESS).equals("r0")) {
      assertThat(balancer.state("r0")).contains(State.ON_PROBATION);
    }
    assertThat(balancer.state("r0")).contains(State.STARTING);

    assertThat(told)
        .containsExactly(
            "r0 ejected for 1000 ms",
            "r0 readmitted",
            "r0 ejected for 2000 ms",
            "r0 readmitted",
            "r0 ejected for 4000 ms",
            "r0 readmitted",
            "r0 ejected for 4000 ms",
            "r0 readmitted");
  }

  @Test
  void four_failures_and_a_success_eject_nobody() {
    LoadBalancer<String> balancer = builder().listener(listener).build(replicas("a"));
    for (int i = 0; i < 1_000; i++) {
      call(balancer, 0, i % 5 == 4 ? Outcome.SUCCESS : Outcome.FAILURE);
    }

    assertThat(told).isEmpty();
  }

  @Test
  void a_late_answer_from_before_the_ejection_does_not_end_the_probation() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).build(replicas("a", "b"));
    long early = pick(balancer);
    String target = balancer.target(early);
    fail(balancer, target, 5);
    time.runFor(2 * SECOND);
    assertThat(balancer.state(target)).contains(State.ON_PROBATION);

    balancer.done(early, Outcome.SUCCESS, time.getAsLong());

    assertThat(balancer.state(target)).contains(State.ON_PROBATION);
  }

  @Test
  void ejected_when_it_fails_more_often_than_the_others() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));
    for (int i = 0; i < 2_000; i++) {
      long token = pick(balancer);
      boolean fails = balancer.target(token).equals("r2") && i % 3 == 0;
      time.runFor(MILLI);
      balancer.done(token, fails ? Outcome.FAILURE : Outcome.SUCCESS, time.getAsLong());
    }

    assertThat(told).isNotEmpty().allMatch(event -> event.startsWith("r2 "));
  }

  @Test
  void a_failure_rate_that_all_share_ejects_nobody() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));
    for (int i = 0; i < 4_000; i++) {
      call(balancer, MILLI, i / 4 % 2 == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
    }

    assertThat(told).isEmpty();
  }

  @Test
  void a_drain_ends_with_the_last_call_and_nothing_begins_meanwhile() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(replicas("a", "b"));
    long first = pick(balancer);
    String target = balancer.target(first);

    CompletableFuture<Void> drained = balancer.drain(target);
    for (int i = 0; i < 100; i++) {
      assertThat(call(balancer, MILLI, Outcome.SUCCESS)).isNotEqualTo(target);
    }
    assertThat(drained).isNotDone();
    balancer.done(first, Outcome.SUCCESS, time.getAsLong());

    assertThat(drained).isCompleted();
    assertThat(told).containsExactly(target + " drained");
    balancer.undrain(target);
    assertThat(balancer.state(target)).contains(State.STARTING);
  }

  @Test
  void an_undrain_cancels_the_drain_and_an_idle_replica_drains_at_once() {
    LoadBalancer<String> balancer = builder().build(replicas("a"));
    assertThat(balancer.drain("a")).isCompleted();
    assertThat(pick(balancer)).isEqualTo(Picker.NONE);
    balancer.undrain("a");
    pick(balancer);

    CompletableFuture<Void> drained = balancer.drain("a");
    balancer.undrain("a");

    assertThat(drained).isCompletedExceptionally();
    assertThat(balancer.target(pick(balancer))).isEqualTo("a");
    assertThatThrownBy(() -> balancer.drain("stranger"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_removed_replica_completes_its_drain_when_its_calls_end() {
    LoadBalancer<String> balancer = builder().build(replicas("a"));
    long token = pick(balancer);
    CompletableFuture<Void> drained = balancer.drain("a");

    balancer.remove("a");
    assertThat(drained).isNotDone();
    balancer.done(token, Outcome.SUCCESS, 0);

    assertThat(drained).isCompleted();
  }

  @Test
  void a_listener_that_throws_changes_nothing() {
    LoadBalancer<String> balancer =
        builder()
            .policy(Policy.roundRobin())
            .listener(
                new LoadBalancer.Listener<>() {
                  @Override
                  public void onDone(String target, Outcome outcome, long latencyNanos) {
                    throw new AssertionError("from onDone");
                  }

                  @Override
                  public void onEjected(String target, long nanos) {
                    throw new IllegalStateException("from onEjected");
                  }
                })
            .build(replicas("a", "b"));

    fail(balancer, "a", 5);

    assertThat(balancer.state("a")).contains(State.EJECTED);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void a_listener_hears_of_every_call_and_may_call_back() {
    List<String> calls = new ArrayList<>();
    List<LoadBalancer<String>> self = new ArrayList<>();
    LoadBalancer<String> balancer =
        builder()
            .listener(
                new LoadBalancer.Listener<>() {
                  @Override
                  public void onDone(String target, Outcome outcome, long latencyNanos) {
                    calls.add(target + " " + outcome + " " + latencyNanos);
                  }

                  @Override
                  public void onDrained(String target) {
                    self.get(0).undrain(target);
                  }
                })
            .build(replicas("a"));
    self.add(balancer);

    call(balancer, 5, Outcome.SUCCESS);
    call(balancer, 7, Outcome.IGNORED);
    balancer.drain("a");

    assertThat(calls).containsExactly("a SUCCESS 5", "a IGNORED 7");
    assertThat(balancer.state("a")).get().isNotEqualTo(State.DRAINING);
  }

  @Test
  void a_clock_that_steps_back_prolongs_no_ejection_and_freezes_no_latency() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));
    time.jump(7200 * SECOND);
    fail(balancer, "r0", 5);

    time.jump(-3600 * SECOND);
    call(balancer, MILLI, Outcome.SUCCESS);
    time.runFor(2 * SECOND);
    call(balancer, 100 * MILLI, Outcome.SUCCESS);
    assertThat(told).containsExactly("r0 ejected for 1000 ms", "r0 readmitted");

    time.runFor(20 * SECOND);
    assertThat(balancer.stats().replicas())
        .extracting(LoadBalancer.ReplicaStats::latencyNanos)
        .containsOnly(0L);
  }

  @Test
  void a_pick_with_an_old_reading_of_the_clock_is_no_step_back() {
    LoadBalancer<String> balancer =
        builder().policy(Policy.roundRobin()).listener(listener).build(many(4));
    time.runFor(100 * SECOND);
    fail(balancer, "r0", 5);

    balancer.done(balancer.pick(0, Tried.none(), SECOND), Outcome.SUCCESS, SECOND);
    time.runFor(SECOND / 2);
    call(balancer, 0, Outcome.SUCCESS);

    assertThat(balancer.state("r0")).contains(State.EJECTED);
  }

  @Test
  void equal_seeds_make_equal_picks() {
    List<String> first = run(11);

    assertThat(run(11)).isEqualTo(first);
    assertThat(run(12)).isNotEqualTo(first);
  }

  private static List<String> run(long seed) {
    VirtualTime clock = new VirtualTime();
    LoadBalancer<String> balancer =
        LoadBalancer.<String>builder().clock(clock).seed(seed).build(many(20));
    List<String> picks = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      long token = balancer.pick(0, Tried.none(), clock.getAsLong());
      picks.add(balancer.target(token));
      clock.runFor(MILLI);
      balancer.done(token, Outcome.SUCCESS, clock.getAsLong());
    }
    return picks;
  }

  @Test
  void nonsense_is_refused_by_name_and_value() {
    assertThatThrownBy(() -> new Replica<>("a", -1, ""))
        .hasMessageContaining("weight")
        .hasMessageContaining("-1");
    assertThatThrownBy(() -> BalancerOptions.defaults().withPanicShare(Double.NaN))
        .hasMessageContaining("panicShare");
    assertThatThrownBy(() -> BalancerOptions.defaults().withPanicShare(1.01))
        .hasMessageContaining("1.01");
    assertThatThrownBy(() -> BalancerOptions.defaults().withZoneOverprovision(0.9))
        .hasMessageContaining("zoneOverprovision");
    assertThatThrownBy(() -> BalancerOptions.defaults().withLatencyDecay(Duration.ZERO))
        .hasMessageContaining("latencyDecay");
    assertThatThrownBy(() -> BalancerOptions.defaults().withSlowStart(Duration.ofSeconds(-1)))
        .hasMessageContaining("slowStart");
    assertThatThrownBy(() -> BalancerOptions.defaults().withLeaseTimeout(Duration.ofDays(100_000)))
        .hasMessageContaining("leaseTimeout");
    EjectionOptions ejection = EjectionOptions.defaults();
    assertThatThrownBy(
            () ->
                new EjectionOptions(
                    0, 0.8, 50, 0.5, ejection.firstEjection(), ejection.longestEjection()))
        .hasMessageContaining("consecutiveFailures");
    assertThatThrownBy(
            () ->
                new EjectionOptions(5, 0.8, 50, 0.5, Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .hasMessageContaining("longestEjection");
    assertThatThrownBy(() -> Policy.peakEwma(1)).hasMessageContaining("choices");
    assertThatThrownBy(() -> Policy.affinity(key -> List.of(), 1)).hasMessageContaining("maxLoad");
    assertThatThrownBy(() -> new Subset(3, 3, 1)).hasMessageContaining("clientIndex");
  }
}
