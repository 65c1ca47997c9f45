package io.quorate.consensus.raft;

import io.quorate.core.storage.StorageFile;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Reads a part of a file. Buffered. */
final class SnapshotInput extends InputStream {
  private final StorageFile file;
  private final long end;
  private final ByteBuffer buffer = ByteBuffer.allocate(SnapshotFiles.CHUNK_BYTES).limit(0);
  private long position;

  SnapshotInput(StorageFile file, long from, long end) {
    this.file = file;
    this.position = from;
    this.end = end;
  }

  @Override
  public int read() {
    return fill() ? buffer.get() & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int from, int length) {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(target, from, count);
    return count;
  }

  private boolean fill() {
    if (buffer.hasRemaining()) {
      return true;
    }
    buffer.clear().limit((int) Math.min(buffer.capacity(), end - position));
    position += file.read(position, buffer);
    buffer.flip();
    return buffer.hasRemaining();
  }
}
