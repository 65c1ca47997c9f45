package io.quorate.core.wal;

import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;

/** Reads one segment from its first record to the end of the log or of the segment. */
final class SegmentScan {
  private final RecordFormat format;
  private final Segment segment;
  /** Behind the last valid record. */
  private long end;
  /** All before it was synced, as a MARKER says. */
  private long synced;
  private boolean sealed;
  private boolean endsWithMarker;

  SegmentScan(RecordFormat format, Segment segment) {
    this.format = format;
    this.segment = segment;
    this.end = segment.start();
    this.synced = segment.start();
  }

  /** Applies all records of {@code bytes}, the contents of the segment, to {@code replay}. */
  void run(ByteBuffer bytes, Replay replay) {
    while (!sealed && format.isValid(bytes, offset(end), end)) {
      int at = offset(end);
      byte type = RecordFormat.type(bytes, at);
      if ((end == segment.start()) != (type == RecordFormat.TABLE)) {
        throw new MalformedException("a table must be the first record of a segment");
      }
      replay.apply(bytes, at, end);
      long index = RecordFormat.index(bytes, at);
      endsWithMarker = type == RecordFormat.MARKER && index == end;
      if (type == RecordFormat.MARKER) {
        synced = Math.max(synced, index);
      }
      sealed = type == RecordFormat.SEAL;
      end += RecordFormat.HEADER_BYTES + RecordFormat.length(bytes, at);
    }
  }

  /** The position behind the last valid record. */
  long end() {
    return end;
  }

  boolean isSealed() {
    return sealed;
  }

  boolean isEmpty() {
    return end == segment.start();
  }

  boolean endsWithMarker() {
    return endsWithMarker;
  }

  /** Whether {@code bytes} begin with a TABLE, as those of every segment in use do. */
  boolean isBegun(ByteBuffer bytes) {
    return bytes.limit() > SegmentHeader.BYTES
        && format.isValid(bytes, SegmentHeader.BYTES, segment.start())
        && RecordFormat.type(bytes, SegmentHeader.BYTES) == RecordFormat.TABLE;
  }

  /** Whether a MARKER behind the end tells that what should be at the end had been synced. */
  boolean isContradicted(ByteBuffer bytes) {
    return findBehindEnd(bytes, RecordFormat.MARKER, end);
  }

  /** Whether there is the SEAL that a segment has once it is full. */
  boolean hasSealBehind(ByteBuffer bytes) {
    return findBehindEnd(bytes, RecordFormat.SEAL, 0);
  }

  /**
   * Writes again what may not be durable, wipes what follows, and syncs.
   *
   * @return whether there was something to wipe
   */
  boolean repair(StorageFile file, ByteBuffer bytes) {
    int from = offset(Math.min(synced, end));
    int to = offset(end);
    file.write(from, bytes.duplicate().limit(to).position(from));
    int garbageEnd = usedBytes(bytes);
    if (garbageEnd > to) {
      file.write(to, ByteBuffer.allocate(garbageEnd - to));
    }
    file.force(false);
    return garbageEnd > to;
  }

  /** How many bytes there are up to the last that is not zero. */
  static int usedBytes(ByteBuffer bytes) {
    int end = bytes.limit();
    while (end >= Long.BYTES && bytes.getLong(end - Long.BYTES) == 0) {
      end -= Long.BYTES;
    }
    while (end > 0 && bytes.get(end - 1) == 0) {
      end--;
    }
    return end;
  }

  private boolean findBehindEnd(ByteBuffer bytes, byte type, long indexAbove) {
    // No record has the type 0, so none begins where only zeros follow.
    int limit = Math.min(usedBytes(bytes), bytes.limit() - RecordFormat.HEADER_BYTES + 1);
    for (int at = offset(end); at < limit; at++) {
      if (bytes.get(at + RecordFormat.TYPE_AT) == type
          && format.isValidEmpty(bytes, at, segment.base + at, type)
          && RecordFormat.index(bytes, at) > indexAbove) {
        return true;
      }
    }
    return false;
  }

  private int offset(long position) {
    return (int) (position - segment.base);
  }
}
