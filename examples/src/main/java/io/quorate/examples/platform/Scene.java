package io.quorate.examples.platform;

import java.util.List;

/** What there is to see at a moment, for whoever looks on. Safe for use by many threads. */
final class Scene {
  final Chronicle chronicle;
  final Exam exam;
  private volatile Platform platform;
  private volatile Load load;
  private volatile List<Scorecard.Row> score = List.of();

  Scene(Chronicle chronicle, Exam exam) {
    this.chronicle = chronicle;
    this.exam = exam;
  }

  /** The platform; null before it is there. */
  Platform platform() {
    return platform;
  }

  void platform(Platform platform) {
    this.platform = platform;
  }

  /** Who asks; null before anybody does. */
  Load load() {
    return load;
  }

  void load(Load load) {
    this.load = load;
  }

  /** The score; empty before it is known. */
  List<Scorecard.Row> score() {
    return score;
  }

  void score(List<Scorecard.Row> score) {
    this.score = score;
  }
}
