package io.quorate.core.storage;

/**
 * The device or the file system failed, or holds what it must not: says what was done to which file
 * at which offset. Whether the operation had an effect on the device is unknown.
 */
public class StorageException extends RuntimeException {
  public StorageException(String message) {
    super(message);
  }

  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }
}
