package io.quorate.core.storage;

import java.nio.file.Path;
import java.util.List;

/**
 * The files below one directory, which this node owns. Safe for use by many threads.
 *
 * <p>Paths are relative, with {@code /} between names of the characters {@code a-z A-Z 0-9 . _ -}
 * that do not begin with a dot; anything else is refused, so that no name from outside can reach
 * another file. Calls block and belong on a {@linkplain
 * io.quorate.core.Environment#blockingExecutor blocking executor}. Every failure of the device is a
 * {@link StorageException} that names operation, file and offset; lack of room is a {@link
 * NoSpaceException}.
 *
 * <p>Durability is explicit: contents once {@link StorageFile#force} has returned, names (creation,
 * rename, deletion) once {@link #syncDirectory} of their directory has.
 */
public interface Storage extends AutoCloseable {
  /**
   * The real files below {@code root}, which is created unless it exists. Only the user that runs
   * this process may read what is created there, where the file system knows such rights.
   */
  static Storage directory(Path root) {
    return new DirectoryStorage(root);
  }

  /** Files in memory, empty at first: they last as long as they are referred to. */
  static Storage inMemory() {
    return new MemoryStorage();
  }

  /**
   * Refuses a path that an implementation must refuse.
   *
   * @return {@code path}
   * @throws IllegalArgumentException if it is not made of 1 to 16 allowed names of at most 200
   *     characters
   */
  static String checkPath(String path) {
    return StoragePaths.check(path);
  }

  /**
   * Opens the file for reading and writing.
   *
   * @throws StorageException if it does not exist or is a directory
   */
  StorageFile open(String path);

  /**
   * Creates an empty file and opens it.
   *
   * @throws StorageException if it exists, or its directory does not
   */
  StorageFile create(String path);

  /** Whether there is a file or directory at {@code path}. */
  boolean exists(String path);

  /** The names in {@code directory}, sorted; {@code ""} is the root. Empty if it does not exist. */
  List<String> list(String directory);

  /** Creates the directory, and those above it, unless they exist; their names are synced. */
  void createDirectories(String directory);

  /** Renames a file, replacing the file {@code to} if it exists, atomically. */
  void rename(String from, String to);

  /**
   * Deletes a file or an empty directory; does nothing if it does not exist. A file that is open
   * may be read until it is closed.
   */
  void delete(String path);

  /**
   * Makes creations, renames and deletions in {@code directory} durable; {@code ""} is the root.
   */
  void syncDirectory(String directory);

  /**
   * Locks {@code path} against other processes and other users in this one until the lock is
   * closed.
   *
   * @throws StorageException if it is locked; says by whom if that is known
   */
  Lock lock(String path);

  /** Bytes that may still be written, as far as the device tells. */
  long usableBytes();

  /** A lock that is held until it is closed, or until the process ends. */
  interface Lock extends AutoCloseable {
    /** Releases the lock; a second call does nothing. */
    @Override
    void close();
  }

  /**
   * Closes the files and gives up the locks that are still open, as the end of the process would; what
   * was not forced may be lost. Nothing may be opened afterwards. May be called twice.
   */
  @Override
  default void close() {}
}
