package io.quorate.replication.disk;

import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk in memory that keeps, over a crash, only what was forced and some of the rest: unsynced
 * writes land whole, torn or not at all, in any order; unsynced names as a prefix per directory.
 * Stops at a chosen call, fills up, or fails to force, as told.
 */
public final class CrashDisk implements Storage {
  /** The machine has stopped; whoever sees it must do nothing more. */
  public static final class Crash extends Error {}

  private static final class Inode {
    private byte[] durable = new byte[0];
    private byte[] current = new byte[0];
    private final List<Map.Entry<Long, byte[]>> unsynced = new ArrayList<>();
  }

  private record NameChange(String directory, Runnable onDurable) {}

  private final Random random;
  private Map<String, Inode> current = new TreeMap<>();
  private Map<String, Inode> durable = new TreeMap<>();
  private final List<NameChange> changes = new ArrayList<>();
  private final Map<String, Boolean> directories = new TreeMap<>();
  private long calls;
  private long crashAt = Long.MAX_VALUE;
  private long usable = Long.MAX_VALUE;
  private boolean failForce;
  private boolean down;

  public CrashDisk(long seed) {
    this.random = new Random(seed);
  }

  /** Changing calls so far. */
  public synchronized long calls() {
    return calls;
  }

  /** Stops the machine at the {@code call}th changing call from now on, at 1. */
  public synchronized void crashAfter(long call) {
    crashAt = calls + call;
  }

  /** Lets only so many more bytes be written. */
  public synchronized void fillUp(long usableBytes) {
    usable = usableBytes;
  }

  public synchronized void failForce(boolean fail) {
    failForce = fail;
  }

  /** Loses what may be lost and starts again. */
  public synchronized void restart() {
    Map<String, Integer> kept = new HashMap<>();
    Map<String, Integer> count = new HashMap<>();
    changes.forEach(change -> count.merge(change.directory, 1, Integer::sum));
    count.forEach((directory, n) -> kept.put(directory, random.nextInt(n + 1)));
    for (NameChange change : changes) {
      int left = kept.merge(change.directory, -1, Integer::sum);
      if (left >= 0) {
        change.onDurable.run();
      }
    }
    changes.clear();
    durable.values().forEach(this::loseUnsynced);
    current = new TreeMap<>(durable);
    crashAt = Long.MAX_VALUE;
    down = false;
  }

  /** Flips one bit of the file on disk. */
  public synchronized void flipBit(String path, long offset) {
    Inode inode = current.get(path);
    inode.current[(int) offset] ^= 1;
    inode.durable = inode.current.clone();
  }

  public synchronized byte[] contents(String path) {
    return current.get(path).current.clone();
  }

  /** Replaces what the file holds, durably. */
  public synchronized void overwrite(String path, byte[] contents) {
    Inode inode = current.get(path);
    inode.current = contents.clone();
    inode.durable = contents.clone();
    inode.unsynced.clear();
  }

  /** All files, sorted. */
  public synchronized List<String> files() {
    return List.copyOf(current.keySet());
  }

  private void loseUnsynced(Inode inode) {
    byte[] after = inode.durable;
    for (Map.Entry<Long, byte[]> write : inode.unsynced) {
      int fate = random.nextInt(3);
      int length = write.getValue().length;
      int lands = fate == 0 ? 0 : fate == 1 ? length : random.nextInt(length + 1);
      after = patched(after, write.getKey(), Arrays.copyOf(write.getValue(), lands));
    }
    inode.durable = after;
    inode.current = after.clone();
    inode.unsynced.clear();
  }

  private static byte[] patched(byte[] base, long at, byte[] bytes) {
    if (bytes.length == 0) {
      return base;
    }
    byte[] after = Arrays.copyOf(base, (int) Math.max(base.length, at + bytes.length));
    System.arraycopy(bytes, 0, after, (int) at, bytes.length);
    return after;
  }

  private void change() {
    if (down || ++calls >= crashAt) {
      down = true;
      throw new Crash();
    }
  }

  private void look() {
    if (down) {
      throw new Crash();
    }
  }

  private static String directoryOf(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  private void changeName(String directory, Runnable onDurable) {
    changes.add(new NameChange(directory, onDurable));
  }

  @Override
  public synchronized StorageFile open(String path) {
    look();
    Inode inode = current.get(path);
    if (inode == null) {
      throw new StorageException("open " + path + ": does not exist");
    }
    return new Handle(path, inode);
  }

  @Override
  public synchronized StorageFile create(String path) {
    change();
    if (exists(path)) {
      throw new StorageException("create " + path + ": exists");
    }
    if (!directoryOf(path).isEmpty() && !directories.containsKey(directoryOf(path))) {
      throw new StorageException("create " + path + ": no such directory");
    }
    Inode inode = new Inode();
    current.put(path, inode);
    changeName(directoryOf(path), () -> durable.put(path, inode));
    return new Handle(path, inode);
  }

  @Override
  public synchronized boolean exists(String path) {
    look();
    return current.containsKey(path) || directories.containsKey(path);
  }

  @Override
  public synchronized List<String> list(String directory) {
    look();
    String prefix = directory.isEmpty() ? "" : directory + "/";
    return java.util.stream.Stream.concat(current.keySet().stream(), directories.keySet().stream())
        .filter(path -> path.startsWith(prefix) && path.length() > prefix.length())
        .map(path -> path.substring(prefix.length()).split("/", 2)[0])
        .distinct()
        .sorted()
        .toList();
  }

  @Override
  public synchronized void createDirectories(String directory) {
    change();
    for (String at = directory; !at.isEmpty(); at = directoryOf(at)) {
      directories.put(at, true);
    }
  }

  @Override
  public synchronized void rename(String from, String to) {
    change();
    Inode inode = current.remove(from);
    if (inode == null) {
      throw new StorageException("rename " + from + ": does not exist");
    }
    current.put(to, inode);
    changeName(
        directoryOf(to),
        () -> {
          durable.remove(from);
          durable.put(to, inode);
        });
  }

  @Override
  public synchronized void delete(String path) {
    change();
    if (directories.containsKey(path)) {
      if (!list(path).isEmpty()) {
        throw new StorageException("delete " + path + ": not empty");
      }
      directories.remove(path);
    } else if (current.remove(path) != null) {
      changeName(directoryOf(path), () -> durable.remove(path));
    }
  }

  @Override
  public synchronized void syncDirectory(String directory) {
    change();
    changes.stream().filter(c -> c.directory.equals(directory)).forEach(c -> c.onDurable.run());
    changes.removeIf(c -> c.directory.equals(directory));
  }

  @Override
  public Lock lock(String path) {
    return () -> {};
  }

  @Override
  public synchronized long usableBytes() {
    return usable;
  }

  private final class Handle implements StorageFile {
    private final String path;
    private final Inode inode;

    private Handle(String path, Inode inode) {
      this.path = path;
      this.inode = inode;
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public long size() {
      synchronized (CrashDisk.this) {
        look();
        return inode.current.length;
      }
    }

    @Override
    public int read(long position, ByteBuffer target) {
      synchronized (CrashDisk.this) {
        look();
        int count = (int) Math.max(0, Math.min(target.remaining(), inode.current.length - position));
        if (count > 0) {
          target.put(inode.current, (int) position, count);
        }
        return count;
      }
    }

    @Override
    public void write(long position, ByteBuffer source) {
      synchronized (CrashDisk.this) {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        boolean stops = !down && calls + 1 >= crashAt;
        if (stops) {
          inode.unsynced.add(Map.entry(position, bytes));
        }
        change();
        if (bytes.length > usable) {
          throw new NoSpaceException("write " + path + " at " + position + ": no space left");
        }
        usable -= usable == Long.MAX_VALUE ? 0 : bytes.length;
        inode.current = patched(inode.current, position, bytes);
        inode.unsynced.add(Map.entry(position, bytes));
      }
    }

    @Override
    public void truncate(long size) {
      synchronized (CrashDisk.this) {
        change();
        if (size < inode.current.length) {
          inode.current = Arrays.copyOf(inode.current, (int) size);
          inode.durable = inode.current.clone();
          inode.unsynced.clear();
        }
      }
    }

    @Override
    public void force(boolean metadata) {
      synchronized (CrashDisk.this) {
        change();
        if (failForce) {
          throw new StorageException("force " + path + ": input/output error");
        }
        inode.durable = inode.current.clone();
        inode.unsynced.clear();
      }
    }

    @Override
    public void close() {}
  }
}
