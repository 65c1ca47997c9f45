package io.quorate.examples.platform;

import java.time.Duration;
import java.util.Locale;

/**
 * Searches for the highest rate of questions that is served well: answered in time, as many as are
 * asked, 99 % of them within 100 ms. Doubles while that goes well, then halves the interval. A rate
 * that fails is tried once more: the machine may have had other things to do.
 */
final class RateSearch {
  private static final double FIRST = 500;
  private static final double MOST = 1_000_000;
  private static final int HALVINGS = 3;
  private static final long PAUSE_NANOS = 10_000_000;
  private static final Duration SETTLING = Duration.ofSeconds(20);
  private static final long STEP_NANOS = 2_000_000_000;
  private static final double P99_MILLIS = 100;
  private static final double AVAILABILITY = 0.9999;
  private static final double KEPT_UP = 0.97;
  /** Of the highest rate: what the faults are then served at, for there must be room for them. */
  private static final double ROOM = 0.25;

  private final Scene scene;

  RateSearch(Scene scene) {
    this.scene = scene;
  }

  /** Tells of the highest rate in {@code score}; returns the one to go on with. */
  double find(Scorecard score) {
    // Once at a low rate, unmeasured: code that has not run often is slow.
    isServedWellNow(FIRST);
    double good = 0;
    double bad = FIRST;
    while (bad < MOST && isServedWell(bad)) {
      good = bad;
      bad *= 2;
    }
    for (int i = 0; i < HALVINGS && good > 0; i++) {
      double middle = (good + bad) / 2;
      if (isServedWell(middle)) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    score.tell("highest rate served well, a second", good, "");
    score.tell("which is, a day", good * 86_400, "");
    return ROOM * Math.max(FIRST, good);
  }

  private boolean isServedWell(double rate) {
    return isServedWellNow(rate) || isServedWellNow(rate);
  }

  private boolean isServedWellNow(double rate) {
    Load load = new Load(scene.platform().front(), scene.exam.heldOut(), rate);
    scene.load(load);
    try {
      Waiting.pause(STEP_NANOS);
      load.stop();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    double p99 = load.latencies().millis(0.99);
    boolean isWell =
        p99 <= P99_MILLIS
            && load.availability() >= AVAILABILITY
            && load.answeredPerSecond() >= KEPT_UP * rate;
    scene.chronicle.event(
        String.format(
            Locale.ROOT,
            "%,.0f questions a second: %,.0f answered, p99 %.1f ms, %.3f %% in time: %s",
            rate, load.answeredPerSecond(), p99, 100 * load.availability(),
            isWell ? "well" : "too many"));
    if (!isWell) {
      settle();
    }
    return isWell;
  }

  /** Waits until what was too much is forgotten: all users are served in their own region again. */
  private void settle() {
    Front front = scene.platform().front();
    Exam.Question question = scene.exam.heldOut().get(0);
    try {
      Waiting.until(
          () -> {
            for (String region : Platform.REGIONS) {
              front.predict(region, Users.who(question.label(), 0), question.text());
            }
            Waiting.pause(PAUSE_NANOS);
            return front.routers().values().stream()
                .allMatch(router -> router.stats().get(0).share() > 0.99);
          },
          SETTLING,
          "the return of all regions");
    } catch (Exception e) {
      scene.chronicle.event(e.getMessage());
    }
  }
}
