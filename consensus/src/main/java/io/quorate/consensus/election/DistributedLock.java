package io.quorate.consensus.election;

import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.EventLoop;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A lock that one holder has at a time, until it lets go or is silent for the lock's time to live.
 *
 * <p>The holder renews by itself three times in that time. A holder that stands still may lose the
 * lock without knowing it: what the lock protects must check {@link Held#fencingToken}, which grows
 * from holder to holder.
 */
public final class DistributedLock {
  private static final int RENEWALS_PER_TTL = 3;

  private final ConsistentStore<String, String> store;
  private final EventLoop loop;
  private final String name;
  private final String owner;
  private final Duration ttl;

  /**
   * The lock called {@code name}.
   *
   * @param store shared by all who use the lock
   * @param loop where renewals run
   * @param owner who asks; tells people who holds the lock
   * @param ttl log time after which a silent holder loses the lock; at least 30 ms
   */
  public DistributedLock(
      ConsistentStore<String, String> store,
      EventLoop loop,
      String name,
      String owner,
      Duration ttl) {
    if (ttl.toMillis() < 30) {
      throw new IllegalArgumentException("ttl must be at least 30 ms, was " + ttl);
    }
    this.store = store;
    this.loop = loop;
    this.name = "lock/" + name;
    this.owner = owner;
    this.ttl = ttl;
  }

  /** Takes the lock if it is free; empty if it is not. */
  public CompletableFuture<Optional<Held>> tryAcquire() {
    return store
        .putIfAbsent(name, owner, ttl)
        .thenApply(version -> version.map(token -> new Held(token)));
  }

  /** The lock in somebody's hands. Safe for use by many threads. */
  public final class Held implements AutoCloseable {
    private final long fencingToken;
    private final CompletableFuture<Void> lost = new CompletableFuture<>();
    /** Owned by the loop. */
    private long version;

    private Held(long version) {
      this.fencingToken = version;
      this.version = version;
      scheduleRenewal();
    }

    /** Higher than that of every earlier holder. */
    public long fencingToken() {
      return fencingToken;
    }

    /** Completes when the lock is held no more, be it released or lost. */
    public CompletableFuture<Void> lost() {
      return lost.copy();
    }

    /** Lets go; returns at once. May be called twice. */
    @Override
    public void close() {
      loop.execute(
          () -> {
            if (lost.complete(null)) {
              store.delete(name, version);
            }
          });
    }

    private void scheduleRenewal() {
      loop.schedule(ttl.toNanos() / RENEWALS_PER_TTL, this::renew);
    }

    private void renew() {
      if (lost.isDone()) {
        return;
      }
      store
          .compareAndSet(name, version, owner, ttl)
          .whenComplete((renewed, error) -> loop.execute(() -> renewed(renewed, error)));
    }

    private void renewed(Optional<Long> newVersion, Throwable error) {
      if (error != null || newVersion.isEmpty()) {
        // Not known to be held is as good as not held.
        lost.complete(null);
        return;
      }
      version = newVersion.get();
      if (lost.isDone()) {
        store.delete(name, version);
      } else {
        scheduleRenewal();
      }
    }
  }
}
