package io.quorate.replication.eventual;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The campaign over many seeds: items P1, P2, P3, P19, P21 and P24 as a whole. */
class EventualCampaignTest {
  private static final int FIRST = Integer.getInteger("campaign.first", 0);
  private static final int SEEDS = Integer.getInteger("campaign.seeds", 60);

  @Test
  void nothing_acknowledged_is_lost_and_all_members_are_alike_ten_seconds_after_the_last_fault() {
    long acknowledged = 0;
    for (int seed = FIRST; seed < FIRST + SEEDS; seed++) {
      acknowledged += EventualCampaign.run(seed);
    }

    assertThat(acknowledged / SEEDS).as("acknowledged writes per seed").isGreaterThan(50);
  }
}
