package io.quorate.consensus.raft;

import io.quorate.core.storage.StorageFile;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** Writes a file from its beginning, and its CRC32C at the end. Buffered. */
final class SnapshotStream extends OutputStream {
  private final StorageFile file;
  private final CRC32C crc = new CRC32C();
  private final ByteBuffer buffer = ByteBuffer.allocate(SnapshotFiles.CHUNK_BYTES);
  private long position;

  SnapshotStream(StorageFile file) {
    this.file = file;
  }

  @Override
  public void write(int value) {
    if (!buffer.hasRemaining()) {
      flush();
    }
    buffer.put((byte) value);
  }

  @Override
  public void write(byte[] source, int from, int length) {
    int at = from;
    int end = from + length;
    while (at < end) {
      if (!buffer.hasRemaining()) {
        flush();
      }
      int count = Math.min(buffer.remaining(), end - at);
      buffer.put(source, at, count);
      at += count;
    }
  }

  @Override
  public void flush() {
    buffer.flip();
    crc.update(buffer.duplicate());
    int length = buffer.remaining();
    file.write(position, buffer);
    position += length;
    buffer.clear();
  }

  /** Writes the checksum and makes all durable. */
  void finish() {
    flush();
    file.write(position, ByteBuffer.allocate(4).putInt(0, (int) crc.getValue()));
    file.force(true);
  }
}
