package io.quorate.core.storage;

import java.nio.ByteBuffer;
import java.util.List;

/** Another storage, to be changed in one respect. */
public abstract class ForwardingStorage implements Storage {
  private final Storage storage;

  protected ForwardingStorage(Storage storage) {
    this.storage = storage;
  }

  /** What is given out in the place of {@code file}. */
  protected abstract StorageFile wrap(StorageFile file);

  @Override
  public StorageFile open(String path) {
    return wrap(storage.open(path));
  }

  @Override
  public StorageFile create(String path) {
    return wrap(storage.create(path));
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
    return storage.usableBytes();
  }

  /** Another file, to be changed in one respect. */
  public abstract static class ForwardingFile implements StorageFile {
    private final StorageFile file;

    protected ForwardingFile(StorageFile file) {
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
