package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/**
 * The campaign over many seeds: items P1 (skew), P8, P9, P13 to P16, P19, P24, P25, P28 and P29 as a
 * whole. {@code -Dcampaign.seeds=10000} runs more, {@code -Dcampaign.first=N} begins elsewhere.
 */
class QuorumCampaignTest {
  private static final int FIRST = Integer.getInteger("campaign.first", 0);
  private static final int SEEDS = Integer.getInteger("campaign.seeds", 64);

  @Test
  void histories_under_every_fault_are_linearizable_and_replicas_converge() {
    long answered = 0;
    for (int seed = FIRST; seed < FIRST + SEEDS; seed++) {
      answered += QuorumCampaign.run(seed);
    }

    assertThat(answered / SEEDS).as("answers per seed").isGreaterThan(100);
  }
}
