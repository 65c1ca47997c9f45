package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checklist items 7 and 8: windows against a model, and clocks that misbehave. */
class WindowTest {
  private static final long SLICE = 1_000_000_000;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 60, 62, 63, 64, 65, 100, 128, 200})
  void item_8_a_window_of_calls_equals_a_list_of_the_last_calls(int size) {
    Window window = Window.ofCalls(size);
    Deque<Boolean> model = new ArrayDeque<>();
    SplittableRandom random = new SplittableRandom(size);
    for (int i = 0; i < 5000; i++) {
      boolean bad = random.nextInt(100) < (i / 500 % 3) * 20;
      window.record(bad, 0);
      model.addLast(bad);
      if (model.size() > size) {
        model.removeFirst();
      }

      long reading = window.reading(0);
      assertThat(Window.total(reading)).isEqualTo(model.size());
      assertThat(Window.bad(reading)).isEqualTo((int) model.stream().filter(b -> b).count());
    }
  }

  @Test
  void a_full_window_of_good_calls_is_not_written_by_good_calls() {
    for (int size : new int[] {60, 100}) {
      Window window = Window.ofCalls(size);
      for (int i = 0; i < size; i++) {
        assertThat(window.record(false, 0)).isNotEqualTo(Window.UNCHANGED);
      }

      assertThat(window.record(false, 0)).isEqualTo(Window.UNCHANGED);
      assertThat(Window.bad(window.record(true, 0))).isEqualTo(1);
      assertThat(window.record(false, 0)).isNotEqualTo(Window.UNCHANGED);
    }
  }

  @Test
  void a_time_window_equals_a_model_of_slices() {
    TimeWindow window = new TimeWindow(16 * SLICE, 0);
    SplittableRandom random = new SplittableRandom(3);
    Deque<long[]> model = new ArrayDeque<>();
    long now = 0;
    for (int i = 0; i < 20_000; i++) {
      now += random.nextInt(50) == 0 ? random.nextLong(40 * SLICE) : random.nextLong(SLICE / 2);
      boolean bad = random.nextBoolean();
      window.record(bad, now);
      model.addLast(new long[] {now / SLICE, bad ? 1 : 0});
      while (model.getFirst()[0] <= now / SLICE - 16) {
        model.removeFirst();
      }

      long reading = window.reading(now);
      assertThat(Window.total(reading)).isEqualTo(model.size());
      assertThat(Window.bad(reading)).isEqualTo((int) model.stream().mapToLong(c -> c[1]).sum());
    }
  }

  @Test
  void item_7_a_small_step_back_of_the_clock_loses_no_call() {
    TimeWindow window = new TimeWindow(16 * SLICE, 0);
    for (int i = 0; i < 1000; i++) {
      window.record(i % 2 == 0, 10 * SLICE);
    }
    for (int i = 0; i < 10; i++) {
      window.record(false, 5 * SLICE);
    }

    assertThat(window.reading(5 * SLICE)).isEqualTo(Window.reading(500, 1010));
  }

  @Test
  void item_7_a_step_of_an_hour_either_way_empties_the_window_and_counting_goes_on() {
    for (long step : new long[] {3600 * SLICE, -3600 * SLICE}) {
      TimeWindow window = new TimeWindow(16 * SLICE, 0);
      window.record(true, 20 * SLICE);
      long now = 20 * SLICE + step;

      assertThat(window.record(true, now)).isEqualTo(Window.reading(1, 1));
      assertThat(window.reading(now + 17 * SLICE)).isEqualTo(Window.reading(0, 0));
    }
  }

  @Test
  void item_7_slices_whose_number_comes_around_after_24_bits_do_not_count_again() {
    TimeWindow window = new TimeWindow(16 * SLICE, 0);
    window.record(true, 3 * SLICE);
    long around = (1L << 24) * SLICE;

    assertThat(window.reading(3 * SLICE + around)).isEqualTo(Window.reading(0, 0));

    // Also when the clock has been followed all the way by calls that skip the slice's place.
    window = new TimeWindow(16 * SLICE, 0);
    window.record(true, 3 * SLICE);
    for (long now = 4 * SLICE; now < around; now += 15 * 16 * SLICE / 16) {
      window.record(false, now);
    }
    long last = window.reading(around + 3 * SLICE);
    assertThat(Window.bad(last)).isZero();
  }

  @Test
  void a_slice_that_is_full_keeps_its_rate() {
    TimeWindow window = new TimeWindow(16 * SLICE, 0);
    for (int i = 0; i < 1 << 21; i++) {
      window.record(i % 4 == 0, 0);
    }

    long reading = window.reading(0);
    assertThat(Window.total(reading)).isBetween(1 << 18, 1 << 20);
    assertThat((double) Window.bad(reading) / Window.total(reading)).isBetween(0.249, 0.251);
  }
}
