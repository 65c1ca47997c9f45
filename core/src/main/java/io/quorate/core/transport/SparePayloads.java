package io.quorate.core.transport;

/**
 * Arrays of long payloads that nobody uses any more, for later payloads of the very same length.
 * Bounded in number and bytes, beyond which the oldest are left to the garbage collector. Safe for
 * use by many threads.
 */
final class SparePayloads {
  /** Shorter ones are not worth the trouble. */
  static final int MIN_BYTES = 4 << 10;

  private static final int MAX_ARRAYS = 64;
  private static final long MAX_BYTES = 64 << 20;
  private static final byte[] NONE = {};

  /** The first {@link #count} are there, the oldest first. */
  private final byte[][] spare = new byte[MAX_ARRAYS][];

  private int count;
  private long bytes;

  /** Takes out an array of {@code length} bytes, whose content is arbitrary; if none, an empty. */
  synchronized byte[] find(int length) {
    for (int i = count - 1; i >= 0; i--) {
      if (spare[i].length == length) {
        return remove(i);
      }
    }
    return NONE;
  }

  /** Takes in {@code array}, which nobody uses any more. */
  synchronized void give(byte[] array) {
    if (array.length < MIN_BYTES || array.length > MAX_BYTES) {
      return;
    }
    while (count == MAX_ARRAYS || bytes + array.length > MAX_BYTES) {
      remove(0);
    }
    spare[count++] = array;
    bytes += array.length;
  }

  private byte[] remove(int index) {
    byte[] removed = spare[index];
    count--;
    System.arraycopy(spare, index + 1, spare, index, count - index);
    spare[count] = null;
    bytes -= removed.length;
    return removed;
  }
}
