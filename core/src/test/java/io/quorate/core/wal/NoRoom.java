package io.quorate.core.wal;

import io.quorate.core.storage.ForwardingStorage;
import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * Another storage on which files cannot grow any more when it is full, or beyond a number of files.
 */
final class NoRoom extends ForwardingStorage {
  volatile boolean full;
  volatile int maxFiles = Integer.MAX_VALUE;

  NoRoom(Storage storage) {
    super(storage);
  }

  @Override
  protected StorageFile wrap(StorageFile file) {
    return new File(file);
  }

  @Override
  public long usableBytes() {
    return full ? 0 : super.usableBytes();
  }

  private final class File extends ForwardingFile {
    private File(StorageFile file) {
      super(file);
    }

    @Override
    public void write(long position, ByteBuffer source) {
      boolean grows = position + source.remaining() > size();
      boolean segment = path().endsWith(".wal");
      if (grows && (full || (segment && list(WalHarness.DIRECTORY).size() > maxFiles))) {
        int half = source.position() + source.remaining() / 2;
        super.write(position, source.duplicate().limit(half));
        throw new NoSpaceException("cannot write " + path() + ": no space left");
      }
      super.write(position, source);
    }
  }
}
