package io.quorate.examples.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingListener;
import java.io.PrintStream;
import java.util.Locale;

/**
 * Shows training as one line that is drawn again and again, or, where there is no terminal, as a line
 * now and then. Events get lines of their own. Belongs to the master's event loop.
 */
public class ProgressBar implements TrainingListener {
  private static final int WIDTH = 24;
  private static final int PLAIN_LINES = 10;

  private final PrintStream out;
  private final boolean terminal;
  private final long steps;
  private long nanos;
  private double examples;
  private double rate;
  private boolean drawn;

  /**
   * A bar for {@code steps} steps.
   *
   * @param terminal whether a carriage return goes back to the beginning of the line
   */
  public ProgressBar(PrintStream out, boolean terminal, long steps) {
    this.out = out;
    this.terminal = terminal;
    this.steps = steps;
  }

  @Override
  public void onStep(StepStats stats) {
    nanos += stats.durationNanos();
    examples += stats.loss().weight();
    long done = stats.step() + 1;
    // Smoothed, so that the estimate does not jump with each step.
    double now = stats.durationNanos() / 1e9;
    rate = rate == 0 ? now : 0.9 * rate + 0.1 * now;
    if (terminal) {
      out.print("\r" + line(stats, done));
      out.flush();
      drawn = true;
      if (done == steps) {
        endLine();
      }
    } else if (done * PLAIN_LINES / steps > (done - 1) * PLAIN_LINES / steps) {
      out.println(line(stats, done));
    }
  }

  @Override
  public void onJoined(NodeId worker) {
    event("worker " + worker + " joins");
  }

  @Override
  public void onGone(NodeId worker) {
    event("worker " + worker + " is gone, its shards go to others");
  }

  @Override
  public void onRollback(long fromStep, long toStep) {
    event("residuals lost: back from step " + fromStep + " to " + toStep);
  }

  /** Prints {@code text} on a line of its own. */
  public void event(String text) {
    endLine();
    out.println("  * " + text);
  }

  private void endLine() {
    if (drawn) {
      out.println();
      drawn = false;
    }
  }

  private String line(StepStats stats, long done) {
    int filled = (int) (WIDTH * done / steps);
    return String.format(
        Locale.ROOT,
        "  [%s%s] %4d/%d  loss %.3f  %6.0f examples/s  %d workers  slowest %-4s copies %d  ETA %3.0f s",
        "#".repeat(filled),
        ".".repeat(WIDTH - filled),
        done,
        steps,
        stats.loss().mean(),
        nanos == 0 ? 0 : examples / (nanos / 1e9),
        stats.workers(),
        stats.slowest().map(NodeId::value).orElse("-"),
        stats.copiesStarted(),
        rate * (steps - done));
  }
}
