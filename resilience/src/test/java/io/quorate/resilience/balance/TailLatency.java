package io.quorate.resilience.balance;

import io.quorate.resilience.balance.Scenarios.Contender;
import io.quorate.resilience.balance.Scenarios.Played;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Plays what can go wrong with one of ten replicas under every policy, prints the table and draws
 * it.
 *
 * <p>Arguments: where to write the drawing (default {@code target/tail-latency.svg}), simulated
 * seconds per run (default 110, about 400 000 requests), seed (default 1). Equal arguments give
 * equal output, except for the processor time in its last lines.
 */
public final class TailLatency {
  private final double seconds;
  private final long seed;
  private final TailChart chart = new TailChart();

  private TailLatency(double seconds, long seed) {
    this.seconds = seconds;
    this.seed = seed;
  }

  public static void main(String[] args) throws IOException {
    Path drawing = Path.of(args.length > 0 ? args[0] : "target/tail-latency.svg");
    double seconds = args.length > 1 ? Double.parseDouble(args[1]) : 110;
    long seed = args.length > 2 ? Long.parseLong(args[2]) : 1;
    TailLatency tail = new TailLatency(seconds, seed);
    tail.print();
    if (drawing.getParent() != null) {
      Files.createDirectories(drawing.getParent());
    }
    Files.writeString(drawing, tail.chart.svg());
    say("%nDrawn in %s%n", drawing);
    hour();
  }

  private void print() {
    say("10 replicas of 4 slots, service lognormal (mean 5 ms, sigma 0.5), Poisson arrivals;%n");
    say("latencies in ms; seed %d%n", seed);
    slow(0.5);
    slow(0.7);
    failing();
    freezing();
    alike();
  }

  private void slow(double load) {
    String title = String.format(Locale.ROOT, "One of ten 10x slow, load %.0f %%", 100 * load);
    say("%n%s%n", title);
    say("| policy | p50 | p99 | p99.9 | to the slow one | hedged p99 | p99.9 | hedges |%n");
    say("|---|---|---|---|---|---|---|---|%n");
    List<TailChart.Row> rows = new ArrayList<>();
    for (Contender contender : Scenarios.ALL) {
      Played plain = Scenarios.slow(contender, load, false, seed, seconds);
      Played hedged = Scenarios.slow(contender, load, true, seed, seconds);
      Simulation s = plain.simulation();
      Simulation h = hedged.simulation();
      say(
          "| %s | %.1f | %.1f | %.1f | %.2f %% | %.1f | %.1f | %.2f %% |%n",
          contender.name(),
          s.millis(0.5),
          s.millis(0.99),
          s.millis(0.999),
          contender.isOracle() ? 0 : 100 * s.share(plain.ill()),
          h.millis(0.99),
          h.millis(0.999),
          100 * hedged.extra());
      rows.add(row(contender, s));
      rows.add(row(contender.name() + " + hedge", h));
    }
    chart.panel(title, rows);
  }

  private void failing() {
    say("%nOne of ten fails at once, load 50 %%: success, and its share 10-20 s after healing%n");
    say("| policy | success | with retry budget | never ejecting | share healed |%n");
    say("|---|---|---|---|---|%n");
    for (Contender contender : Scenarios.ALL) {
      if (!contender.isOracle()) {
        Played healed = Scenarios.healing(contender, seed, 60);
        say(
            "| %s | %.3f %% | %.4f %% | %.2f %% | %.1f %% |%n",
            contender.name(),
            100 * Scenarios.failing(contender, false, seed, seconds).simulation().success(),
            100 * Scenarios.failing(contender, true, seed, seconds).simulation().success(),
            100 * Scenarios.failingForGood(contender, seed, seconds).simulation().success(),
            100 * healed.simulation().share(healed.ill()));
      }
    }
  }

  private void freezing() {
    String title = "One of ten stands still 1 s in every 10 s, load 50 %";
    say("%n%s%n", title);
    say("| policy | p50 | p99 | p99.9 |%n|---|---|---|---|%n");
    List<TailChart.Row> rows = new ArrayList<>();
    for (Contender contender : Scenarios.ALL) {
      Simulation s = Scenarios.freezing(contender, seed, seconds).simulation();
      say(
          "| %s | %.1f | %.1f | %.1f |%n",
          contender.name(),
          s.millis(0.5),
          s.millis(0.99),
          s.millis(0.999));
      rows.add(row(contender, s));
    }
    chart.panel(title, rows);
  }

  private void alike() {
    String title = "All ten alike, load 50 %";
    say("%n%s%n", title);
    say("| policy | p50 | p99 | p99.9 | busiest over mean |%n|---|---|---|---|---|%n");
    List<TailChart.Row> rows = new ArrayList<>();
    for (Contender contender : Scenarios.ALL) {
      if (!contender.isOracle()) {
        Simulation s = Scenarios.alike(contender, 1, seed, seconds).simulation();
        say(
            "| %s | %.1f | %.2f | %.2f | %.3f |%n",
            contender.name(),
            s.millis(0.5),
            s.millis(0.99),
            s.millis(0.999),
            s.maxOverMean());
        rows.add(row(contender, s));
      }
    }
    chart.panel(title, rows);
  }

  private static TailChart.Row row(Contender contender, Simulation simulation) {
    return row(contender.name(), simulation);
  }

  private static TailChart.Row row(String name, Simulation simulation) {
    return new TailChart.Row(
        name, simulation.millis(0.5), simulation.millis(0.99), simulation.millis(0.999));
  }

  /** One hour of balancer, health checks and breaker; and again, bit by bit the same. */
  private static void hour() {
    say("%nOne simulated hour of balancer, health checks and circuit breaker%n");
    for (double perSecond : new double[] {500, 1_000}) {
      for (int run = 0; run < 2; run++) {
        long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        Simulation s = Scenarios.everything(1, perSecond, 3_600).simulation();
        long cpuNanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
        say(
            "%.0f/s: %d requests in %.2f s of processor time, digest %016x%n",
            perSecond,
            s.requests(),
            cpuNanos / 1e9,
            s.digest());
      }
    }
  }

  private static void say(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}
