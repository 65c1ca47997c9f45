package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Test
  void delays_double_up_to_the_maximum_and_are_drawn_from_their_upper_half() {
    TransportTimeouts timeouts =
        TransportTimeouts.defaults().withBackoff(Duration.ofMillis(50), Duration.ofSeconds(1));
    for (int seed = 0; seed < 100; seed++) {
      Backoff backoff = new Backoff(timeouts, new SplittableRandom(seed));
      for (int round = 0; round < 2; round++) {
        for (long whole : new long[] {50, 100, 200, 400, 800, 1_000, 1_000}) {
          assertThat(backoff.nextNanos()).isBetween(whole * 1_000_000 / 2, whole * 1_000_000);
        }
        backoff.reset();
      }
    }
  }

  @Test
  void two_nodes_do_not_come_back_at_the_same_moments() {
    TransportTimeouts timeouts = TransportTimeouts.defaults();

    assertThat(new Backoff(timeouts, new SplittableRandom(1)).nextNanos())
        .isNotEqualTo(new Backoff(timeouts, new SplittableRandom(2)).nextNanos());
  }
}
