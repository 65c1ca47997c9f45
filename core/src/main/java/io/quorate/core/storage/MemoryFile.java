package io.quorate.core.storage;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** A file in memory, opened. Several may share one content. */
final class MemoryFile implements StorageFile {
  private final String path;
  private final Content content;
  private volatile boolean closed;

  MemoryFile(String path, Content content) {
    this.path = path;
    this.content = content;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public long size() {
    checkOpen("ask for the size of");
    return content.size();
  }

  @Override
  public int read(long position, ByteBuffer target) {
    checkPosition(position);
    checkOpen("read");
    return content.read(position, target);
  }

  @Override
  public void write(long position, ByteBuffer source) {
    checkPosition(position);
    checkOpen("write");
    content.write(position, source);
  }

  @Override
  public void truncate(long size) {
    checkPosition(size);
    checkOpen("truncate");
    content.truncate(size);
  }

  @Override
  public void force(boolean metadata) {
    checkOpen("force");
  }

  @Override
  public void close() {
    closed = true;
  }

  private void checkOpen(String operation) {
    if (closed) {
      throw new StorageException("cannot " + operation + " " + path + ": it is closed");
    }
  }

  private static void checkPosition(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("position must not be negative, was " + position);
    }
  }

  /** The bytes, in pages that exist once something was written there. */
  static final class Content {
    private static final int PAGE_BYTES = 1 << 14;

    private byte[][] pages = new byte[4][];
    private long size;

    synchronized long size() {
      return size;
    }

    synchronized int read(long position, ByteBuffer target) {
      int count = (int) Math.min(target.remaining(), Math.max(0, size - position));
      int left = count;
      for (long at = position; left > 0; ) {
        int offset = (int) (at % PAGE_BYTES);
        int step = Math.min(left, PAGE_BYTES - offset);
        byte[] page = page(at);
        if (page == null) {
          target.put(new byte[step]);
        } else {
          target.put(page, offset, step);
        }
        at += step;
        left -= step;
      }
      return count;
    }

    synchronized void write(long position, ByteBuffer source) {
      for (long at = position; source.hasRemaining(); ) {
        int offset = (int) (at % PAGE_BYTES);
        int step = Math.min(source.remaining(), PAGE_BYTES - offset);
        source.get(madePage(at), offset, step);
        at += step;
        size = Math.max(size, at);
      }
    }

    synchronized void truncate(long newSize) {
      if (newSize >= size) {
        return;
      }
      size = newSize;
      byte[] cut = page(newSize);
      if (cut != null) {
        Arrays.fill(cut, (int) (newSize % PAGE_BYTES), PAGE_BYTES, (byte) 0);
      }
      int from = (int) Math.min(pages.length, newSize / PAGE_BYTES + 1);
      Arrays.fill(pages, from, pages.length, null);
    }

    private byte[] page(long position) {
      long number = position / PAGE_BYTES;
      return number < pages.length ? pages[(int) number] : null;
    }

    private byte[] madePage(long position) {
      int number = Math.toIntExact(position / PAGE_BYTES);
      if (number >= pages.length) {
        pages = Arrays.copyOf(pages, Math.max(number + 1, 2 * pages.length));
      }
      if (pages[number] == null) {
        pages[number] = new byte[PAGE_BYTES];
      }
      return pages[number];
    }
  }
}
