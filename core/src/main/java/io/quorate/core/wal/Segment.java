package io.quorate.core.wal;

import io.quorate.core.storage.StorageFile;

/** What is known of one segment. Guarded by the lock of the {@link SharedLog}. */
final class Segment {
  /** Not known to be dead. */
  static final long ALIVE = -1;

  final long number;
  /** The position at which the file begins. */
  final long base;
  final int bytes;
  /** The open file; absent until the writer reaches a segment that is appended to ahead of it. */
  StorageFile file;
  /** What the records of entries that still count take. */
  long liveBytes;
  /** Where the log ended when the last entry died: once that is durable, the file may go. */
  long deadAt = ALIVE;

  Segment(long number, long base, int bytes) {
    this.number = number;
    this.base = base;
    this.bytes = bytes;
  }

  /** The position of the first record. */
  long start() {
    return base + SegmentHeader.BYTES;
  }

  /** The position after the file's last byte. */
  long end() {
    return base + bytes;
  }

  static String path(String directory, long number) {
    return directory + "/" + String.format("%016x.wal", number);
  }
}
