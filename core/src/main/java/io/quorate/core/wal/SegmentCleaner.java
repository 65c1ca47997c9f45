package io.quorate.core.wal;

import io.quorate.core.storage.NoSpaceException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives up the oldest segments once nothing in them counts, and copies what little still counts out
 * of the oldest when it keeps too much dead weight alive.
 *
 * <p>Room taken is bounded by twice what is alive plus a few segments: the oldest segment is copied
 * as soon as the full ones hold more garbage than live entries.
 *
 * <p>What it plans is guarded by the lock; what it does runs on the files executor.
 */
final class SegmentCleaner {
  private static final Logger log = LoggerFactory.getLogger(SegmentCleaner.class);
  /** Garbage of so many segments is not worth copying for. */
  private static final int TOLERATED_SEGMENTS = 3;

  /** A copy that counts once it is durable, if the entry has not moved or gone by then. */
  private record Move(LogContent content, long index, long from, long to, int length) {
    long end() {
      return to + RecordFormat.HEADER_BYTES + length;
    }
  }

  private final SharedLog shared;
  private final SegmentPreparer preparer;
  private final RecordFormat format;
  private final ArrayDeque<Move> moves = new ArrayDeque<>();
  private Manifest manifest;
  private boolean trimming;
  private boolean copying;
  private boolean paused;
  private boolean copied;
  /** The oldest segment cannot be read: it stays. */
  private boolean blocked;
  /** What is being copied from: its bytes, and where in them. */
  private Segment sourceSegment;
  private ByteBuffer source;
  private int sourceAt;

  SegmentCleaner(SharedLog shared, SegmentPreparer preparer, Manifest manifest) {
    this.shared = shared;
    this.preparer = preparer;
    this.manifest = manifest;
    this.format = new RecordFormat(manifest.nonce());
  }

  /** All before {@code durable} has been synced; on the writer. */
  void advance(long durable) {
    shared.lock.lock();
    try {
      while (!moves.isEmpty() && moves.peek().end() <= durable) {
        apply(moves.poll());
      }
      if (copied && moves.isEmpty()) {
        copying = false;
        copied = false;
      }
      int dead = trimming ? 0 : deadSegments(durable);
      if (dead > 0) {
        trimming = true;
        shared.runOnFiles(() -> trim(dead));
      } else if (paused) {
        paused = false;
        shared.runOnFiles(this::copy);
      } else if (!copying && !blocked && isWorthCopying()) {
        copying = true;
        shared.runOnFiles(this::beginCopy);
      }
    } finally {
      shared.lock.unlock();
    }
  }

  private static void apply(Move move) {
    EntryIndex entries = move.content().entries;
    boolean there = move.index() >= entries.first() && move.index() < entries.next();
    if (there && entries.position(move.index()) == move.from()) {
      move.content().move(move.index(), move.to(), move.length());
    }
  }

  /** How many of the oldest segments may go, so that the one that is left begins with its TABLE. */
  private int deadSegments(long durable) {
    Segments segments = shared.segments;
    int dead = 0;
    while (dead < segments.count() - 1) {
      Segment segment = segments.get(dead);
      if (segment.liveBytes > 0 || durable <= segments.get(dead + 1).start()) {
        break;
      }
      if (segment.deadAt == Segment.ALIVE) {
        segment.deadAt = shared.end();
      }
      if (segment.deadAt > durable) {
        break;
      }
      dead++;
    }
    return dead;
  }

  private boolean isWorthCopying() {
    Segments segments = shared.segments;
    if (segments.count() <= TOLERATED_SEGMENTS || shared.isFull()) {
      return false;
    }
    long tolerated = (long) TOLERATED_SEGMENTS * shared.world.options().segmentBytes();
    return segments.oldest().liveBytes > 0
        && segments.garbageBytes() > Math.max(tolerated, segments.liveBytes());
  }

  private void trim(int count) {
    WalWorld world = shared.world;
    Manifest next = manifest.withOldest(manifest.oldest() + count);
    try {
      next.store(world.storage(), world.directory());
    } catch (NoSpaceException e) {
      // The old manifest counts still; the next sync tries again.
      log.warn("no room to write the manifest problem={}", e.getMessage());
      stopTrimming();
      return;
    }
    world.faults().reached("wal.trim");
    manifest = next;
    List<Segment> removed;
    shared.lock.lock();
    try {
      removed = shared.segments.removeOldest(count);
      blocked = false;
    } finally {
      shared.lock.unlock();
    }
    for (Segment segment : removed) {
      segment.file.close();
      if (!preparer.take(segment)) {
        world.storage().delete(Segment.path(world.directory(), segment.number));
      }
    }
    world.storage().syncDirectory(world.directory());
    stopTrimming();
    shared.roomWasMade();
  }

  private void stopTrimming() {
    shared.lock.lock();
    try {
      trimming = false;
    } finally {
      shared.lock.unlock();
    }
  }

  private void beginCopy() {
    shared.lock.lock();
    try {
      sourceSegment = shared.segments.oldest();
    } finally {
      shared.lock.unlock();
    }
    source = ByteBuffer.allocate(sourceSegment.bytes);
    sourceSegment.file.read(0, source);
    source.flip();
    sourceAt = SegmentHeader.BYTES;
    copy();
  }

  /** Copies until too much waits for the writer or the segment ends. */
  private void copy() {
    while (copyNext()) {
      sourceAt += RecordFormat.HEADER_BYTES + RecordFormat.length(source, sourceAt);
    }
  }

  /** Copies the record at hand if it counts; says whether to go on with the one behind it. */
  private boolean copyNext() {
    long position = sourceSegment.base + sourceAt;
    boolean valid = format.isValid(source, sourceAt, position);
    shared.lock.lock();
    try {
      if (!valid || RecordFormat.type(source, sourceAt) == RecordFormat.SEAL) {
        endCopy(valid);
        return false;
      }
      if (shared.isStopping()) {
        return false;
      }
      int length = RecordFormat.length(source, sourceAt);
      if (shared.pendingBytes() + length > shared.world.options().maxPendingBytes() / 2
          && shared.pendingBytes() > 0) {
        paused = true;
        return false;
      }
      copyIfLive(position, length);
      return true;
    } finally {
      shared.unlockAndWake();
    }
  }

  private void copyIfLive(long position, int length) {
    byte type = RecordFormat.type(source, sourceAt);
    LogContent content = shared.contents.get(RecordFormat.log(source, sourceAt));
    long index = RecordFormat.index(source, sourceAt);
    boolean entry = type == RecordFormat.ENTRY || type == RecordFormat.COPY;
    if (!entry
        || content == null
        || index < content.entries.first()
        || index >= content.entries.next()
        || content.entries.position(index) != position) {
      return;
    }
    byte[] payload = RecordFormat.payload(source, sourceAt);
    long to = shared.put(RecordFormat.COPY, content.id, index, payload);
    moves.add(new Move(content, index, position, to, length));
  }

  private void endCopy(boolean valid) {
    shared.world.faults().reached("wal.copy");
    source = null;
    copied = true;
    if (!valid) {
      blocked = true;
      String path = Segment.path(shared.world.directory(), sourceSegment.number);
      log.error("a segment that is still needed is damaged file={} offset={}", path, sourceAt);
    }
  }
}
