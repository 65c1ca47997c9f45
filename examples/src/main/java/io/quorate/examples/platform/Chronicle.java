package io.quorate.examples.platform;

import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What happens, told as it happens: a line for each event, kept for whoever looks later. Safe for
 * use by many threads.
 */
final class Chronicle {
  private static final int MAX_KEPT = 500;

  /**
   * One line.
   *
   * @param number counts from 1
   * @param seconds since the beginning
   * @param isTitle whether a new part of the story begins here
   */
  record Line(long number, double seconds, boolean isTitle, String text) {}

  /** The loss of one step of training. */
  record Loss(long step, double mean) {}

  private final PrintStream out;
  private final long beganNanos = System.nanoTime();
  private final Deque<Line> lines = new ArrayDeque<>();
  private final Deque<Loss> losses = new ArrayDeque<>();
  private long count;
  private String part = "";

  Chronicle(PrintStream out) {
    this.out = out;
  }

  /** Seconds since the beginning. */
  double seconds() {
    return (System.nanoTime() - beganNanos) / 1e9;
  }

  /** Begins a part of the story. */
  synchronized void title(String text) {
    part = text;
    keep(true, text);
    out.println("\n" + text);
  }

  /** Tells of something that happened once. */
  synchronized void event(String text) {
    keep(false, text);
    out.println("  * " + text);
  }

  /** Keeps what somebody else has told. */
  synchronized void remember(String text) {
    keep(false, text);
  }

  /** Tells what there is. */
  synchronized void fact(String text) {
    keep(false, text);
    out.println("  " + text);
  }

  private void keep(boolean isTitle, String text) {
    if (lines.size() == MAX_KEPT) {
      lines.removeFirst();
    }
    lines.addLast(new Line(++count, seconds(), isTitle, text));
  }

  synchronized void loss(long step, double mean) {
    if (losses.size() == MAX_KEPT) {
      // Every other one is enough for a picture.
      List<Loss> kept = new ArrayList<>(losses);
      losses.clear();
      for (int i = 0; i < kept.size(); i += 2) {
        losses.addLast(kept.get(i));
      }
    }
    losses.addLast(new Loss(step, mean));
  }

  /** The part of the story that is being told. */
  synchronized String part() {
    return part;
  }

  /** The lines with a number above {@code number} that are still kept. */
  synchronized List<Line> after(long number) {
    return lines.stream().filter(line -> line.number() > number).toList();
  }

  synchronized List<Loss> losses() {
    return List.copyOf(losses);
  }
}
