package io.quorate.resilience;

import static io.quorate.resilience.Breakers.SMALL;
import static io.quorate.resilience.CircuitBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Checklist item 16: many names cost bounded memory and never drop a breaker that is not closed.
 */
class BreakerRegistryTest {
  private final VirtualTime time = new VirtualTime();

  private BreakerRegistry registry(int maxBreakers) {
    return BreakerRegistry.create(SMALL, maxBreakers, time, 7, Listener.none());
  }

  @Test
  void a_name_has_one_breaker() {
    BreakerRegistry registry = registry(10);

    assertThat(registry.breaker("a")).isSameAs(registry.breaker("a"));
    assertThat(registry.breaker("b")).isNotSameAs(registry.breaker("a"));
    assertThatThrownBy(() -> registry.breaker(" ")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void item_16_a_million_names_hold_no_more_than_the_maximum_and_keep_every_open_breaker() {
    BreakerRegistry registry = registry(1000);
    List<CircuitBreaker> open = new ArrayList<>();
    for (int i = 0; i < 1_000_000; i++) {
      CircuitBreaker breaker = registry.breaker("host-" + i);
      if (i % 2000 == 0) {
        Breakers.fail(breaker, 4);
        open.add(breaker);
      }
    }

    assertThat(registry.stats().size()).isEqualTo(1000);
    assertThat(registry.stats().overflows()).isZero();
    assertThat(open).hasSize(500).allMatch(breaker -> registry.breaker(breaker.name()) == breaker);
    assertThat(open).allMatch(breaker -> breaker.state() == OPEN);
  }

  @Test
  void item_16_if_all_are_open_further_names_share_a_breaker_until_one_has_closed() {
    BreakerRegistry registry = registry(2);
    Breakers.fail(registry.breaker("a"), 4);
    Breakers.fail(registry.breaker("b"), 4);

    CircuitBreaker shared = registry.breaker("c");
    assertThat(registry.breaker("d")).isSameAs(shared);
    assertThat(registry.stats()).isEqualTo(new BreakerRegistry.Stats(2, 0, 2));

    time.advance(Breakers.SECOND);
    Breakers.succeed(registry.breaker("a"), 2);
    CircuitBreaker own = registry.breaker("c");
    assertThat(own).isNotSameAs(shared);
    assertThat(registry.breaker("b").stats().openings()).as("b was kept").isEqualTo(1);
  }

  @Test
  void what_is_in_use_outlives_what_is_not() {
    BreakerRegistry registry = registry(10);
    CircuitBreaker used = registry.breaker("used");
    for (int i = 0; i < 1000; i++) {
      registry.breaker("once-" + i);
      assertThat(registry.breaker("used")).isSameAs(used);
    }
  }
}
