package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The simulator passes a correct protocol under every fault, and finds each planted bug. */
class CampaignTest {
  private static final Swarm SWARM = Swarm.defaults();

  private static Campaign abd(AbdRegister.Bug bug) {
    return Campaign.of(SWARM, (sim, plan) -> new AbdScenario(sim, plan, bug).run());
  }

  @Test
  void a_correct_register_survives_every_mix_of_faults() {
    Campaign.Summary summary =
        abd(AbdRegister.Bug.NONE)
            .seeds(0, 200)
            .mustReach("abd.torn-tail", "abd.old-value")
            .mustReach(
                Fault.Kind.survivable().stream()
                    .map(kind -> "fault." + kind)
                    .toArray(String[]::new))
            .run();

    assertThat(summary.eventCount()).isGreaterThan(500_000);
  }

  @ParameterizedTest
  @EnumSource(
      value = AbdRegister.Bug.class,
      names = {"ACK_BEFORE_SYNC", "NO_WRITE_BACK", "SMALL_QUORUM"})
  void a_planted_bug_is_found_and_explained_by_a_few_faults_and_operations(AbdRegister.Bug bug) {
    List<Long> lengths = new ArrayList<>();
    for (int first : List.of(0, 1_000, 2_000)) {
      Throwable found = catchThrowable(() -> abd(bug).seeds(first, 300).run());

      assertThat(found)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("violated")
          .hasMessageContaining("replay with: mvn test")
          .hasMessageContaining("-Dtest=CampaignTest -Dsim.seed=")
          .hasMessageContaining("these suffice:");
      lengths.add(
          found.getMessage().lines().filter(line -> line.matches("  \\d.* for .*")).count());
    }

    // Now and then what is left is such that nothing can be left out of it alone.
    assertThat(lengths.stream().sorted().toList().get(1)).as("%s", lengths).isBetween(1L, 30L);
  }

  @Test
  void a_torn_tail_that_is_not_cut_off_is_found_by_many_crashes_of_few_nodes() {
    Swarm crashes =
        SWARM
            .withNodes(3, 3)
            .withMeanFaults(15)
            .withKinds(Set.of(Fault.Kind.CRASH, Fault.Kind.CRASH_AT_CALL));
    AbdRegister.Bug bug = AbdRegister.Bug.KEEPS_TORN_TAIL;

    assertThatThrownBy(
            () ->
                Campaign.of(crashes, (sim, plan) -> new AbdScenario(sim, plan, bug).run())
                    .seeds(0, 300)
                    .run())
        .hasMessageContaining("violated");
    Campaign.of(
            crashes, (sim, plan) -> new AbdScenario(sim, plan, AbdRegister.Bug.NONE).run())
        .seeds(0, 300)
        .mustReach("abd.torn-tail")
        .run();
  }

  @Test
  void damage_at_rest_is_found_in_a_log_that_cuts_off_what_it_cannot_read() {
    Swarm damage =
        SWARM
            .withNodes(3, 3)
            .withMeanFaults(10)
            .withKinds(Set.of(Fault.Kind.CRASH, Fault.Kind.BIT_FLIP, Fault.Kind.ZERO_SECTOR));

    assertThatThrownBy(
            () ->
                Campaign.of(
                        damage,
                        (sim, plan) -> new AbdScenario(sim, plan, AbdRegister.Bug.NONE).run())
                    .seeds(0, 300)
                    .run())
        .hasMessageContaining("violated")
        .hasMessageContaining("CRASH");
  }

  @Test
  void an_order_that_comes_from_identities_is_found_by_running_each_seed_twice() {
    assertThatThrownBy(() -> abd(AbdRegister.Bug.HASH_ORDER).seeds(0, 20).twice().run())
        .hasMessageContaining("two runs of seed")
        .hasMessageContaining("differ");
    abd(AbdRegister.Bug.NONE).seeds(0, 20).twice().run();
  }

  @Test
  void a_probe_that_is_never_hit_fails_the_campaign() {
    assertThatThrownBy(
            () -> abd(AbdRegister.Bug.NONE).seeds(0, 2).mustReach("abd.no-such-point").run())
        .hasMessageContaining("never reached under 2 seeds: [abd.no-such-point]");
  }

  @Test
  void plans_differ_in_size_and_kinds_and_depend_on_the_seed_alone() {
    List<String> plans = new ArrayList<>();
    List<Integer> sizes = new ArrayList<>();
    for (int seed = 0; seed < 50; seed++) {
      assertThat(SWARM.draw(seed)).isEqualTo(SWARM.draw(seed));
      plans.add(SWARM.draw(seed).describe());
      sizes.add(SWARM.draw(seed).nodes().size());
    }
    assertThat(plans).doesNotHaveDuplicates();
    assertThat(sizes).contains(3, 4, 5).allMatch(size -> size >= 3 && size <= 5);
  }

  @Test
  void shrinking_leaves_what_is_needed_and_nothing_else() {
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      all.add(i);
    }
    assertThat(Shrinker.shrink(all, list -> list.containsAll(List.of(3, 50, 97)), 10_000))
        .containsExactly(3, 50, 97);
    assertThat(Shrinker.shrink(all, list -> true, 10_000)).isEmpty();
    int[] runs = {0};
    Shrinker.shrink(all, list -> runs[0]++ >= 0 && list.size() > 90, 10);
    assertThat(runs[0]).isEqualTo(10);
  }

  @Test
  void damage_is_kept_to_a_minority_of_the_copies_of_the_same_data() {
    FaultAtlas nodes = FaultAtlas.byNode(3);
    assertThat(nodes.permits(NodeId.of("a"), "f", 1)).isTrue();
    assertThat(nodes.permits(NodeId.of("b"), "g", 2)).isFalse();
    assertThat(nodes.permits(NodeId.of("a"), "g", 2)).isTrue();
    assertThat(nodes.isDamaged(NodeId.of("a"))).isTrue();
    assertThat(nodes.isDamaged(NodeId.of("b"))).isFalse();
    FaultAtlas sectors = FaultAtlas.bySector(3);
    assertThat(sectors.permits(NodeId.of("a"), "f", 1)).isTrue();
    assertThat(sectors.permits(NodeId.of("b"), "f", 1)).isFalse();
    assertThat(sectors.permits(NodeId.of("b"), "f", 2)).isTrue();
    assertThat(FaultAtlas.byNode(2).permits(NodeId.of("a"), "f", 1)).isFalse();
  }

  @Test
  void a_cluster_that_makes_no_progress_after_healing_fails() {
    Throwable found =
        catchThrowable(
            () ->
                Campaign.of(
                        SWARM.withDuration(Duration.ofSeconds(1)),
                        (sim, plan) -> {
                          FaultInjector injector =
                              new FaultInjector(
                                  sim, plan.withFaults(List.of()), number -> {});
                          plan.nodes().forEach(sim::environment);
                          injector.run();
                          assertThat(injector.heal()).hasSize(plan.nodes().size() / 2 + 1);
                          sim.runUntil(() -> false, Duration.ofSeconds(30));
                        })
                    .seeds(0, 1)
                    .run());
    assertThat(found).hasMessageContaining("not within PT30S");
  }
}
