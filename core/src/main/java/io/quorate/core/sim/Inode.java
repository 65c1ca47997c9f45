package io.quorate.core.sim;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * A file without its name, in two images: what a reader sees (the page cache), and what is on the
 * medium. Between them lie the changes since the last sync, any of which a crash may keep, lose,
 * tear at a sector's boundary, or turn into garbage, sector by sector.
 */
final class Inode {
  static final int SECTOR = 512;

  /** A change that is not durable. */
  sealed interface Change {
    /** {@code bytes} are null if all of them are zero. */
    record Write(long position, int length, byte[] bytes) implements Change {
      long firstSector() {
        return position / SECTOR;
      }

      /** Before the first if nothing is written. */
      long lastSector() {
        return Math.floorDiv(position + length - 1, SECTOR);
      }
    }

    record Resize(long size) implements Change {}
  }

  private Pages visible = new Pages();
  private long visibleSize;
  private Pages durable = new Pages();
  private long durableSize;
  private final List<Change> pending = new ArrayList<>();

  long size() {
    return visibleSize;
  }

  int pendingCount() {
    return pending.size();
  }

  void read(long position, ByteBuffer target) {
    visible.read(position, target);
  }

  byte[] visibleBytes() {
    return visible.read(0, Math.toIntExact(visibleSize));
  }

  byte[] durableBytes() {
    return durable.read(0, Math.toIntExact(durableSize));
  }

  void write(long position, byte[] bytes) {
    boolean isZero = bytes.length >= SECTOR && Pages.isZero(bytes, 0, bytes.length);
    pending.add(new Change.Write(position, bytes.length, isZero ? null : bytes));
    visible.write(position, bytes, 0, bytes.length);
    visibleSize = Math.max(visibleSize, position + bytes.length);
  }

  void truncate(long size) {
    if (size < visibleSize) {
      pending.add(new Change.Resize(size));
      visible.zero(size, visibleSize);
      visibleSize = size;
    }
  }

  /** Makes contents durable; a grown length only if {@code metadata}. */
  void sync(boolean metadata) {
    boolean shrunk = pending.stream().anyMatch(Change.Resize.class::isInstance);
    long sizeBefore = durableSize;
    pending.forEach(this::apply);
    pending.clear();
    if (!metadata && !shrunk && durableSize > sizeBefore) {
      pending.add(new Change.Resize(durableSize));
      durableSize = sizeBefore;
    }
  }

  /** A sync that fails: the pages count as clean from now on, though they are not on the medium. */
  void dropPending(boolean revertVisible) {
    pending.clear();
    if (revertVisible) {
      forgetCache();
    }
  }

  /** The medium writes one of the pending changes to the wrong sector, or not at all. */
  void spoilPending(SeededRandom chance, boolean misdirect) {
    List<Integer> writes = new ArrayList<>();
    for (int i = 0; i < pending.size(); i++) {
      if (pending.get(i) instanceof Change.Write write && write.bytes() != null) {
        writes.add(i);
      }
    }
    if (writes.isEmpty()) {
      return;
    }
    int index = writes.get(chance.nextInt(writes.size()));
    Change.Write write = (Change.Write) pending.remove(index);
    long sectors = Math.max(1, visibleSize / SECTOR);
    if (misdirect) {
      long elsewhere = chance.nextLong(sectors) * SECTOR;
      byte[] bytes = write.bytes();
      pending.add(index, new Change.Write(elsewhere, bytes.length, bytes));
    }
  }

  /** The power fails: chance decides what of the pending changes is on the medium. */
  void crash(SeededRandom chance, boolean garbage) {
    int mode = chance.nextInt(4);
    int keptCount = mode == 0 ? 0 : mode == 1 ? pending.size() : chance.nextInt(pending.size() + 1);
    boolean leavesGarbage = garbage && chance.nextBoolean();
    survive(
        (change, sector) -> mode == 3 || mode == 2 && change == keptCount
            ? chance.nextBoolean()
            : change < keptCount,
        sector -> leavesGarbage && mode >= 2 && chance.nextBoolean() ? chance : null);
  }

  /** The power fails and exactly the pending changes whose bit is set in {@code kept} survive. */
  void crashKeeping(long kept) {
    survive((change, sector) -> (kept >>> change & 1) != 0, sector -> null);
  }

  /** Says of a pending change, by its index, whether its part in a sector is on the medium. */
  private interface Survival {
    boolean keeps(int change, long sector);
  }

  /**
   * Applies what survives. A sector is written whole: it holds a change only together with those
   * made to it before, which were in the cache when it was written.
   */
  private void survive(Survival survival, LongFunction<SeededRandom> garbage) {
    TreeMap<Long, Integer> lastKept = new TreeMap<>();
    boolean[] resized = new boolean[pending.size()];
    for (int i = 0; i < pending.size(); i++) {
      if (pending.get(i) instanceof Change.Write write) {
        for (long sector = write.firstSector(); sector <= write.lastSector(); sector++) {
          if (survival.keeps(i, sector)) {
            lastKept.put(sector, i);
          }
        }
      } else {
        resized[i] = survival.keeps(i, -1);
      }
    }
    for (int i = 0; i < pending.size(); i++) {
      if (!(pending.get(i) instanceof Change.Write write)) {
        if (resized[i]) {
          apply(pending.get(i));
        }
        continue;
      }
      for (long sector = write.firstSector(); sector <= write.lastSector(); sector++) {
        boolean kept = i <= lastKept.getOrDefault(sector, -1);
        SeededRandom noise = kept ? null : garbage.apply(sector);
        if (kept || noise != null) {
          applyIn(write, sector, noise);
        }
      }
    }
    pending.clear();
    forgetCache();
  }

  /** Puts the part of a write that lies in one sector on the medium, or noise in its place. */
  private void applyIn(Change.Write write, long sector, SeededRandom noise) {
    long from = Math.max(write.position(), sector * SECTOR);
    long to = Math.min(write.position() + write.length(), (sector + 1) * SECTOR);
    byte[] part = new byte[(int) (to - from)];
    if (noise != null) {
      noise.nextBytes(part);
    } else if (write.bytes() != null) {
      System.arraycopy(write.bytes(), (int) (from - write.position()), part, 0, part.length);
    }
    durable.write(from, part, 0, part.length);
    durableSize = Math.max(durableSize, to);
  }

  Inode copy() {
    Inode copy = new Inode();
    copy.visible = visible.copy();
    copy.visibleSize = visibleSize;
    copy.durable = durable.copy();
    copy.durableSize = durableSize;
    copy.pending.addAll(pending);
    return copy;
  }

  /** Overwrites both images, as decay of the medium does. */
  void corrupt(long position, byte[] bytes) {
    visible.write(position, bytes, 0, bytes.length);
    durable.write(position, bytes, 0, bytes.length);
  }

  /** Cuts both images. */
  void cut(long size) {
    visible.zero(size, visibleSize);
    visibleSize = Math.min(visibleSize, size);
    durable.zero(size, durableSize);
    durableSize = Math.min(durableSize, size);
  }

  private void apply(Change change) {
    if (change instanceof Change.Write write) {
      long end = write.position() + write.length();
      if (write.bytes() == null) {
        durable.zero(write.position(), end);
      } else {
        durable.write(write.position(), write.bytes(), 0, write.length());
      }
      durableSize = Math.max(durableSize, end);
    } else if (change instanceof Change.Resize resize) {
      if (resize.size() < durableSize) {
        durable.zero(resize.size(), durableSize);
      }
      durableSize = resize.size();
    } else {
      throw new AssertionError("unhandled change " + change);
    }
  }

  private void forgetCache() {
    // Bytes behind the end were never promised; a file that grows again must not show them.
    durable.zero(durableSize, Math.max(durableSize, visibleSize));
    visible = durable.copy();
    visibleSize = durableSize;
  }
}
