package io.quorate.core.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Another storage whose calls fail on demand: for tests of code that must survive it.
 *
 * <p>Calls are counted, those of files included; closing, and asking for a path, a size or the
 * usable bytes, do not count. Safe for use by many threads.
 */
public final class FaultyStorage implements Storage {
  /** How a call fails. */
  public enum Fault {
    /** With an input/output error, without effect. */
    IO_ERROR,
    /** With an input/output error after half of a write is done; other calls have no effect. */
    SHORT_WRITE,
    /**
     * With a {@link NoSpaceException} after half of a write is done; only what takes room fails.
     */
    NO_SPACE,
    /** With an input/output error although the effect has taken place. */
    DONE_YET_FAILED
  }

  /** What is about to be done. */
  private interface Effect<T> {
    T run();
  }

  private final Storage storage;
  private long calls;
  private long failFrom = Long.MAX_VALUE;
  private long failTo = Long.MAX_VALUE;
  private Fault fault = Fault.IO_ERROR;
  private Optional<String> failed = Optional.empty();

  /** As {@code storage}, until told otherwise. */
  public FaultyStorage(Storage storage) {
    this.storage = storage;
  }

  /** The {@code k}-th call from now fails; 1 is the next. Replaces what was planned before. */
  public void failAt(long k, Fault fault) {
    plan(k, k, fault);
  }

  /** The {@code k}-th call from now and all later ones fail, until {@link #heal}. */
  public void failFrom(long k, Fault fault) {
    plan(k, Long.MAX_VALUE, fault);
  }

  /** No call fails any more. */
  public synchronized void heal() {
    failFrom = Long.MAX_VALUE;
    failTo = Long.MAX_VALUE;
  }

  /** How many calls there have been. */
  public synchronized long callCount() {
    return calls;
  }

  /** The last call that was made to fail, such as {@code write a/b}. */
  public synchronized Optional<String> lastFailure() {
    return failed;
  }

  @Override
  public StorageFile open(String path) {
    return new FaultyFile(path, call("open", path, false, () -> storage.open(path)));
  }

  @Override
  public StorageFile create(String path) {
    return new FaultyFile(path, call("create", path, true, () -> storage.create(path)));
  }

  @Override
  public boolean exists(String path) {
    return call("look for", path, false, () -> storage.exists(path));
  }

  @Override
  public List<String> list(String directory) {
    return call("list", directory, false, () -> storage.list(directory));
  }

  @Override
  public void createDirectories(String directory) {
    change("create directory", directory, true, () -> storage.createDirectories(directory));
  }

  @Override
  public void rename(String from, String to) {
    change("rename", from, true, () -> storage.rename(from, to));
  }

  @Override
  public void delete(String path) {
    change("delete", path, false, () -> storage.delete(path));
  }

  @Override
  public void syncDirectory(String directory) {
    change("sync directory", directory, false, () -> storage.syncDirectory(directory));
  }

  @Override
  public Lock lock(String path) {
    Optional<Fault> strikes = next("lock", path, false);
    if (strikes.isPresent()) {
      throw failure(strikes.get(), "lock", path);
    }
    return storage.lock(path);
  }

  @Override
  public long usableBytes() {
    return storage.usableBytes();
  }

  private synchronized void plan(long from, long to, Fault fault) {
    if (from < 1) {
      throw new IllegalArgumentException("k must be at least 1, was " + from);
    }
    this.failFrom = calls + from;
    this.failTo = to == Long.MAX_VALUE ? to : calls + to;
    this.fault = fault;
  }

  /** Counts a call; says how it is to fail, if it is. */
  private synchronized Optional<Fault> next(String operation, String path, boolean takesRoom) {
    calls++;
    boolean strikes =
        calls >= failFrom && calls <= failTo && (takesRoom || fault != Fault.NO_SPACE);
    if (strikes) {
      failed = Optional.of(operation + " " + path);
    }
    return strikes ? Optional.of(fault) : Optional.empty();
  }

  private void change(String operation, String path, boolean takesRoom, Runnable effect) {
    call(
        operation,
        path,
        takesRoom,
        () -> {
          effect.run();
          return path;
        });
  }

  private <T> T call(String operation, String path, boolean takesRoom, Effect<T> effect) {
    Optional<Fault> strikes = next(operation, path, takesRoom);
    if (strikes.isEmpty()) {
      return effect.run();
    }
    if (strikes.get() == Fault.DONE_YET_FAILED && effect.run() instanceof StorageFile file) {
      file.close();
    }
    throw failure(strikes.get(), operation, path);
  }

  private static StorageException failure(Fault fault, String operation, String path) {
    String what = "cannot " + operation + " " + path + ": ";
    return fault == Fault.NO_SPACE
        ? new NoSpaceException(what + "no space left (injected)")
        : new StorageException(what + "input/output error (injected)");
  }

  private final class FaultyFile implements StorageFile {
    private final String path;
    private final StorageFile file;

    private FaultyFile(String path, StorageFile file) {
      this.path = path;
      this.file = file;
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return call("read", path, false, () -> file.read(position, target));
    }

    @Override
    public void write(long position, ByteBuffer source) {
      Optional<Fault> strikes = next("write", path, true);
      if (strikes.isEmpty()) {
        file.write(position, source);
        return;
      }
      int written =
          switch (strikes.get()) {
            case IO_ERROR -> 0;
            case SHORT_WRITE, NO_SPACE -> source.remaining() / 2;
            case DONE_YET_FAILED -> source.remaining();
          };
      file.write(position, source.duplicate().limit(source.position() + written));
      throw failure(strikes.get(), "write at offset " + (position + written) + " of", path);
    }

    @Override
    public void truncate(long size) {
      change("truncate", path, false, () -> file.truncate(size));
    }

    @Override
    public void force(boolean metadata) {
      change("force", path, false, () -> file.force(metadata));
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
