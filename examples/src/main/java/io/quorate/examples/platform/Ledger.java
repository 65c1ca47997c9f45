package io.quorate.examples.platform;

import io.quorate.core.codec.Codec;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Writes all the time, remembers what was acknowledged, and looks in the end whether it is there. */
final class Ledger {
  private final Supplier<Region> writer;
  private final Map<String, Long> acknowledged = new ConcurrentSkipListMap<>();
  private final Thread thread;
  private volatile boolean stopped;

  /** Writes through whichever region {@code writer} names at the time. */
  Ledger(Supplier<Region> writer) {
    this.writer = writer;
    this.thread = new Thread(this::write, "ledger");
    thread.setDaemon(true);
    thread.start();
  }

  int acknowledged() {
    return acknowledged.size();
  }

  /** Acknowledged writes that {@code region} does not have, by linearizable reads. */
  long lost(Region region) throws Exception {
    long lost = 0;
    for (Map.Entry<String, Long> entry : new TreeMap<>(acknowledged).entrySet()) {
      boolean there =
          region
              .models
              .get(entry.getKey())
              .get(30, TimeUnit.SECONDS)
              .filter(found -> Codec.LONG.decode(found.value()).equals(entry.getValue()))
              .isPresent();
      lost += there ? 0 : 1;
    }
    return lost;
  }

  private void write() {
    for (long i = 0; !stopped; i++) {
      String key = "ledger-" + i;
      long value = i;
      CompletableFuture<Long> written =
          writer.get().models.put(key, Codec.LONG.encode(value));
      written.thenAccept(version -> acknowledged.put(key, value));
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
    }
  }

  void stop() throws InterruptedException {
    stopped = true;
    thread.join();
  }
}
