package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CrowdTest {
  private static final class Name extends Crowd.One {
    final int number;

    Name(int number) {
      this.number = number;
    }
  }

  private final Crowd<Name> crowd = new Crowd<>();
  private final List<Name> in = new ArrayList<>();
  private final SplittableRandom random = new SplittableRandom(1);

  @Test
  void whatever_was_added_and_removed_all_that_are_in_can_be_drawn_and_nobody_else() {
    for (int i = 0; i < 2_000; i++) {
      if (in.isEmpty() || random.nextInt(3) > 0) {
        Name name = new Name(i);
        crowd.add(name);
        in.add(name);
      } else {
        crowd.remove(in.remove(random.nextInt(in.size())));
      }
      if (i % 100 == 0) {
        assertThat(crowd.draw(in.size() + 1, name -> true, random))
            .containsExactlyInAnyOrderElementsOf(in);
      }
      assertThat(crowd.size()).isEqualTo(in.size());
    }
  }

  @Test
  void each_is_drawn_equally_often_at_most_once_at_a_time_and_only_if_the_filter_takes_it() {
    for (int i = 0; i < 10; i++) {
      crowd.add(new Name(i));
    }
    int[] drawn = new int[10];
    for (int i = 0; i < 30_000; i++) {
      List<Name> three = crowd.draw(3, name -> name.number != 4, random);
      assertThat(three).hasSize(3).doesNotHaveDuplicates();
      three.forEach(name -> drawn[name.number]++);
    }

    for (int i = 0; i < 10; i++) {
      if (i == 4) {
        assertThat(drawn[i]).isZero();
      } else {
        assertThat(drawn[i]).isBetween(9_600, 10_400);
      }
    }
  }
}
