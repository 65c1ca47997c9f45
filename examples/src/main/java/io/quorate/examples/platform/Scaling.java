package io.quorate.examples.platform;

import io.quorate.examples.platform.Exam.Question;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many predictions a second replicas answer, as there are more of them. Each is made to take
 * {@link #SERVICE} for one prediction, as a larger model would: what a prediction of the real model
 * costs is so little that two cores, not the replicas, would be measured.
 */
final class Scaling {
  static final Duration SERVICE = Duration.ofMillis(4);

  private static final int OUTSTANDING = 4;
  private static final Duration MEASURED = Duration.ofMillis(700);

  /** Predictions a second by that many replicas. */
  record Point(int replicas, double perSecond) {}

  private final Platform platform;
  private final List<Question> questions;

  Scaling(Platform platform, List<Question> questions) {
    this.platform = platform;
    this.questions = questions;
  }

  /** Measures one replica, two, four and all. */
  List<Point> measure() throws InterruptedException {
    List<ServingNode> replicas =
        platform.replicas().stream().filter(PlatformNode::isUp).toList();
    replicas.forEach(replica -> replica.serviceTime(SERVICE));
    List<Point> points = new ArrayList<>();
    for (int count : List.of(1, 2, 4, 6)) {
      if (count <= replicas.size()) {
        points.add(new Point(count, perSecond(replicas.subList(0, count))));
      }
    }
    replicas.forEach(replica -> replica.serviceTime(Duration.ZERO));
    return points;
  }

  /** Keeps some questions waiting at each replica, so that it always has something to do. */
  private double perSecond(List<ServingNode> replicas) throws InterruptedException {
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong answered = new AtomicLong();
    long beganNanos = System.nanoTime();
    for (ServingNode replica : replicas) {
      for (int i = 0; i < OUTSTANDING; i++) {
        askOn(replica, i, answered, over);
      }
    }
    Waiting.pause(MEASURED.toNanos());
    double perSecond = answered.get() / ((System.nanoTime() - beganNanos) / 1e9);
    over.set(true);
    Waiting.pause(OUTSTANDING * SERVICE.toNanos());
    return perSecond;
  }

  private void askOn(ServingNode replica, int number, AtomicLong answered, AtomicBoolean over) {
    Question question = questions.get(number % questions.size());
    platform
        .front()
        .predictAt(replica.id(), Users.who(question.label(), number), question.text())
        .whenComplete(
            (answer, failure) -> {
              answered.addAndGet(failure == null ? 1 : 0);
              if (!over.get() && failure == null) {
                askOn(replica, number + OUTSTANDING, answered, over);
              }
            });
  }
}
