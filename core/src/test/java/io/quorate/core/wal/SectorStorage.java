package io.quorate.core.wal;

import io.quorate.core.storage.ForwardingStorage;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;

/** Another storage, with each write cut into sectors: so that a crash may keep any of them. */
final class SectorStorage extends ForwardingStorage {
  private static final int SECTOR_BYTES = 512;

  SectorStorage(Storage storage) {
    super(storage);
  }

  @Override
  protected StorageFile wrap(StorageFile file) {
    return new SectorFile(file);
  }

  private static final class SectorFile extends ForwardingFile {
    private SectorFile(StorageFile file) {
      super(file);
    }

    @Override
    public void write(long position, ByteBuffer source) {
      long at = position;
      int limit = source.limit();
      while (source.position() < limit) {
        int step = (int) Math.min(limit - source.position(), SECTOR_BYTES - at % SECTOR_BYTES);
        source.limit(source.position() + step);
        super.write(at, source);
        at += step;
        source.limit(limit);
      }
    }
  }
}
