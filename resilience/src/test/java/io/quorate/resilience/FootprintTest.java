package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Goal M9 and item 16: what a breaker keeps in memory, measured on the heap. */
class FootprintTest {
  private static final int COUNT = 200_000;

  private static long usedBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 5; i++) {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  @Test
  void a_breaker_retains_at_most_200_bytes() {
    CircuitBreakerOptions options = CircuitBreakerOptions.defaults();
    VirtualTime time = new VirtualTime();
    List<Object> kept = new ArrayList<>(2 * COUNT);
    long before = usedBytes();
    for (int i = 0; i < COUNT; i++) {
      CircuitBreaker breaker = CircuitBreaker.create("shared", options, time, i, Listener.none());
      breaker.success(breaker.tryAcquire());
      kept.add(breaker);
    }
    double breakerBytes = (double) (usedBytes() - before) / COUNT;

    long beforeControl = usedBytes();
    for (int i = 0; i < COUNT; i++) {
      kept.add(new long[24]);
    }
    double controlBytes = (double) (usedBytes() - beforeControl) / COUNT;

    assertThat(kept).hasSize(2 * COUNT);
    assertThat(controlBytes).as("24 longs and their header").isBetween(200.0, 220.0);
    assertThat(breakerBytes).isBetween(50.0, 200.0);
    System.out.printf("one closed breaker retains %.0f bytes%n", breakerBytes);
  }
}
