package io.quorate.core.sim;

import io.quorate.core.sim.SimDisk.Call;
import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.List;

/** The disk of a machine as one process sees it. */
final class SimStorage implements Storage {
  private final SimDisk disk;
  private final SimFiles files;
  private final Runnable requireAlive;

  SimStorage(SimDisk disk, Runnable requireAlive) {
    this.disk = disk;
    this.files = disk.files();
    this.requireAlive = requireAlive;
  }

  @Override
  public StorageFile open(String path) {
    SimFiles.checked(path);
    before(Call.OPEN, path, 0);
    Inode inode = files.open(path);
    disk.after();
    return new File(path, inode);
  }

  @Override
  public StorageFile create(String path) {
    SimFiles.checked(path);
    before(Call.CREATE, path, 0);
    Inode inode = files.create(path);
    disk.after();
    return new File(path, inode);
  }

  @Override
  public boolean exists(String path) {
    SimFiles.checked(path);
    before(Call.LIST, path, 0);
    boolean exists = files.exists(path);
    disk.after();
    return exists;
  }

  @Override
  public List<String> list(String directory) {
    SimFiles.checkedDirectory(directory);
    before(Call.LIST, directory, 0);
    List<String> names = files.list(directory);
    disk.after();
    return names;
  }

  @Override
  public void createDirectories(String directory) {
    SimFiles.checkedDirectory(directory);
    before(Call.CREATE_DIRECTORY, directory, 0);
    files.createDirectories(directory);
    disk.after();
  }

  @Override
  public void rename(String from, String to) {
    SimFiles.checked(from);
    SimFiles.checked(to);
    before(Call.RENAME, from, 0);
    files.rename(from, to);
    disk.after();
  }

  @Override
  public void delete(String path) {
    SimFiles.checked(path);
    before(Call.DELETE, path, 0);
    files.delete(path);
    disk.after();
  }

  @Override
  public void syncDirectory(String directory) {
    SimFiles.checkedDirectory(directory);
    before(Call.SYNC_DIRECTORY, directory, 0);
    files.syncDirectory(directory);
    disk.after();
  }

  @Override
  public Lock lock(String path) {
    SimFiles.checked(path);
    before(Call.LOCK, path, 0);
    Lock lock = disk.locks().acquire(path);
    if (lock == null) {
      throw new StorageException("lock " + path + ": it is held by this process");
    }
    if (!files.exists(path)) {
      files.create(path);
    }
    disk.after();
    return lock;
  }

  @Override
  public long usableBytes() {
    requireAlive.run();
    return disk.usableBytes();
  }

  private void before(Call call, String path, long offset) {
    requireAlive.run();
    disk.before(call, path, offset);
  }

  private final class File implements StorageFile {
    private final String path;
    private final Inode inode;
    private boolean closed;

    File(String path, Inode inode) {
      this.path = path;
      this.inode = inode;
    }

    @Override
    public String path() {
      return path;
    }

    @Override
    public long size() {
      requireOpen();
      return inode.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      start(Call.READ, position);
      int count = (int) Math.max(0, Math.min(target.remaining(), inode.size() - position));
      int limit = target.limit();
      target.limit(target.position() + count);
      inode.read(position, target);
      target.limit(limit);
      disk.after();
      return count;
    }

    @Override
    public void write(long position, ByteBuffer source) {
      start(Call.WRITE, position);
      long growth = position + source.remaining() - inode.size();
      long room = growth <= 0 ? 0 : disk.usableBytes();
      boolean isFull = growth > room;
      long fitting = isFull ? source.remaining() - growth + room : source.remaining();
      int count = (int) Math.max(0, fitting);
      byte[] bytes = new byte[count];
      source.get(bytes);
      disk.wrote(bytes);
      inode.write(position, bytes);
      if (isFull) {
        throw new NoSpaceException(
            "write " + path + " at offset " + position + ": no space left on device");
      }
      disk.after();
    }

    @Override
    public void truncate(long size) {
      start(Call.TRUNCATE, size);
      inode.truncate(size);
      disk.after();
    }

    @Override
    public void force(boolean metadata) {
      start(Call.SYNC, 0);
      disk.sync(inode, metadata, path);
      disk.after();
    }

    @Override
    public void close() {
      closed = true;
    }

    private void start(Call call, long offset) {
      if (offset < 0) {
        throw new IllegalArgumentException("offset must not be negative, was " + offset);
      }
      requireOpen();
      before(call, path, offset);
    }

    private void requireOpen() {
      if (closed) {
        throw new StorageException("file " + path + " is closed");
      }
    }
  }
}
