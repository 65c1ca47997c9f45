package io.quorate.examples.platform;

import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Requirements, what was measured, and whether that is enough. */
final class Scorecard {
  private record Row(String requirement, String measured, boolean met) {}

  private final List<Row> rows = new ArrayList<>();

  void atMost(String requirement, double measured, double limit, String unit) {
    add(requirement, measured, unit, measured <= limit);
  }

  void atLeast(String requirement, double measured, double limit, String unit) {
    add(requirement, measured, unit, measured >= limit);
  }

  /** What is told for the reader's sake; nothing is required of it. */
  void tell(String what, double measured, String unit) {
    add(what, measured, unit, true);
  }

  private void add(String requirement, double measured, String unit, boolean met) {
    String text = String.format(Locale.ROOT, measured >= 1_000 ? "%,.0f%s" : "%.3f%s", measured, unit);
    rows.add(new Row(requirement, text, met));
  }

  boolean allMet() {
    return rows.stream().allMatch(Row::met);
  }

  void print(PrintStream out) {
    out.printf("%n%-52s %18s  %s%n", "requirement", "measured", "met");
    rows.forEach(
        row ->
            out.printf(
                "%-52s %18s  %s%n", row.requirement(), row.measured(), row.met() ? "yes" : "NO"));
  }

  String json() {
    return new GsonBuilder().setPrettyPrinting().create().toJson(rows);
  }
}
