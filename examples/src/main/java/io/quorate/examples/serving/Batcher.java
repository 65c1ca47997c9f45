package io.quorate.examples.serving;

import io.quorate.resilience.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;

/**
 * Joins waiting requests to batches for one thread that calls the model.
 *
 * <p>It never waits for a batch to fill: an idle model takes what is there, be it one request. While
 * the model is busy requests gather, and the next batch takes up to a limit that grows by one while
 * batches stay below the latency target and shrinks by a tenth when one does not. A request whose
 * caller has gone, or whose deadline would pass within the batch, is not computed.
 */
final class Batcher implements AutoCloseable {
  private static final int CAPACITY = 4_096;
  private static final double BACK_OFF = 0.9;
  /** How much of the newest batch's time goes into the estimate. */
  private static final double NEWEST = 0.2;

  /** One request; its future may be completed by its caller's deadline at any time. */
  private record Waiting(
      String input,
      long atLeastVersion,
      Deadline deadline,
      CompletableFuture<Prediction> answer,
      long arrivedNanos) {}

  private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(CAPACITY);
  private final LongFunction<Model> modelOfAtLeast;
  private final int maxBatch;
  private final long targetNanos;
  private final LongAdder dropped = new LongAdder();
  private final LongAdder late = new LongAdder();
  private final Latencies waits = new Latencies();
  private final Thread thread;
  private double limit = 1;
  private double expectedNanos;
  private volatile boolean frozen;
  private volatile boolean closed;

  /**
   * A batcher with its thread.
   *
   * @param modelOfAtLeast the model to use for a request that must not see an older version
   * @param target how long a batch may take
   */
  Batcher(String name, LongFunction<Model> modelOfAtLeast, int maxBatch, Duration target) {
    this.modelOfAtLeast = modelOfAtLeast;
    this.maxBatch = maxBatch;
    this.targetNanos = target.toNanos();
    this.thread = new Thread(this::work, name);
    thread.setDaemon(true);
    thread.start();
  }

  CompletableFuture<Prediction> submit(String input, long atLeastVersion, Deadline deadline) {
    CompletableFuture<Prediction> answer = new CompletableFuture<>();
    Waiting waiting =
        new Waiting(input, atLeastVersion, deadline, answer, System.nanoTime());
    if (closed || !queue.offer(waiting)) {
      answer.completeExceptionally(new IllegalStateException("the replica takes no requests"));
    }
    return answer;
  }

  /** Requests that were not computed, since nobody would have had the answer in time. */
  long dropped() {
    return dropped.sum();
  }

  /** Requests that were computed although their deadline had passed: must stay 0. */
  long late() {
    return late.sum();
  }

  /** From arrival to the call of the model. */
  Latencies waits() {
    return waits;
  }

  void freeze(boolean frozen) {
    this.frozen = frozen;
  }

  private void work() {
    try {
      while (!closed) {
        List<Waiting> taken = new ArrayList<>();
        taken.add(queue.take());
        while (frozen && !closed) {
          Thread.sleep(1);
        }
        queue.drainTo(taken, (int) limit - 1);
        List<Waiting> batch = taken.stream().filter(this::isWorthIt).toList();
        if (!batch.isEmpty()) {
          compute(batch);
        }
      }
    } catch (InterruptedException e) {
      // Only close interrupts; what is left in the queue is failed there.
    }
  }

  private boolean isWorthIt(Waiting waiting) {
    boolean worth =
        !waiting.answer().isDone() && waiting.deadline().remainingNanos() > expectedNanos;
    if (!worth) {
      dropped.increment();
      waiting.answer().completeExceptionally(new ExpiredException());
    }
    return worth;
  }

  private void compute(List<Waiting> batch) {
    long beganNanos = System.nanoTime();
    batch.forEach(
        waiting -> {
          waits.add(beganNanos - waiting.arrivedNanos());
          if (waiting.deadline().isPassed()) {
            late.increment();
          }
        });
    try {
      long atLeast = batch.stream().mapToLong(Waiting::atLeastVersion).max().orElseThrow();
      Model model = modelOfAtLeast.apply(atLeast);
      List<Integer> values = model.predict(batch.stream().map(Waiting::input).toList());
      adapt(batch.size(), System.nanoTime() - beganNanos);
      for (int i = 0; i < batch.size(); i++) {
        batch.get(i).answer().complete(new Prediction(values.get(i), model.version()));
      }
    } catch (RuntimeException e) {
      batch.forEach(waiting -> waiting.answer().completeExceptionally(e));
    }
  }

  private void adapt(int size, long tookNanos) {
    expectedNanos = (1 - NEWEST) * expectedNanos + NEWEST * tookNanos;
    if (tookNanos > targetNanos) {
      limit = Math.max(1, limit * BACK_OFF);
    } else if (size >= (int) limit) {
      limit = Math.min(maxBatch, limit + 1);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    List<Waiting> left = new ArrayList<>();
    queue.drainTo(left);
    left.forEach(
        waiting ->
            waiting.answer().completeExceptionally(new IllegalStateException("the replica died")));
  }
}
