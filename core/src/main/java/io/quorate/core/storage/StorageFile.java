package io.quorate.core.storage;

import java.nio.ByteBuffer;

/**
 * An open file. Reads may come from many threads, beside at most one writer. Each failure is a
 * {@link StorageException}.
 */
public interface StorageFile extends AutoCloseable {
  /** The path it was opened with. */
  String path();

  /** Length in bytes. */
  long size();

  /**
   * Reads into {@code target} from {@code position} on until it is full or the file ends.
   *
   * @return the number of bytes read; less than asked for only at the end of the file
   */
  int read(long position, ByteBuffer target);

  /**
   * Writes all of {@code source} at {@code position}; zeros fill what lies between the end of the
   * file and it. After a failure any part of it may be written.
   */
  void write(long position, ByteBuffer source);

  /** Cuts the file to {@code size} bytes; does nothing if it is shorter. */
  void truncate(long size);

  /**
   * Makes what was written durable. After it has failed, what was written since the last success
   * may be lost even if a later call succeeds: the caller must stop trusting the file.
   *
   * @param metadata whether a changed length must be durable too; false is enough, and cheaper,
   *     when writing inside a pre-allocated file
   */
  void force(boolean metadata);

  /** Closes it without making anything durable; a second call does nothing. */
  @Override
  void close();
}
