package io.quorate.core.wal;

import java.util.Arrays;

/**
 * Where the entries of one logical log are: position and length of each, 12 bytes an entry, in
 * pages that are never moved. Logs that drop what they append take turns with the same pages.
 * Guarded by the lock of the {@link SharedLog}.
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
  private final Pool pool;

  EntryIndex(long first, Pool pool) {
    this.pool = pool;
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
    for (int page = 0; page < pages.length; page++) {
      release(page);
    }
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
      pages[page] = pool.take();
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
    for (int page = 0; page < Math.min(dead, pages.length); page++) {
      release(page);
    }
    int left = Math.max(0, pages.length - dead);
    Page[] kept = new Page[Math.max(1, Integer.highestOneBit(Math.max(1, left - 1)) * 2)];
    System.arraycopy(pages, pages.length - left, kept, 0, Math.min(left, kept.length));
    pages = kept;
    firstPage += dead;
  }

  private void release(int page) {
    if (pages[page] != null) {
      pool.give(pages[page]);
      pages[page] = null;
    }
  }

  private Page page(long index) {
    if (index < first || index >= next) {
      throw new AssertionError("index " + index + " is outside of [" + first + ", " + next + ")");
    }
    return pages[(int) (index / PAGE_ENTRIES - firstPage)];
  }

  /** Pages that no log needs at the moment, shared by all. */
  static final class Pool {
    private static final int MAX_FREE_PAGES = 64;

    private final Page[] free = new Page[MAX_FREE_PAGES];
    private int count;

    private Page take() {
      return count == 0 ? new Page() : free[--count];
    }

    private void give(Page page) {
      if (count < MAX_FREE_PAGES) {
        free[count++] = page;
      }
    }
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
