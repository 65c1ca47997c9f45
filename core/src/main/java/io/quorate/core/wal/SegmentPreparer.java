package io.quorate.core.wal;

import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.StorageException;
import java.util.ArrayDeque;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one empty segment ahead of the writer, made of a dead one if it can be. When there is no
 * room for it the log is full: entries are refused, while the segment in use still takes what was
 * accepted before, and it tries again from time to time. Its state belongs to the files executor.
 */
final class SegmentPreparer {
  private static final Logger log = LoggerFactory.getLogger(SegmentPreparer.class);
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);
  /** Dead segments that are kept; more are deleted. */
  private static final int MAX_DEAD = 4;

  private final SharedLog shared;
  private final SegmentWriter writer;
  private final long nonce;
  private long nextNumber;
  private long nextBase;
  private SegmentPreparation preparation;
  /** Numbers of segments whose files are closed, of the size of new ones, and there to be used. */
  private final ArrayDeque<Long> dead = new ArrayDeque<>();
  private boolean retryScheduled;
  private boolean released;

  /** {@code last} is the newest segment that is ready. */
  SegmentPreparer(SharedLog shared, SegmentWriter writer, long nonce, Segment last) {
    this.shared = shared;
    this.writer = writer;
    this.nonce = nonce;
    this.nextNumber = last.number + 1;
    this.nextBase = last.end();
  }

  /** Prepares one more segment. */
  void begin() {
    if (preparation == null && !released) {
      WalWorld world = shared.world;
      Segment next = new Segment(nextNumber, nextBase, world.options().segmentBytes());
      OptionalLong former = dead.isEmpty() ? OptionalLong.empty() : OptionalLong.of(dead.poll());
      if (former.isPresent()) {
        world.faults().reached("wal.recycle");
      }
      preparation =
          new SegmentPreparation(world.storage(), world.directory(), next, nonce, former);
      step();
    }
  }

  /**
   * Takes a segment that the manifest has given up, and whose file is closed; says whether it will
   * be used again. Until then it lies there under its old name, as if its deletion were due.
   */
  boolean take(Segment segment) {
    boolean fits = segment.bytes == shared.world.options().segmentBytes();
    return fits && dead.size() < MAX_DEAD && dead.add(segment.number);
  }

  /** Room has been made: tries at once what it would have tried later. */
  void retry() {
    if (preparation != null && retryScheduled) {
      step();
    }
  }

  void release() {
    released = true;
    if (preparation != null) {
      preparation.close();
    }
  }

  private void step() {
    if (released || shared.failure().isPresent()) {
      return;
    }
    try {
      if (!preparation.step()) {
        shared.runOnFiles(this::step);
        return;
      }
    } catch (NoSpaceException e) {
      waitForRoom(e);
      return;
    }
    Segment ready = preparation.segment();
    preparation = null;
    nextNumber = ready.number + 1;
    nextBase = ready.end();
    if (shared.isFull()) {
      log.info("write-ahead log has room again directory={}", shared.world.directory());
      shared.setFull(false);
    }
    writer.prepared(ready);
  }

  private void waitForRoom(StorageException cause) {
    preparation.abandon();
    shared.world.faults().reached("wal.full");
    if (!shared.isFull()) {
      log.warn("no room for the next segment problem={}", cause.getMessage());
      shared.setFull(true);
    }
    if (!retryScheduled) {
      retryScheduled = true;
      shared.world.loop().schedule(RETRY_NANOS, () -> shared.runOnFiles(this::retryDue));
    }
  }

  private void retryDue() {
    retryScheduled = false;
    if (preparation != null && shared.isFull()) {
      step();
    }
  }
}
