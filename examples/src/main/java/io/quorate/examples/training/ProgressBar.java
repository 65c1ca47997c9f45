package io.quorate.examples.training;

import io.quorate.core.NodeId;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingListener;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Shows training as one line that is drawn again and again, or, where there is no terminal, as a
 * line now and then. Events get lines of their own. Safe for use by many threads.
 */
public class ProgressBar implements TrainingListener {
  private static final int WIDTH = 24;
  private static final int PLAIN_LINES = 10;
  private static final long REDRAW_NANOS = 80_000_000;
  private static final String[] EIGHTHS = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  private static final String CLEAR_REST = "\u001b[K";
  /** A line longer than the terminal is wide is cut off: on a second line it could not be undone. */
  private static final String CUT = "\u001b[?7l";

  private static final String WRAP = "\u001b[?7h";
  private static final String GREEN = "\u001b[32m";
  private static final String DIM = "\u001b[2m";
  private static final String NORMAL = "\u001b[0m";
  /** Who was last in this share of the recent steps lags behind. */
  private static final double LAGS = 0.6;

  private final PrintStream out;
  private final boolean terminal;
  private final long steps;
  private final Map<NodeId, Double> lateness = new TreeMap<>();
  private double secondsPerStep;
  private double examplesPerSecond;
  private long copies;
  private long sinceDrawnNanos = REDRAW_NANOS;
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
  public synchronized void onStep(StepStats stats) {
    long done = stats.step() + 1;
    count(stats);
    if (!terminal) {
      if (done * PLAIN_LINES / steps > (done - 1) * PLAIN_LINES / steps) {
        out.println(line(stats, done, plainBar(done)));
      }
      return;
    }
    sinceDrawnNanos += stats.durationNanos();
    if (sinceDrawnNanos >= REDRAW_NANOS || done == steps) {
      sinceDrawnNanos = 0;
      out.print("\r" + CUT + line(stats, done, fineBar(done)) + CLEAR_REST + WRAP);
      out.flush();
      drawn = true;
    }
    if (done == steps) {
      endLine();
    }
  }

  private void count(StepStats stats) {
    // Smoothed, so that the numbers can be read and the estimate does not jump.
    double seconds = stats.durationNanos() / 1e9;
    secondsPerStep = smooth(secondsPerStep, seconds);
    examplesPerSecond = smooth(examplesPerSecond, stats.examplesPerSecond());
    copies += stats.copiesStarted();
    lateness.replaceAll((worker, share) -> 0.9 * share);
    stats.slowest().ifPresent(worker -> lateness.merge(worker, 0.1, Double::sum));
  }

  private static double smooth(double before, double now) {
    return before == 0 ? now : 0.9 * before + 0.1 * now;
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
  public void onFailure(NodeId worker, long step, int shard, String reason) {
    event("worker " + worker + " failed in step " + step + ", shard " + shard + ": " + reason);
  }

  @Override
  public void onRollback(long fromStep, long toStep) {
    event("residuals lost: back from step " + fromStep + " to " + toStep);
  }

  /** Prints {@code text} on a line of its own. */
  public synchronized void event(String text) {
    endLine();
    out.println("  * " + text);
  }

  private void endLine() {
    if (drawn) {
      out.println();
      drawn = false;
      sinceDrawnNanos = REDRAW_NANOS;
    }
  }

  /** What is wanted first comes first: a narrow terminal shows no more. */
  private String line(StepStats stats, long done, String bar) {
    return String.format(
        Locale.ROOT,
        "  %s %3d %%  ETA %s  step %d/%d  loss %.3f  %s examples/s  %d worker%s%s%s",
        bar,
        100 * done / steps,
        time(secondsPerStep * (steps - done)),
        done,
        steps,
        stats.loss().mean(),
        rounded(examplesPerSecond),
        stats.workers(),
        stats.workers() == 1 ? "" : "s",
        stragglers(stats.workers()),
        copies == 0 ? "" : ", " + copies + (copies == 1 ? " copy" : " copies"));
  }

  private String stragglers(int workers) {
    StringBuilder text = new StringBuilder();
    lateness.forEach(
        (worker, share) -> {
          if (workers > 1 && share >= LAGS) {
            text.append(", ").append(worker).append(" lags");
          }
        });
    return text.toString();
  }

  private static String rounded(double rate) {
    return rate < 10_000
        ? String.format(Locale.ROOT, "%.0f", rate)
        : String.format(Locale.ROOT, "%.1fk", rate / 1_000);
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 100
        ? whole + " s"
        : String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
  }

  private String plainBar(long done) {
    int filled = (int) (WIDTH * done / steps);
    return "[" + "#".repeat(filled) + ".".repeat(WIDTH - filled) + "]";
  }

  /** Moves by eighths of a character. */
  private String fineBar(long done) {
    int eighths = (int) (8L * WIDTH * done / steps);
    String filled = "█".repeat(eighths / 8) + EIGHTHS[eighths % 8];
    return GREEN + filled + NORMAL + DIM + "░".repeat(WIDTH - filled.length()) + NORMAL;
  }
}
