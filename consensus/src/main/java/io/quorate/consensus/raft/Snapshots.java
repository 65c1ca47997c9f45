package io.quorate.consensus.raft;

import io.quorate.core.RefusedException;
import io.quorate.core.storage.StorageException;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Takes, sends, receives and restores the snapshots of one group. Files are touched on the host's
 * blocking executor alone; the state machine is frozen on the apply loop and written here while it
 * goes on.
 */
final class Snapshots<C, R> {
  /** Log that stays behind a snapshot, for followers that are a little late. */
  private static final long RETAINED_BYTES = 4L << 20;

  private final RaftDriver<C, R> driver;
  private final SnapshotFiles files;
  private final Executor blocking;
  private final Executor loop;
  private final Applier<C, R> applier;
  private long grownBytes;
  private boolean taking;
  private SnapshotFiles.Stored latest;
  private final JournalKeeper journal;

  Snapshots(
      RaftDriver<C, R> driver,
      Raft host,
      String group,
      Applier<C, R> applier,
      JournalKeeper journal) {
    this.driver = driver;
    this.journal = journal;
    this.files = new SnapshotFiles(host.storage(), group);
    this.blocking = host.blocking();
    this.loop = driver.loop();
    this.applier = applier;
  }

  /** Restores the newest snapshot if there is one, then goes on with {@code then} on the loop. */
  void recover(Consumer<Optional<SnapshotFiles.Stored>> then) {
    blocking(
        "cannot recover a snapshot",
        () -> {
          Optional<SnapshotFiles.Stored> newest = files.newest();
          if (newest.isPresent()) {
            restoreNow(newest.get());
          }
          loop.execute(
              () -> {
                latest = newest.orElse(null);
                then.accept(newest);
              });
        });
  }

  void grew(List<Entry> applied) {
    for (Entry entry : applied) {
      grownBytes += entry.length;
    }
  }

  /** Takes a snapshot if the log has grown enough since the last one. */
  void takeIfDue(long everyBytes) {
    if (grownBytes >= everyBytes && !taking) {
      take(done -> {});
    }
  }

  /** Takes a snapshot of all that is applied now. */
  void take(Consumer<Optional<Throwable>> done) {
    if (taking) {
      done.accept(Optional.of(new RefusedException("a snapshot is being taken already")));
      return;
    }
    taking = true;
    grownBytes = 0;
    applier.capture(capture -> loop.execute(() -> write(capture, done)));
  }

  void sendChunk(Effect.SendChunk effect) {
    blocking(
        "cannot read a snapshot",
        () -> {
          Optional<byte[]> bytes = files.chunk(effect.id(), effect.offset());
          loop.execute(
              () ->
                  bytes.ifPresent(
                      chunk ->
                          driver.transmit(
                              effect.to(),
                              new Message.Chunk(
                                  effect.term(), effect.id(), effect.offset(), chunk))));
        });
  }

  void storeChunk(Effect.StoreChunk effect) {
    long next = effect.offset() + effect.bytes().length;
    blocking(
        "cannot store a snapshot",
        () -> {
          files.receive(effect.offset(), effect.bytes());
          Optional<SnapshotFiles.Stored> stored =
              next < effect.id().bytes() ? Optional.empty() : files.received(effect.id());
          loop.execute(() -> stored(effect.id(), next, stored));
        });
  }

  /** Replaces the state; what is applied or read later waits. */
  void restore(Effect.Restore effect) {
    SnapshotFiles.Stored stored = latest;
    applier.pause(
        () ->
            blocking(
                "cannot restore a snapshot",
                () -> {
                  restoreNow(stored);
                  files.deleteBefore(stored.id());
                  applier.resume();
                }));
    journal.drop(effect.mark().index());
  }

  private void stored(SnapshotId id, long next, Optional<SnapshotFiles.Stored> complete) {
    if (complete.isPresent()) {
      if (latest == null || complete.get().mark().index() > latest.mark().index()) {
        latest = complete.get();
      }
      driver.step(
          new Input.SnapshotReceived(id, complete.get().mark(), driver.nowNanos()));
    } else {
      long resume = next < id.bytes() ? next : 0;
      driver.step(new Input.ChunkStored(id, resume, driver.nowNanos()));
    }
  }

  private void write(Applier.Capture capture, Consumer<Optional<Throwable>> done) {
    if (driver.failure() != null
        || capture.index() == 0
        || latest != null && capture.index() <= latest.mark().index()) {
      taking = false;
      done.accept(Optional.empty());
      return;
    }
    SnapshotMark mark = driver.log().markAt(capture.index(), capture.timeMillis());
    blocking.execute(
        () -> {
          try {
            SnapshotFiles.Stored stored = files.write(mark, capture.sessions(), capture.frozen());
            loop.execute(() -> taken(stored, done));
          } catch (StorageException e) {
            // The log is still whole, so nothing is lost: the next attempt comes when it has grown.
            loop.execute(() -> notTaken(e, done));
          } catch (RuntimeException e) {
            loop.execute(() -> driver.fail("cannot freeze the state", e));
          }
        });
  }

  private void taken(SnapshotFiles.Stored stored, Consumer<Optional<Throwable>> done) {
    taking = false;
    if (latest == null || stored.mark().index() > latest.mark().index()) {
      latest = stored;
      driver.step(
          new Input.SnapshotTaken(
              stored.id(),
              driver.log().indexBehind(stored.mark().index(), RETAINED_BYTES),
              driver.nowNanos()));
      blocking("cannot delete a snapshot", () -> files.deleteBefore(stored.id()));
      journal.drop(driver.log().baseIndex());
    }
    done.accept(Optional.empty());
  }

  private void notTaken(StorageException cause, Consumer<Optional<Throwable>> done) {
    taking = false;
    done.accept(Optional.of(cause));
  }

  private void restoreNow(SnapshotFiles.Stored stored) throws IOException {
    files.restore(stored, (table, state) -> applier.restore(stored.mark(), table, state));
  }

  private interface Work {
    void run() throws IOException;
  }

  /** Runs {@code work} where it may block; a failure stops the group. */
  private void blocking(String failure, Work work) {
    blocking.execute(
        () -> {
          try {
            work.run();
          } catch (IOException | RuntimeException e) {
            loop.execute(() -> driver.fail(failure, e));
          }
        });
  }
}
