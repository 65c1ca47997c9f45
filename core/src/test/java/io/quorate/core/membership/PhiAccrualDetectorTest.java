package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Claims of the phi accrual failure detector, Hayashibara et al. 2004. */
class PhiAccrualDetectorTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final PhiAccrualDetector detector = PhiAccrualDetector.every(Duration.ofSeconds(1));

  @Test
  void before_any_heartbeat_the_sender_is_not_suspected() {
    assertThat(detector.isAvailable(Long.MAX_VALUE / 2)).isTrue();
    assertThat(detector.phi(0)).isZero();
  }

  @Test
  void suspicion_grows_with_silence_and_ends_with_a_heartbeat() {
    beat(100, 0);
    long last = 99 * SECOND;
    double previous = -1;
    for (int tenths = 0; tenths < 30; tenths++) {
      double phi = detector.phi(last + tenths * SECOND / 10);
      assertThat(phi).isGreaterThanOrEqualTo(previous);
      previous = phi;
    }
    assertThat(detector.isAvailable(last + 3 * SECOND)).isFalse();

    detector.heartbeat(last + 3 * SECOND);

    assertThat(detector.isAvailable(last + 3 * SECOND + SECOND / 2)).isTrue();
  }

  @Test
  void phi_of_1_means_late_once_in_ten() {
    // With deviation 1/10 of the interval, a tenth of a normal distribution is later than 1.28 of it.
    beat(200, 0);

    assertThat(detector.phi(199 * SECOND + (long) (1.128 * SECOND))).isBetween(0.9, 1.1);
  }

  @Test
  void an_irregular_sender_is_given_more_time_than_a_regular_one() {
    PhiAccrualDetector irregular = PhiAccrualDetector.every(Duration.ofSeconds(1));
    SplittableRandom random = new SplittableRandom(1);
    long now = 0;
    for (int i = 0; i < 200; i++) {
      now += (long) (SECOND * (0.2 + 1.6 * random.nextDouble()));
      irregular.heartbeat(now);
    }
    beat(200, 0);

    assertThat(detector.isAvailable(199 * SECOND + 2 * SECOND)).isFalse();
    assertThat(irregular.isAvailable(now + 2 * SECOND)).isTrue();
  }

  @Test
  void readings_that_wrap_are_taken_by_their_difference() {
    long begin = Long.MAX_VALUE - 5 * SECOND;
    beat(10, begin);

    assertThat(detector.isAvailable(begin + 9 * SECOND + SECOND / 2)).isTrue();
    assertThat(detector.isAvailable(begin + 14 * SECOND)).isFalse();
  }

  @Test
  void a_far_silence_is_suspected_without_end_and_not_nan() {
    beat(10, 0);

    assertThat(detector.phi(10_000 * SECOND)).isNotNaN().isGreaterThan(100);
  }

  @Test
  void nonsensical_options_are_refused_by_name() {
    Duration second = Duration.ofSeconds(1);
    assertThatThrownBy(() -> new PhiAccrualDetector(0, 10, second, second, Duration.ZERO))
        .hasMessageContaining("threshold");
    assertThatThrownBy(() -> new PhiAccrualDetector(Double.NaN, 10, second, second, Duration.ZERO))
        .hasMessageContaining("threshold");
    assertThatThrownBy(() -> new PhiAccrualDetector(8, 1, second, second, Duration.ZERO))
        .hasMessageContaining("window");
    assertThatThrownBy(() -> new PhiAccrualDetector(8, 9, Duration.ZERO, second, Duration.ZERO))
        .hasMessageContaining("expectedInterval");
    assertThatThrownBy(() -> new PhiAccrualDetector(8, 9, second, Duration.ZERO, Duration.ZERO))
        .hasMessageContaining("minDeviation");
    assertThatThrownBy(() -> new PhiAccrualDetector(8, 9, second, second, second.negated()))
        .hasMessageContaining("acceptablePause");
  }

  private void beat(int times, long begin) {
    for (int i = 0; i < times; i++) {
      detector.heartbeat(begin + i * SECOND);
    }
  }
}
