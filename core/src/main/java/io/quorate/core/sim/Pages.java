package io.quorate.core.sim;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes of a file, as far as they are not zero. */
final class Pages {
  private static final int PAGE = 4_096;
  private static final byte[] ZEROS = new byte[PAGE];

  private byte[][] pages = new byte[4][];

  /** Fills {@code target} with what is at {@code position} and behind. */
  void read(long position, ByteBuffer target) {
    long at = position;
    while (target.hasRemaining()) {
      int offset = (int) (at % PAGE);
      int count = Math.min(PAGE - offset, target.remaining());
      byte[] page = page(at);
      target.put(page == null ? ZEROS : page, offset, count);
      at += count;
    }
  }

  byte[] read(long position, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    read(position, target);
    return target.array();
  }

  void write(long position, byte[] source, int from, int length) {
    long at = position;
    int index = from;
    int end = from + length;
    while (index < end) {
      int offset = (int) (at % PAGE);
      int count = Math.min(PAGE - offset, end - index);
      if (page(at) != null || !isZero(source, index, count)) {
        System.arraycopy(source, index, madePage(at), offset, count);
      }
      at += count;
      index += count;
    }
  }

  void zero(long from, long to) {
    long at = from;
    while (at < to && at / PAGE < pages.length) {
      int offset = (int) (at % PAGE);
      int count = (int) Math.min(PAGE - offset, to - at);
      if (count == PAGE) {
        pages[(int) (at / PAGE)] = null;
      } else if (page(at) != null) {
        Arrays.fill(page(at), offset, offset + count, (byte) 0);
      }
      at += count;
    }
  }

  Pages copy() {
    Pages copy = new Pages();
    copy.pages = new byte[pages.length][];
    for (int i = 0; i < pages.length; i++) {
      copy.pages[i] = pages[i] == null ? null : pages[i].clone();
    }
    return copy;
  }

  static boolean isZero(byte[] bytes, int from, int length) {
    for (int at = from; at < from + length; at += PAGE) {
      int count = Math.min(PAGE, from + length - at);
      if (Arrays.mismatch(bytes, at, at + count, ZEROS, 0, count) >= 0) {
        return false;
      }
    }
    return true;
  }

  private byte[] page(long position) {
    long number = position / PAGE;
    return number < pages.length ? pages[(int) number] : null;
  }

  private byte[] madePage(long position) {
    int number = Math.toIntExact(position / PAGE);
    if (number >= pages.length) {
      pages = Arrays.copyOf(pages, Math.max(number + 1, 2 * pages.length));
    }
    if (pages[number] == null) {
      pages[number] = new byte[PAGE];
    }
    return pages[number];
  }
}
