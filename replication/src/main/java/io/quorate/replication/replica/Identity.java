package io.quorate.replication.replica;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Text;
import io.quorate.core.storage.StorageException;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.Incarnation;
import io.quorate.replication.clock.TagClock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who this replica is, and the clock that goes with it: keeps on disk that no tag is given twice.
 * Belongs to the event loop; its file is written on a blocking executor.
 */
public final class Identity implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Identity.class);
  /** A restart may begin so far in the future; small beside the drift that peers believe. */
  private static final long AHEAD_MILLIS = 5_000;

  private static final long CHECK_NANOS = 1_000_000_000L;

  private final Environment environment;
  private final EventLoop loop;
  private final Executor disk;
  private final Incarnation incarnation;
  private final TagClock clock;
  private final boolean wasCaughtUp;
  private long ceiling;
  private boolean closed;

  private Identity(
      Environment environment,
      EventLoop loop,
      Executor disk,
      Incarnation incarnation,
      long maxDriftMillis) {
    this.environment = environment;
    this.loop = loop;
    this.disk = disk;
    this.incarnation = incarnation;
    this.ceiling = incarnation.ceiling();
    this.wasCaughtUp = incarnation.caughtUp();
    this.clock =
        new TagClock(
            environment.clock(),
            environment.self(),
            incarnation.epoch(),
            incarnation.floor(),
            maxDriftMillis);
    clock.raiseCeiling(ceiling);
  }

  /** Begins a new incarnation in {@code directory}; the future completes on {@code loop}. */
  public static CompletableFuture<Identity> begin(
      Environment environment, EventLoop loop, String directory, long maxDriftMillis) {
    CompletableFuture<Identity> result = new CompletableFuture<>();
    Executor disk = environment.blockingExecutor(Text.nameOfPath(directory) + "-identity");
    disk.execute(
        () -> {
          Identity identity;
          try {
            long ceiling = Tag.timeOf(environment.clock().wallMillis() + AHEAD_MILLIS);
            Incarnation incarnation =
                Incarnation.begin(
                    environment.storage(),
                    directory,
                    environment.self(),
                    environment.clock(),
                    environment.random(directory + "-epoch"),
                    ceiling);
            identity = new Identity(environment, loop, disk, incarnation, maxDriftMillis);
          } catch (StorageException e) {
            loop.execute(() -> result.completeExceptionally(e));
            return;
          }
          loop.execute(
              () -> {
                identity.watch();
                result.complete(identity);
              });
        });
    return result;
  }

  public TagClock clock() {
    return clock;
  }

  /** Which start of the node this is. */
  public long epoch() {
    return incarnation.epoch();
  }

  /** Whether the replica had caught up when this start began. */
  public boolean isCaughtUp() {
    return wasCaughtUp;
  }

  /** Keeps on disk that the replica has caught up. */
  public void markCaughtUp() {
    disk.execute(
        () -> {
          try {
            incarnation.markCaughtUp();
          } catch (StorageException e) {
            // The next start will catch up again, which is safe.
            log.warn("cannot keep that the replica has caught up", e);
          }
        });
  }

  private void watch() {
    loop.schedule(
        CHECK_NANOS,
        () -> {
          if (!closed) {
            raise();
            watch();
          }
        });
  }

  private void raise() {
    long reading =
        Math.max(Tag.timeOf(environment.clock().wallMillis()), clock.reading());
    if (Tag.millisOf(reading) + AHEAD_MILLIS / 2 < Tag.millisOf(ceiling)) {
      return;
    }
    long next = Tag.timeOf(Tag.millisOf(reading) + AHEAD_MILLIS);
    disk.execute(
        () -> {
          try {
            incarnation.raise(next);
          } catch (StorageException e) {
            // Tags stay below the old ceiling, by counting instead of telling the time.
            log.warn("cannot raise the ceiling of the clock", e);
            return;
          }
          loop.execute(
              () -> {
                ceiling = Math.max(ceiling, next);
                clock.raiseCeiling(ceiling);
              });
        });
  }

  @Override
  public void close() {
    closed = true;
  }
}
