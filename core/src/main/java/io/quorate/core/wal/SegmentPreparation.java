package io.quorate.core.wal;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * Creates a segment step by step: zeros first, and only when they are durable the header. A file
 * with a valid header therefore has its full size and no stale bytes. Belongs to one executor.
 *
 * <p>Room is taken by writing zeros and not by growing the file, so that a later sync has no
 * metadata to write and cannot run out of room.
 */
final class SegmentPreparation {
  private static final int STEP_BYTES = 1 << 20;

  private final Storage storage;
  private final String directory;
  private final Segment segment;
  private final long nonce;
  private final ByteBuffer zeros;
  private int written;

  SegmentPreparation(Storage storage, String directory, Segment segment, long nonce) {
    this.storage = storage;
    this.directory = directory;
    this.segment = segment;
    this.nonce = nonce;
    this.zeros = ByteBuffer.allocate(Math.min(STEP_BYTES, segment.bytes));
  }

  /** Does the next step; says whether the segment is ready. */
  boolean step() {
    String path = Segment.path(directory, segment.number);
    if (segment.file == null) {
      storage.delete(path);
      segment.file = storage.create(path);
    }
    StorageFile file = segment.file;
    if (written < segment.bytes) {
      zeros.clear().limit(Math.min(zeros.capacity(), segment.bytes - written));
      file.write(written, zeros);
      written += zeros.limit();
      return false;
    }
    file.force(true);
    SegmentHeader header = new SegmentHeader(segment.bytes, segment.number, segment.base, nonce);
    file.write(0, ByteBuffer.wrap(header.encode()));
    file.force(true);
    storage.syncDirectory(directory);
    return true;
  }

  Segment segment() {
    return segment;
  }

  /** Gives the room back. */
  void abandon() {
    close();
    storage.delete(Segment.path(directory, segment.number));
    written = 0;
  }

  void close() {
    if (segment.file != null) {
      segment.file.close();
      segment.file = null;
    }
  }
}
