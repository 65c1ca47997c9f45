package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Seeded storms over networks of pure cores; the invariants are checked after every step. */
class CoreNetworkTest {
  private static final int SEEDS = Integer.getInteger("raft.seeds", 120);
  private static final int EVENTS = 4_000;

  @Test
  void invariants_hold_under_every_storm_and_progress_returns_with_fair_weather() {
    long writes = 0;
    long reads = 0;
    int elections = 0;
    int losses = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      CoreNetwork network = run(seed);
      writes += network.writes;
      reads += network.reads;
      elections += network.elections;
      losses += network.losses;
    }

    assertThat(writes).isGreaterThan(SEEDS * 20L);
    assertThat(reads).isGreaterThan(SEEDS * 5L);
    assertThat(elections).isGreaterThan(SEEDS);
    assertThat(losses).isGreaterThan(SEEDS / 4);
  }

  /** Runs one seed; any failure names it. */
  static CoreNetwork run(long seed) {
    CoreNetwork network = new CoreNetwork(new SplittableRandom(seed));
    try {
      network.storm(EVENTS);
      network.heal();
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed + ": " + e + "\n" + network, e);
    }
    return network;
  }
}
