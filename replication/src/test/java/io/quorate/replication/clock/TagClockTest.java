package io.quorate.replication.clock;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Clock;
import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Items P1, P2 and the clock's part of P4 and P5. */
class TagClockTest {
  private static final long MINUTE = 60_000;

  private static final class Wall implements Clock {
    private long millis;

    private Wall(long millis) {
      this.millis = millis;
    }

    @Override
    public long monotonicNanos() {
      throw new AssertionError("tags do not measure intervals");
    }

    @Override
    public long wallMillis() {
      return millis;
    }
  }

  private static TagClock clock(String node, Wall wall) {
    return new TagClock(wall, NodeId.of(node), 1, 0, MINUTE);
  }

  @Test
  void p1_what_is_caused_by_a_version_is_newer_though_its_writer_is_five_seconds_behind() {
    TagClock ahead = clock("a", new Wall(1_005_000));
    TagClock behind = clock("b", new Wall(995_000));

    Tag first = ahead.now();
    behind.observe(first);
    Tag second = behind.now();

    assertThat(second).isGreaterThan(first);
  }

  @Test
  void p1_control_without_having_seen_it_the_slow_clock_loses() {
    Tag first = clock("a", new Wall(1_005_000)).now();

    assertThat(clock("b", new Wall(995_000)).now()).isLessThan(first);
  }

  @Test
  void p2_a_far_future_tag_is_refused_and_counted_and_does_not_move_the_clock() {
    TagClock clock = clock("a", new Wall(1_000_000));
    Tag poisoned = clock("b", new Wall(1_000_000 + MINUTE + 1)).now();

    assertThat(clock.believes(poisoned)).isFalse();
    clock.observe(poisoned);

    assertThat(clock.refused()).isEqualTo(1);
    assertThat(clock.now()).isLessThan(poisoned);
  }

  @Test
  void p2_a_tag_within_the_drift_is_believed() {
    TagClock clock = clock("a", new Wall(1_000_000));
    Tag ahead = clock("b", new Wall(1_000_000 + MINUTE)).now();

    assertThat(clock.believes(ahead)).isTrue();
  }

  @Test
  void p2_after_a_jump_and_a_step_back_tags_go_on_above_and_are_believed() {
    Wall wall = new Wall(1_000_000);
    TagClock clock = clock("a", wall);
    wall.millis += 10 * MINUTE;
    Tag inTheFuture = clock.now();

    wall.millis -= 10 * MINUTE;
    Tag next = clock.now();

    assertThat(next).isGreaterThan(inTheFuture);
    assertThat(clock.believes(next)).isTrue();
  }

  @Test
  void p2_a_restart_after_a_step_back_goes_on_above_the_ceiling_on_disk() {
    Wall wall = new Wall(1_000_000);
    TagClock before = clock("a", wall);
    before.raiseCeiling(Tag.timeOf(1_000_000 + MINUTE));
    wall.millis += 10 * MINUTE;
    Tag given = before.now();
    wall.millis -= 20 * MINUTE;

    TagClock after = new TagClock(wall, NodeId.of("a"), 2, Tag.timeOf(1_000_000 + MINUTE) + 1, MINUTE);

    assertThat(after.now()).isGreaterThan(given);
  }

  @Test
  void a_tag_above_a_quorum_is_above_it_whatever_the_wall_clock_says() {
    TagClock behind = clock("a", new Wall(0));
    Tag held = clock("b", new Wall(5_000_000)).now();

    assertThat(behind.above(held.time(), 0)).isGreaterThan(held);
  }

  @Test
  void no_tag_is_given_twice_whichever_way_tags_are_asked_for() {
    Random random = new Random(7);
    Wall wall = new Wall(1_000);
    TagClock clock = clock("a", wall);
    Set<Tag> given = new HashSet<>();
    long highest = 0;
    for (int i = 0; i < 20_000; i++) {
      wall.millis = Math.max(0, wall.millis + random.nextInt(7) - 3);
      Tag tag =
          random.nextBoolean()
              ? clock.now()
              : clock.above(Math.max(0, highest - random.nextInt(4)), wall.millis);
      highest = Math.max(highest, tag.time());
      if (random.nextBoolean()) {
        clock.observe(tag);
      }

      assertThat(given.add(tag)).as("tag %s", tag).isTrue();
    }
  }
}
