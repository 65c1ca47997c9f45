package io.quorate.core.sim;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * One machine's disk, and what may befall it. It keeps what is durable across {@linkplain
 * SimNode#crash crashes}; of the rest, chance decides.
 *
 * <p>Faults "at the k-th call" count the calls of {@link Storage} and its files from now on, the
 * next being 1; closing, and asking for a path or a size, do not count.
 */
public final class SimDisk {
  private static final int SLOW_FACTOR = 100;

  /** Takes the virtual time of a call. */
  interface Spender {
    void spend(long nanos, String what);
  }

  /** Is told what has been done, for the digest. */
  interface Witness {
    void saw(long what, long detail);
  }

  private final DiskOptions options;
  private final SeededRandom chance;
  private final Spender spender;
  private final Witness witness;
  private final Runnable crasher;
  private final SimFiles files;
  private final LocksHeld locks = new LocksHeld();
  private long capacityBytes;
  private long calls;
  private long crashBeforeCall = -1;
  private long crashAfterCall = -1;
  private long failCall = -1;
  private boolean failNextSync;
  private boolean failNextRead;
  private boolean misdirectNextWrite;
  private boolean loseNextWrite;
  private boolean readOnly;
  private long stallNanos;

  SimDisk(
      DiskOptions options,
      SeededRandom chance,
      Spender spender,
      Witness witness,
      Runnable crasher) {
    this(options, chance, spender, witness, crasher, new SimFiles());
  }

  private SimDisk(
      DiskOptions options,
      SeededRandom chance,
      Spender spender,
      Witness witness,
      Runnable crasher,
      SimFiles files) {
    this.options = options;
    this.chance = chance;
    this.spender = spender;
    this.witness = witness;
    this.crasher = crasher;
    this.files = files;
    this.capacityBytes = options.capacityBytes();
  }

  /** A disk of no simulation that takes no time; {@code crasher} throws at a crash. */
  static SimDisk alone(long seed, Runnable crasher) {
    return alone(SeededRandom.of(seed, "disk"), crasher, new SimFiles());
  }

  private static SimDisk alone(SeededRandom chance, Runnable crasher, SimFiles files) {
    return new SimDisk(
        DiskOptions.defaults(), chance, (nanos, what) -> {}, (a, b) -> {}, crasher, files);
  }

  /** The same disk after the power has failed and just the changes in {@code kept} survived. */
  SimDisk afterCrashKeeping(long kept) {
    SimFiles copy = files.copy();
    copy.crashKeeping(kept);
    return alone(new SeededRandom(kept), () -> {}, copy);
  }

  int pendingCount() {
    return files.pendingCount();
  }

  /** The storage of one process, which lives as long as {@code requireAlive} does not throw. */
  Storage storage(Runnable requireAlive) {
    return new SimStorage(this, requireAlive);
  }

  SimFiles files() {
    return files;
  }

  LocksHeld locks() {
    return locks;
  }

  /** How many calls there have been since the disk was made. */
  public long callCount() {
    return calls;
  }

  /** The node crashes just before its {@code k}-th call from now has an effect. */
  public void crashBefore(long k) {
    crashBeforeCall = calls + positive(k);
  }

  /** The node crashes just after its {@code k}-th call from now has had its effect. */
  public void crashAfter(long k) {
    crashAfterCall = calls + positive(k);
  }

  /** Ends what {@link #crashBefore} or {@link #crashAfter} began, if it has not happened. */
  public void disarmCrash() {
    crashBeforeCall = -1;
    crashAfterCall = -1;
  }

  /** The {@code k}-th call from now fails with an input/output error and has no effect. */
  public void failAt(long k) {
    failCall = calls + positive(k);
  }

  /**
   * The next sync of a file fails, and what it should have written is lost though later syncs
   * succeed, as Linux does.
   *
   * @see <a href="https://www.usenix.org/conference/atc20/presentation/rebello">Can Applications
   *     Recover from fsync Failures?</a>
   */
  public void failNextSync() {
    failNextSync = true;
  }

  /** The next read fails. */
  public void failNextRead() {
    failNextRead = true;
  }

  /** At the next sync that has something to write, one write goes to a wrong sector instead. */
  public void misdirectNextWrite() {
    misdirectNextWrite = true;
  }

  /** At the next sync that has something to write, one write is left out: stale sectors. */
  public void loseNextWrite() {
    loseNextWrite = true;
  }

  /** The next call takes {@code duration} longer. */
  public void stall(Duration duration) {
    stallNanos += duration.toNanos();
  }

  /** Changes fail, as after a remount, until this is called with false. */
  public void readOnly(boolean readOnly) {
    this.readOnly = readOnly;
  }

  /** Room for {@code bytes} in all; a write that does not fit is cut short and fails. */
  public void capacityBytes(long bytes) {
    capacityBytes = bytes;
  }

  /** Room for {@code bytes} more than is used now. */
  public void freeBytes(long bytes) {
    capacityBytes = files.usedBytes() + bytes;
  }

  /** Ends what {@link #capacityBytes} or {@link #freeBytes} began. */
  public void restoreCapacity() {
    capacityBytes = options.capacityBytes();
  }

  /** Disarms all faults that have not happened, and gives the capacity back. */
  public void heal() {
    disarmCrash();
    failCall = -1;
    failNextSync = false;
    failNextRead = false;
    misdirectNextWrite = false;
    loseNextWrite = false;
    readOnly = false;
    stallNanos = 0;
    capacityBytes = options.capacityBytes();
  }

  /** All files, sorted by path. */
  public List<String> paths() {
    return files.paths();
  }

  /** What a process reads in the file at {@code path}. */
  public byte[] visible(String path) {
    return files.open(path).visibleBytes();
  }

  /**
   * What is sure to survive a crash of the file at {@code path}, by its name.
   *
   * @throws StorageException if its name is not sure to
   */
  public byte[] durable(String path) {
    Inode inode = files.durable(path);
    if (inode == null) {
      throw new StorageException("no durable file " + path);
    }
    return inode.durableBytes();
  }

  /** Inverts one bit of a file, on the medium and in the cache; {@code bit} counts from 0. */
  public void flipBit(String path, long bit) {
    Inode inode = files.open(path);
    byte[] one = inode.visibleBytes();
    int index = Math.toIntExact(bit / 8);
    inode.corrupt(index, new byte[] {(byte) (one[index] ^ 1 << bit % 8)});
  }

  /** Fills the 512 bytes at {@code sector} times 512, as far as there are, with zeros. */
  public void zeroSector(String path, long sector) {
    Inode inode = files.open(path);
    long from = sector * Inode.SECTOR;
    int length = (int) Math.max(0, Math.min(Inode.SECTOR, inode.size() - from));
    inode.corrupt(from, new byte[length]);
  }

  /** Takes the last {@code bytes} off a file. */
  public void truncateTail(String path, long bytes) {
    Inode inode = files.open(path);
    inode.cut(Math.max(0, inode.size() - bytes));
  }

  /** Exchanges two files. */
  public void swap(String path, String otherPath) {
    files.swap(path, otherPath);
  }

  /** Empties the disk. */
  void wipe() {
    files.clear();
    locks.releaseAll();
  }

  /** The power fails. */
  void crash() {
    disarmCrash();
    files.crash(chance, options.garbage());
    locks.releaseAll();
  }

  void releaseLocks() {
    locks.releaseAll();
  }

  long usableBytes() {
    return Math.max(0, capacityBytes - files.usedBytes());
  }

  /** What happens before a call: it takes its time, and armed faults strike. */
  void before(Call call, String path, long offset) {
    calls++;
    spender.spend(latencyNanos(call), call.text());
    witness.saw(call.ordinal() + 1, path.hashCode() * 31L + offset);
    if (calls == crashBeforeCall) {
      crashBeforeCall = -1;
      crasher.run();
    }
    if (calls == failCall || call == Call.READ && failNextRead) {
      failNextRead &= call != Call.READ;
      throw failed(call, path, offset, "input/output error");
    }
    if (readOnly && call.isChange()) {
      throw failed(call, path, offset, "read-only file system");
    }
  }

  /** Has the digest cover what is written. */
  void wrote(byte[] bytes) {
    witness.saw(0, Arrays.hashCode(bytes));
  }

  void after() {
    if (calls == crashAfterCall) {
      crashAfterCall = -1;
      crasher.run();
    }
  }

  /** Syncs a file, or fails to as armed. */
  void sync(Inode inode, boolean metadata, String path) {
    if (failNextSync) {
      failNextSync = false;
      inode.dropPending(chance.nextBoolean());
      throw failed(Call.SYNC, path, 0, "input/output error");
    }
    if (inode.pendingCount() > 0 && (misdirectNextWrite || loseNextWrite)) {
      inode.spoilPending(chance, misdirectNextWrite);
      misdirectNextWrite = false;
      loseNextWrite = false;
    }
    inode.sync(metadata);
  }

  static StorageException failed(Call call, String path, long offset, String why) {
    return new StorageException(call.text() + " " + path + " at offset " + offset + ": " + why);
  }

  private long latencyNanos(Call call) {
    long nanos = stallNanos;
    stallNanos = 0;
    Duration mean =
        switch (call) {
          case READ, LIST -> options.read();
          case SYNC, SYNC_DIRECTORY -> options.sync();
          default -> options.write();
        };
    nanos += 1 + chance.exponential(mean.toNanos());
    boolean isSync = call == Call.SYNC || call == Call.SYNC_DIRECTORY;
    return isSync && chance.chance(options.slowSync()) ? nanos * SLOW_FACTOR : nanos;
  }

  private static long positive(long k) {
    if (k < 1) {
      throw new IllegalArgumentException("k must be at least 1, was " + k);
    }
    return k;
  }

  /** The calls that count. */
  enum Call {
    OPEN("open", false),
    CREATE("create", true),
    LIST("list", false),
    READ("read", false),
    WRITE("write", true),
    TRUNCATE("truncate", true),
    SYNC("sync", true),
    RENAME("rename", true),
    DELETE("delete", true),
    CREATE_DIRECTORY("create directory", true),
    SYNC_DIRECTORY("sync directory", true),
    LOCK("lock", false);

    private final String text;
    private final boolean change;

    Call(String text, boolean change) {
      this.text = text;
      this.change = change;
    }

    String text() {
      return text;
    }

    boolean isChange() {
      return change;
    }
  }
}
