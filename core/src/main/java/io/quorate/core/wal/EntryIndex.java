package io.quorate.core.wal;

import java.util.Arrays;

/**
 * Where the entries of one logical log are: position and length of each, 12 bytes an entry, in pages
 * that are never moved. Guarded by the lock of the {@link SharedLog}.
 */
final class EntryIndex {
  /** The position of an entry whose record has not been seen. */
  static final long ABSENT = -1;

  private static final int PAGE_ENTRIES = 512;

  private Page[] pages = new Page[1];
  /** The page number, counted from index 0, of {@code pages[0]}. */
  private long firstPage;
  private long first;
  private long next;
  /** One page kept for the next that is needed. */
  private Page free;

  EntryIndex(long first) {
    clear(first);
  }

  long first() {
    return first;
  }

  long next() {
    return next;
  }

  /** Forgets everything; goes on at {@code index}. */
  void clear(long index) {
    Arrays.fill(pages, null);
    firstPage = index / PAGE_ENTRIES;
    first = index;
    next = index;
  }

  void add(long position, int length) {
    int page = (int) (next / PAGE_ENTRIES - firstPage);
    if (page == pages.length) {
      pages = Arrays.copyOf(pages, 2 * pages.length);
    }
    if (pages[page] == null) {
      pages[page] = free == null ? new Page() : free;
      free = null;
    }
    pages[page].set((int) (next % PAGE_ENTRIES), position, length);
    next++;
  }

  /** Moves an entry that is there. */
  void move(long index, long position, int length) {
    page(index).set((int) (index % PAGE_ENTRIES), position, length);
  }

  long position(long index) {
    return page(index).positions[(int) (index % PAGE_ENTRIES)];
  }

  int length(long index) {
    return page(index).lengths[(int) (index % PAGE_ENTRIES)];
  }

  void truncate(long from) {
    long lastPage = (from == first ? from : from - 1) / PAGE_ENTRIES;
    for (long page = (next - 1) / PAGE_ENTRIES; page > lastPage; page--) {
      release((int) (page - firstPage));
    }
    next = from;
  }

  void drop(long before) {
    first = before;
    int dead = (int) (before / PAGE_ENTRIES - firstPage);
    if (dead == 0) {
      return;
    }
    free = pages[0] == null ? free : pages[0];
    int left = Math.max(0, pages.length - dead);
    Page[] kept = new Page[Math.max(1, Integer.highestOneBit(Math.max(1, left - 1)) * 2)];
    System.arraycopy(pages, pages.length - left, kept, 0, Math.min(left, kept.length));
    pages = kept;
    firstPage += dead;
  }

  private void release(int page) {
    free = pages[page];
    pages[page] = null;
  }

  private Page page(long index) {
    if (index < first || index >= next) {
      throw new AssertionError("index " + index + " is outside of [" + first + ", " + next + ")");
    }
    return pages[(int) (index / PAGE_ENTRIES - firstPage)];
  }

  private static final class Page {
    private final long[] positions = new long[PAGE_ENTRIES];
    private final int[] lengths = new int[PAGE_ENTRIES];

    private void set(int at, long position, int length) {
      positions[at] = position;
      lengths[at] = length;
    }
  }
}
