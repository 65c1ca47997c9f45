package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class WriteBudgetTest {
  private static final TransportLimits LIMITS =
      TransportLimits.defaults().withWaterMarkBytes(100, 40);

  private final WriteBudget budget = new WriteBudget(LIMITS);

  @Test
  void full_from_above_the_high_mark_to_below_the_low_one() {
    assertThat(budget.reserve(100)).isTrue();
    assertThat(budget.isFull()).isFalse();
    assertThat(budget.reserve(1)).isTrue();
    assertThat(budget.isFull()).isTrue();
    assertThat(budget.reserve(1)).isFalse();
    assertThat(budget.release(61)).isFalse();
    assertThat(budget.isFull()).isTrue();
    assertThat(budget.release(1)).isTrue();
    assertThat(budget.isFull()).isFalse();
    assertThat(budget.waitingBytes()).isEqualTo(39);
  }

  @Test
  void one_message_larger_than_the_mark_passes_when_nothing_waits() {
    assertThat(budget.reserve(1_000_000)).isTrue();
    assertThat(budget.isFull()).isTrue();
    assertThat(budget.release(1_000_000)).isTrue();
  }

  @Test
  void many_threads_never_leave_it_full_with_nothing_waiting() throws Exception {
    AtomicInteger opened = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < 20_000; i++) {
                  if (!budget.reserve(60)) {
                    refused.incrementAndGet();
                  } else if (budget.release(60)) {
                    opened.incrementAndGet();
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(budget.waitingBytes()).isZero();
    assertThat(budget.isFull()).isFalse();
    assertThat(opened.get() > 0 || refused.get() == 0).isTrue();
  }
}
