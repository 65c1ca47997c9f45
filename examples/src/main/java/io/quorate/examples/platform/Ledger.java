package io.quorate.examples.platform;

import io.quorate.core.codec.Codec;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.ReadOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;

/**
 * Writes all the time, to the strongly consistent store and to the quorum store; remembers what was
 * acknowledged; looks in the end whether it is there.
 */
final class Ledger {
  private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long READ_SECONDS = 30;

  /**
   * An acknowledged write.
   *
   * @param beganNanos when it was begun, by the monotonic clock
   */
  private record Write(long number, long beganNanos) {}

  private final Platform platform;
  /** Acknowledged by the strongly consistent store, by key. */
  private final Map<String, Write> facts = new ConcurrentSkipListMap<>();
  /** Acknowledged by the quorum store, by key. */
  private final Map<String, Write> features = new ConcurrentSkipListMap<>();
  private final Thread thread;
  private volatile boolean stopped;

  /** Begins to write. */
  Ledger(Platform platform) {
    this.platform = platform;
    this.thread = new Thread(this::write, "ledger");
    thread.setDaemon(true);
    thread.start();
  }

  /** Writes that have been acknowledged. */
  int acknowledged() {
    return facts.size() + features.size();
  }

  /** Whether the strong store has acknowledged a write that began after {@code nanoTime}. */
  boolean hasWrittenFactSince(long nanoTime) {
    return facts.values().stream().anyMatch(write -> write.beganNanos() - nanoTime > 0);
  }

  /** Whether a write that began after {@code nanoTime} and is for {@code node} is acknowledged. */
  boolean hasWrittenFeatureSince(long nanoTime, StoreNode node) {
    return features.entrySet().stream()
        .anyMatch(x -> x.getValue().beganNanos() - nanoTime > 0 && node.holds(x.getKey()));
  }

  private void write() {
    for (long i = 0; !stopped; i++) {
      String key = String.format("ledger-%09d", i);
      byte[] value = Codec.LONG.encode(i);
      Write write = new Write(i, System.nanoTime());
      List<ControlNode> controls = platform.liveControls().toList();
      List<StoreNode> stores = platform.liveStores().toList();
      if (!controls.isEmpty()) {
        ControlNode control = controls.get((int) (i % controls.size()));
        record(facts, key, write, control.facts().put(key, value));
      }
      if (!stores.isEmpty()) {
        StoreNode store = stores.get((int) (i % stores.size()));
        record(features, key, write, store.store().put(key, value));
      }
      Waiting.untilNanos(write.beganNanos() + INTERVAL_NANOS);
    }
  }

  /** What fails was not promised: nothing is expected of it. */
  private static void record(
      Map<String, Write> acknowledged, String key, Write write, CompletableFuture<?> result) {
    result.thenRun(() -> acknowledged.put(key, write));
  }

  /** Writes no more. */
  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
  }

  /** Acknowledged writes that cannot be read any more, at any node, by reads that promise it. */
  long lost() throws Exception {
    ControlNode control = platform.liveControls().findFirst().orElseThrow();
    StoreNode store = platform.liveStores().findFirst().orElseThrow();
    ReadOptions patiently =
        ReadOptions.at(Consistency.QUORUM).withTimeout(Duration.ofSeconds(READ_SECONDS));
    long lost = 0;
    for (Map.Entry<String, Write> entry : new TreeMap<>(facts).entrySet()) {
      boolean there =
          control.facts().get(entry.getKey()).get(READ_SECONDS, TimeUnit.SECONDS).stream()
              .anyMatch(found -> isWrite(entry.getValue(), found.value()));
      lost += there ? 0 : 1;
    }
    for (Map.Entry<String, Write> entry : new TreeMap<>(features).entrySet()) {
      boolean there =
          store.store().get(entry.getKey(), patiently).get(READ_SECONDS, TimeUnit.SECONDS)
              .value().stream()
              .anyMatch(found -> isWrite(entry.getValue(), found));
      lost += there ? 0 : 1;
    }
    return lost;
  }

  private static boolean isWrite(Write write, byte[] found) {
    return Codec.LONG.decode(found) == write.number();
  }
}
