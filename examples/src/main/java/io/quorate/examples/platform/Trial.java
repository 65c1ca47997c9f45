package io.quorate.examples.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeoutException;

/** Lets faults strike one after the other while users ask, and measures how each is overcome. */
final class Trial {
  private static final double ONE_SECOND = 1e9;

  /**
   * How one fault went.
   *
   * @param fault its name
   * @param seconds until it was overcome; infinite if it was not within ten times the limit
   * @param limitSeconds how long it may take
   */
  record Result(String fault, double seconds, double limitSeconds) {}

  private final Chronicle chronicle;
  private final Load load;
  private final List<Result> results = new ArrayList<>();

  Trial(Chronicle chronicle, Load load) {
    this.chronicle = chronicle;
    this.load = load;
  }

  List<Result> results() {
    return results;
  }

  /** Has {@code fault} strike, waits until it is overcome and {@code slot} is over, mends it. */
  void of(Fault fault, Duration slot) throws Exception {
    long beganNanos = System.nanoTime();
    long failedBefore = load.failed();
    load.takeRecent();
    double seconds = Double.POSITIVE_INFINITY;
    try {
      chronicle.event(fault.strike());
      seconds = overcome(fault, beganNanos);
    } catch (Exception e) {
      // Whoever plays with the platform meanwhile can bring this about: the table shows it.
      chronicle.event(fault.name() + ": " + e.getMessage());
    }
    results.add(new Result(fault.name(), seconds, fault.limit().toNanos() / ONE_SECOND));
    Waiting.pause(beganNanos + slot.toNanos() * 2 / 3 - System.nanoTime());
    String overcome =
        Double.isInfinite(seconds)
            ? "not overcome"
            : String.format(Locale.ROOT, "overcome after %.3f s", seconds);
    chronicle.event(
        String.format(
            Locale.ROOT,
            "%s; meanwhile %d questions failed, the slowest answer took %.0f ms",
            overcome,
            load.failed() - failedBefore,
            load.takeRecent().millis(1)));
    mend(fault);
    Waiting.pause(beganNanos + slot.toNanos() - System.nanoTime());
  }

  private void mend(Fault fault) {
    try {
      chronicle.event(fault.mend());
    } catch (Exception e) {
      chronicle.event("not mended, " + fault.name() + ": " + e.getMessage());
    }
  }

  private double overcome(Fault fault, long beganNanos) throws Exception {
    try {
      Waiting.until(fault::isOvercome, fault.limit().multipliedBy(10), fault.name());
    } catch (TimeoutException e) {
      chronicle.event(e.getMessage());
      return Double.POSITIVE_INFINITY;
    }
    return (System.nanoTime() - beganNanos) / ONE_SECOND;
  }
}
