package io.quorate.consensus.store;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Whole stores under seeded faults; {@link Soak} runs as many seeds as one likes. */
class StoreCampaignTest {
  private static final int SEEDS = Integer.getInteger("store.seeds", 30);
  private static final long FIRST = Long.getLong("store.first", 1);

  @Test
  void histories_are_linearizable_and_progress_returns_after_every_storm() {
    long operations = 0;
    long repairs = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try (StoreCampaign campaign = StoreCampaign.run(seed)) {
        operations += campaign.operations();
        repairs += campaign.repairs();
      }
    }

    assertThat(operations).isGreaterThan(SEEDS * 100L);
    assertThat(repairs).isGreaterThanOrEqualTo(SEEDS / 30);
  }

  @Test
  void item_40_the_same_seed_takes_the_same_course() {
    try (StoreCampaign first = StoreCampaign.run(7);
        StoreCampaign second = StoreCampaign.run(7)) {
      assertThat(second.events()).isEqualTo(first.events());
      assertThat(second.digest()).isEqualTo(first.digest());
    }
  }

  @Test
  void item_40_another_seed_takes_another_course() {
    try (StoreCampaign first = StoreCampaign.run(7);
        StoreCampaign other = StoreCampaign.run(8)) {
      assertThat(other.digest()).isNotEqualTo(first.digest());
    }
  }
}
