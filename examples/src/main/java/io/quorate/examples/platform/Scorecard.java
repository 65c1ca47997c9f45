package io.quorate.examples.platform;

import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Requirements, what was measured, and whether that is enough. */
final class Scorecard {
  /**
   * One line.
   *
   * @param value as measured, in {@code unit}; null if it was never reached
   * @param limit null if nothing is required
   */
  record Row(
      String requirement, Double value, String unit, String measured, Double limit, boolean met) {}

  private final List<Row> rows = new ArrayList<>();

  void atMost(String requirement, double measured, double limit, String unit) {
    add(requirement, measured, unit, limit, measured <= limit);
  }

  void atLeast(String requirement, double measured, double limit, String unit) {
    add(requirement, measured, unit, limit, measured >= limit);
  }

  /** What is told for the reader's sake; nothing is required of it. */
  void tell(String what, double measured, String unit) {
    add(what, measured, unit, null, true);
  }

  private void add(String requirement, double measured, String unit, Double limit, boolean met) {
    String number =
        Double.isInfinite(measured)
            ? "never"
            : String.format(Locale.ROOT, format(measured), measured)
                + (unit.isEmpty() ? "" : " " + unit);
    Double value = Double.isFinite(measured) ? measured : null;
    rows.add(new Row(requirement, value, unit, number, limit, met));
  }

  private static String format(double measured) {
    if (measured == Math.rint(measured)) {
      return "%,.0f";
    }
    return Math.abs(measured) >= 1_000 ? "%,.0f" : "%.3f";
  }

  List<Row> rows() {
    return List.copyOf(rows);
  }

  boolean allMet() {
    return rows.stream().allMatch(Row::met);
  }

  void print(PrintStream out) {
    out.printf("%n%-56s %16s  %s%n", "requirement", "measured", "met");
    for (Row row : rows) {
      String met = row.limit() == null ? "-" : row.met() ? "yes" : "NO";
      out.printf("%-56s %16s  %s%n", row.requirement(), row.measured(), met);
    }
  }

  String json() {
    return new GsonBuilder().setPrettyPrinting().create().toJson(rows);
  }
}
