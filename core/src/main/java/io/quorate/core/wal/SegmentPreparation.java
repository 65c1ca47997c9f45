package io.quorate.core.wal;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.OptionalLong;

/**
 * Makes a segment step by step: first the room, and only when that is durable the header. A file
 * with a valid header therefore has its full size, and nothing behind it could be taken for records
 * of its own. Belongs to one executor.
 *
 * <p>Room is taken by writing zeros and not by growing the file, so that a later sync has no
 * metadata to write and cannot run out of room. A segment that is dead has that room already: it
 * takes another name and header, and its old records stay behind, valid nowhere but at the
 * positions that it had.
 */
final class SegmentPreparation {
  private static final int STEP_BYTES = 1 << 20;

  private final Storage storage;
  private final String directory;
  private final Segment segment;
  private final long nonce;
  private OptionalLong dead;
  private int written;

  /**
   * Nothing is done yet.
   *
   * @param dead the number of a segment of the same size, of no use any more, whose file to take
   */
  SegmentPreparation(
      Storage storage, String directory, Segment segment, long nonce, OptionalLong dead) {
    this.storage = storage;
    this.directory = directory;
    this.segment = segment;
    this.nonce = nonce;
    this.dead = dead;
  }

  /** Does the next step; says whether the segment is ready. */
  boolean step() {
    String path = Segment.path(directory, segment.number);
    if (segment.file == null) {
      storage.delete(path);
      segment.file = dead.isPresent() ? recycle(dead.getAsLong(), path) : storage.create(path);
    }
    if (dead.isEmpty() && written < segment.bytes) {
      ByteBuffer zeros = ByteBuffer.allocate(Math.min(STEP_BYTES, segment.bytes - written));
      segment.file.write(written, zeros);
      written += zeros.limit();
      return false;
    }
    segment.file.force(true);
    SegmentHeader header =
        new SegmentHeader(segment.bytes, segment.number, segment.base, nonce, dead.isPresent());
    segment.file.write(0, ByteBuffer.wrap(header.encode()));
    segment.file.force(true);
    storage.syncDirectory(directory);
    return true;
  }

  /** Wipes the beginning, where the first record goes: it tells later whether there is one. */
  private StorageFile recycle(long number, String path) {
    String former = Segment.path(directory, number);
    try (StorageFile file = storage.open(former)) {
      file.write(0, ByteBuffer.allocate(SegmentHeader.BLANK_BYTES));
      file.force(false);
    }
    storage.rename(former, path);
    return storage.open(path);
  }

  Segment segment() {
    return segment;
  }

  /** Gives the room back; what is made next is made of zeros. */
  void abandon() {
    close();
    storage.delete(Segment.path(directory, segment.number));
    dead.ifPresent(number -> storage.delete(Segment.path(directory, number)));
    dead = OptionalLong.empty();
    written = 0;
  }

  void close() {
    if (segment.file != null) {
      segment.file.close();
      segment.file = null;
    }
  }
}
