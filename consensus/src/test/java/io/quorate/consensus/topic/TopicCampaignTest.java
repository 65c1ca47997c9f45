package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.consensus.topic.TopicCampaign.Style;
import org.junit.jupiter.api.Test;

/** Replicated topics under seeded faults; more by {@code -Dtopic.seeds=N -Dtopic.kills=N}. */
class TopicCampaignTest {
  private static final int SEEDS = Integer.getInteger("topic.seeds", 10);
  private static final int KILLS = Integer.getInteger("topic.kills", 30);
  private static final long FIRST = Long.getLong("topic.first", 1);

  @Test
  void what_was_acknowledged_is_there_once_in_order_after_every_storm() {
    long acknowledged = 0;
    long fenced = 0;
    long leaderKills = 0;
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try (TopicCampaign campaign = TopicCampaign.run(seed, Style.STORM)) {
        acknowledged += campaign.acknowledged();
        fenced += campaign.fenced();
        leaderKills += campaign.leaderKills();
      }
    }

    assertThat(acknowledged).isGreaterThan(SEEDS * 100L);
    assertThat(fenced).isGreaterThan(SEEDS);
    assertThat(leaderKills).isGreaterThan(SEEDS);
  }

  @Test
  void nothing_is_lost_or_out_of_order_while_leaders_are_killed_one_after_the_other() {
    try (TopicCampaign campaign = TopicCampaign.run(FIRST, Style.ofLeaderKills(KILLS))) {
      System.out.printf(
          "leader kills %d  acknowledged %d  virtual seconds %d%n",
          campaign.leaderKills(), campaign.acknowledged(), campaign.virtualSeconds());
      assertThat(campaign.leaderKills()).isEqualTo(KILLS);
      assertThat(campaign.acknowledged()).isGreaterThan(10 * KILLS);
    }
  }

  @Test
  void the_same_seed_takes_the_same_course() {
    try (TopicCampaign first = TopicCampaign.run(7, Style.STORM);
        TopicCampaign second = TopicCampaign.run(7, Style.STORM)) {
      assertThat(second.digest()).isEqualTo(first.digest());
      assertThat(second.acknowledged()).isEqualTo(first.acknowledged());
    }
  }

  @Test
  void a_group_that_does_not_sync_loses_what_it_has_acknowledged() {
    Style memory = Style.STORM.withoutSync();

    assertThatThrownBy(
            () -> {
              for (long seed = 1; seed <= 50; seed++) {
                TopicCampaign.run(seed, memory).close();
              }
            })
        .isInstanceOf(AssertionError.class);
  }
}
