package io.quorate.examples.platform;

import io.quorate.examples.platform.Front.Answer;
import io.quorate.examples.platform.Exam.Question;
import io.quorate.examples.serving.Latencies;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Users: so many questions a second, whether or not earlier ones have been answered. Latency counts
 * from when a question was due, so that a stall is not hidden by questions that were never asked.
 */
final class Load {
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

  private final Front front;
  private final List<Question> questions;
  private final double perSecond;
  private final Latencies all = new Latencies();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong inTime = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong right = new AtomicLong();
  private final AtomicLong profiled = new AtomicLong();
  private final Thread thread;
  private final long beganNanos = System.nanoTime();
  private volatile Latencies recent = new Latencies();
  private volatile Latencies pulse = new Latencies();
  private volatile boolean stopped;
  private volatile long endedNanos;

  /** Begins to ask. */
  Load(Front front, List<Question> questions, double perSecond) {
    this.front = front;
    this.questions = questions;
    this.perSecond = perSecond;
    this.thread = new Thread(this::send, "load");
    thread.setDaemon(true);
    thread.start();
  }

  /** All latencies so far. */
  Latencies latencies() {
    return all;
  }

  /** The latencies since this was last called. */
  Latencies takeRecent() {
    Latencies taken = recent;
    recent = new Latencies();
    return taken;
  }

  /** As {@link #takeRecent}, for another reader. */
  Latencies takePulse() {
    Latencies taken = pulse;
    pulse = new Latencies();
    return taken;
  }

  long sent() {
    return sent.get();
  }

  /** Answers that came within the deadline. */
  long answered() {
    return inTime.get();
  }

  /** Questions that have got no answer within the deadline. */
  long failed() {
    return ended.get() - inTime.get();
  }

  /** The share of the answers that were right, 0 to 1. */
  double accuracy() {
    return (double) right.get() / Math.max(1, inTime.get());
  }

  /** The share of the answers that took the user's profile into account, 0 to 1. */
  double profiledShare() {
    return (double) profiled.get() / Math.max(1, inTime.get());
  }

  /** The share of the questions that were answered within their deadline, 0 to 1. */
  double availability() {
    return (double) inTime.get() / Math.max(1, sent.get());
  }

  double answeredPerSecond() {
    long until = stopped ? endedNanos : System.nanoTime();
    return inTime.get() / ((until - beganNanos) / 1e9);
  }

  private void send() {
    double intervalNanos = 1e9 / perSecond;
    for (long i = 0; !stopped; i++) {
      long due = beganNanos + (long) (i * intervalNanos);
      Waiting.untilNanos(due);
      Question question = questions.get((int) (i % questions.size()));
      String region = Platform.REGIONS.get((int) (i % Platform.REGIONS.size()));
      sent.incrementAndGet();
      front
          .predict(region, Users.who(question.label(), i), question.text())
          .whenComplete((answer, failure) -> done(question, answer, failure, due));
    }
  }

  private void done(Question question, Answer answer, Throwable failure, long due) {
    long tookNanos = System.nanoTime() - due;
    if (failure == null && tookNanos <= Front.DEADLINE.toNanos()) {
      all.add(tookNanos);
      recent.add(tookNanos);
      pulse.add(tookNanos);
      right.addAndGet(answer.prediction().label() == question.label() ? 1 : 0);
      profiled.addAndGet(answer.prediction().profiled() ? 1 : 0);
      inTime.incrementAndGet();
    }
    ended.incrementAndGet();
  }

  /** Asks no more, and waits for the answers that are out. */
  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
    endedNanos = System.nanoTime();
    long limit = endedNanos + LAST_ANSWERS.toNanos();
    while (ended.get() < sent.get() && System.nanoTime() - limit < 0) {
      Waiting.pause(5_000_000);
    }
  }
}
