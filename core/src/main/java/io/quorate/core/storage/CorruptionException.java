package io.quorate.core.storage;

/**
 * Stored bytes are not what was written: names the file, the offset, what was expected and found.
 */
public class CorruptionException extends StorageException {
  private final String path;
  private final long offset;

  /**
   * Reports corruption.
   *
   * @param path the file
   * @param offset where in it, in bytes
   * @param problem what was expected and what was found
   */
  public CorruptionException(String path, long offset, String problem) {
    super("corrupt file " + path + " at offset " + offset + ": " + problem);
    this.path = path;
    this.offset = offset;
  }

  public String path() {
    return path;
  }

  /** Where in the file, in bytes. */
  public long offset() {
    return offset;
  }
}
