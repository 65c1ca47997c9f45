package io.quorate.replication.checkpoint;

import io.quorate.core.storage.StorageFile;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Writes a shard to its file in large pieces and digests it meanwhile. Belongs to one thread. */
final class ShardOutput extends OutputStream {
  private final StorageFile file;
  private final ShardDigest digest = new ShardDigest();
  private final byte[] buffer;
  private int buffered;
  private long written;

  ShardOutput(StorageFile file, int bufferBytes) {
    this.file = file;
    this.buffer = new byte[bufferBytes];
  }

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] source, int from, int length) {
    for (int done = 0; done < length; ) {
      int count = Math.min(length - done, buffer.length - buffered);
      System.arraycopy(source, from + done, buffer, buffered, count);
      buffered += count;
      done += count;
      if (buffered == buffer.length) {
        drain();
      }
    }
  }

  /** Makes all of it durable. */
  ShardInfo finish(String name) {
    drain();
    file.force(true);
    return digest.finish(name);
  }

  private void drain() {
    digest.update(buffer, 0, buffered);
    file.write(written, ByteBuffer.wrap(buffer, 0, buffered));
    written += buffered;
    buffered = 0;
  }
}
