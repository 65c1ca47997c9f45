package io.quorate.examples.serving;

import java.io.PrintWriter;
import java.util.Locale;

/** Prints goals beside what was measured, as they become known. */
final class Goals {
  private final PrintWriter out;
  private int missed;

  Goals(PrintWriter out) {
    this.out = out;
    out.printf("%-4s %-62s %12s  %s%n", "goal", "", "measured", "met");
  }

  /** A figure that must not be more than {@code limit}. */
  void atMost(String goal, String what, double measured, double limit) {
    row(goal, what, measured, measured <= limit);
  }

  /** A figure that must not be less than {@code limit}. */
  void atLeast(String goal, String what, double measured, double limit) {
    row(goal, what, measured, measured >= limit);
  }

  /** A figure for the reader; nothing is asked of it. */
  void tell(String goal, String what, double measured) {
    out.printf(Locale.ROOT, "%-4s %-62s %12s%n", goal, what, text(measured));
  }

  private void row(String goal, String what, double measured, boolean met) {
    missed += met ? 0 : 1;
    out.printf(
        Locale.ROOT, "%-4s %-62s %12s  %s%n", goal, what, text(measured), met ? "yes" : "NO");
  }

  private static String text(double measured) {
    return measured == Math.rint(measured)
        ? String.format(Locale.ROOT, "%,.0f", measured)
        : String.format(Locale.ROOT, "%,.3f", measured);
  }

  int missed() {
    return missed;
  }
}
