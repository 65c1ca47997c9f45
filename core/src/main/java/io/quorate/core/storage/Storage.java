package io.quorate.core.storage;

import java.util.List;

/**
 * The files below one directory, which this node owns.
 *
 * <p>Paths are relative, with {@code /} between names of the characters {@code a-z A-Z 0-9 . _ -}
 * that do not begin with a dot; anything else is refused, so that no name from outside can reach
 * another file. Calls block and belong on a {@linkplain
 * io.quorate.core.Environment#blockingExecutor blocking executor}. Every failure of the device is a
 * {@link StorageException} that names operation, file and offset.
 *
 * <p>Durability is explicit: contents once {@link StorageFile#force} has returned, names (creation,
 * rename, deletion) once {@link #syncDirectory} of their directory has.
 */
public interface Storage {
  /**
   * Opens the file for reading and writing.
   *
   * @throws StorageException if it does not exist
   */
  StorageFile open(String path);

  /**
   * Creates an empty file and opens it.
   *
   * @throws StorageException if it exists
   */
  StorageFile create(String path);

  /** Whether there is a file or directory at {@code path}. */
  boolean exists(String path);

  /** The names in {@code directory}, sorted; {@code ""} is the root. Empty if it does not exist. */
  List<String> list(String directory);

  /** Creates the directory, and those above it, unless they exist; their names are synced. */
  void createDirectories(String directory);

  /** Renames a file, replacing {@code to} if it exists, atomically. */
  void rename(String from, String to);

  /** Deletes a file or an empty directory; does nothing if it does not exist. */
  void delete(String path);

  /** Makes creations, renames and deletions in {@code directory} durable; {@code ""} is the root. */
  void syncDirectory(String directory);

  /**
   * Locks {@code path} against other processes and other users in this one until the lock is closed.
   *
   * @throws StorageException if it is locked; says by whom if that is known
   */
  AutoCloseable lock(String path);

  /** Bytes that may still be written, as far as the device tells. */
  long usableBytes();
}
