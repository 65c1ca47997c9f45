package io.quorate.core.wal;

import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.List;

/** Another storage, with each write cut into sectors: so that a crash may keep any of them. */
record SectorStorage(Storage storage) implements Storage {
  private static final int SECTOR_BYTES = 512;

  @Override
  public StorageFile open(String path) {
    return new SectorFile(storage.open(path));
  }

  @Override
  public StorageFile create(String path) {
    return new SectorFile(storage.create(path));
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

  private record SectorFile(StorageFile file) implements StorageFile {
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
      long at = position;
      int limit = source.limit();
      while (source.position() < limit) {
        int step = (int) Math.min(limit - source.position(), SECTOR_BYTES - at % SECTOR_BYTES);
        source.limit(source.position() + step);
        file.write(at, source);
        at += step;
        source.limit(limit);
      }
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
