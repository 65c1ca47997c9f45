package io.quorate.core.pubsub;

import io.quorate.core.sim.Campaign;
import io.quorate.core.sim.Fault.Kind;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.Swarm;
import java.time.Duration;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;

/**
 * Storms of crashes, partitions, pauses, half-open links, loss, slow disks and wrong clocks.
 * {@code -Dsim.seeds=200} runs more of them.
 */
class BusSimulationTest {
  private static final Swarm SWARM =
      Swarm.defaults()
          .withNodes(3, 5)
          .withDuration(Duration.ofSeconds(20))
          .withOperationsPerSecond(40)
          .withKinds(Kind.survivable());

  /** Many messages, and connections and processes that end while they are on their way. */
  private static final Swarm BUSY =
      SWARM
          .withDuration(Duration.ofSeconds(5))
          .withOperationsPerSecond(500)
          .withMeanFaults(6)
          .withKinds(EnumSet.of(Kind.CRASH, Kind.KILL, Kind.BREAK, Kind.STALL));

  /** One storm of either sort, for {@link BusMutantTest}. */
  static void storm(long seed) {
    try (Simulation sim = Simulation.seeded(seed)) {
      new BusStorm(sim, (seed % 2 == 0 ? BUSY : SWARM).draw(seed)).run();
    }
  }

  @Test
  void a_message_whose_fate_was_unknown_is_stored_once() {
    Campaign.of(BUSY, (sim, plan) -> new BusStorm(sim, plan).run()).seeds(2_000, 10).run();
  }

  @Test
  void no_storm_breaks_what_the_kinds_of_topics_promise() {
    Campaign.of(SWARM, (sim, plan) -> new BusStorm(sim, plan).run())
        .seeds(1, 30)
        .regressions(383)
        .mustReach("bus.session-lost", "remote-broker.restarted", "broker.snapshot")
        .run();
  }

  @Test
  void damaged_frames_change_nothing() {
    Campaign.of(
            SWARM.withKinds(EnumSet.of(Kind.BREAK, Kind.HALF_OPEN, Kind.KILL)),
            (sim, plan) -> {
              sim.network().options(sim.network().options().withCorruption(0.005));
              new BusStorm(sim, plan).run();
            })
        .seeds(1_000, 8)
        .run();
  }

  @Test
  void the_same_seed_gives_the_same_run() {
    Campaign.of(SWARM, (sim, plan) -> new BusStorm(sim, plan).run()).seeds(77, 2).twice().run();
  }
}
