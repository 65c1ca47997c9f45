package io.quorate.core.wal;

import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Another storage on which files cannot grow any more when it is full, or beyond a number of files.
 */
final class NoRoom implements Storage {
  volatile boolean full;
  volatile int maxFiles = Integer.MAX_VALUE;
  private final Storage storage;

  NoRoom(Storage storage) {
    this.storage = storage;
  }

  @Override
  public StorageFile open(String path) {
    return new File(storage.open(path));
  }

  @Override
  public StorageFile create(String path) {
    return new File(storage.create(path));
  }

  @Override
  public boolean exists(String path) {
    return storage.exists(path);
  }

  @Override
  public List<String> list(String directory) {
    return storage.list(directory);
  }

  @Override
  public void createDirectories(String directory) {
    storage.createDirectories(directory);
  }

  @Override
  public void rename(String from, String to) {
    storage.rename(from, to);
  }

  @Override
  public void delete(String path) {
    storage.delete(path);
  }

  @Override
  public void syncDirectory(String directory) {
    storage.syncDirectory(directory);
  }

  @Override
  public Lock lock(String path) {
    return storage.lock(path);
  }

  @Override
  public long usableBytes() {
    return full ? 0 : storage.usableBytes();
  }

  private final class File implements StorageFile {
    private final StorageFile file;

    private File(StorageFile file) {
      this.file = file;
    }

    @Override
    public String path() {
      return file.path();
    }

    @Override
    public long size() {
      return file.size();
    }

    @Override
    public int read(long position, ByteBuffer target) {
      return file.read(position, target);
    }

    @Override
    public void write(long position, ByteBuffer source) {
      boolean grows = position + source.remaining() > file.size();
      boolean segment = path().endsWith(".wal");
      if (grows && (full || (segment && storage.list(WalHarness.DIRECTORY).size() > maxFiles))) {
        file.write(position, source.duplicate().limit(source.position() + source.remaining() / 2));
        throw new NoSpaceException("cannot write " + path() + ": no space left");
      }
      file.write(position, source);
    }

    @Override
    public void truncate(long size) {
      file.truncate(size);
    }

    @Override
    public void force(boolean metadata) {
      file.force(metadata);
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
