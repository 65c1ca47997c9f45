package io.quorate.core.storage;

/**
 * The device or the user's share of it is full. What was there before is intact, and the operation
 * may succeed once room has been made; part of a write may have been done.
 */
public class NoSpaceException extends StorageException {
  public NoSpaceException(String message) {
    super(message);
  }

  public NoSpaceException(String message, Throwable cause) {
    super(message, cause);
  }
}
