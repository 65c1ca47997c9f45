package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.replication.quorum.ReplicaStatus;
import io.quorate.examples.serving.Latencies;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;

/** Looks at the platform again and again, and keeps what it has seen in the last minutes. */
final class Pulse implements AutoCloseable {
  private static final long INTERVAL_NANOS = 500_000_000;
  private static final int MAX_BEATS = 240;

  /**
   * What half a second was like.
   *
   * @param seconds since the beginning
   * @param perSecond answers
   * @param p50Millis of these answers; 0 if there were none
   * @param failed questions without an answer in time
   */
  record Beat(double seconds, double perSecond, double p50Millis, double p99Millis, long failed) {}

  private final Scene scene;
  private final Deque<Beat> beats = new ArrayDeque<>();
  private final Map<NodeId, ReplicaStatus> stores = new ConcurrentHashMap<>();
  private final Thread thread;
  private Load seen;
  private long failedBefore;
  private volatile boolean closed;

  /** Begins to look. */
  Pulse(Scene scene) {
    this.scene = scene;
    this.thread = new Thread(this::run, "pulse");
    thread.setDaemon(true);
    thread.start();
  }

  private void run() {
    long due = System.nanoTime();
    while (!closed) {
      due += INTERVAL_NANOS;
      Waiting.untilNanos(due);
      beat();
      Platform platform = scene.platform();
      if (platform != null) {
        platform.liveStores().forEach(this::look);
      }
    }
  }

  private void beat() {
    Load load = scene.load();
    if (load == null) {
      return;
    }
    if (load != seen) {
      seen = load;
      failedBefore = 0;
      load.takePulse();
      return;
    }
    Latencies latencies = load.takePulse();
    long failed = load.failed();
    keep(
        new Beat(
            scene.chronicle.seconds(),
            latencies.count() * 1e9 / INTERVAL_NANOS,
            latencies.millis(0.5),
            latencies.millis(0.99),
            failed - failedBefore));
    failedBefore = failed;
  }

  private synchronized void keep(Beat beat) {
    if (beats.size() == MAX_BEATS) {
      beats.removeFirst();
    }
    beats.addLast(beat);
  }

  private void look(StoreNode node) {
    try {
      node.store().status().thenAccept(status -> stores.put(node.id(), status));
    } catch (RejectedExecutionException e) {
      // It has been killed since it was found up; the next beat sees that.
      stores.remove(node.id());
    }
  }

  /** The last beats, the oldest first. */
  synchronized List<Beat> beats() {
    return List.copyOf(beats);
  }

  /** How the replicas of the feature store were when last seen. */
  Map<NodeId, ReplicaStatus> stores() {
    return stores;
  }

  @Override
  public void close() {
    closed = true;
  }
}
