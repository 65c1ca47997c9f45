package io.quorate.core.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Set;

/** One real file. */
final class DirectoryFile implements StorageFile {
  /**
   * The most that one call moves. The platform copies through a buffer outside the heap as large as
   * the call, and keeps it per thread.
   */
  private static final int MAX_TRANSFER_BYTES = 1 << 20;

  private final String path;
  private final Path file;
  private final FileChannel channel;
  private final Set<FileChannel> open;

  /** Takes itself out of {@code open} when it is closed. */
  DirectoryFile(String path, Path file, FileChannel channel, Set<FileChannel> open) {
    this.path = path;
    this.file = file;
    this.channel = channel;
    this.open = open;
  }

  @Override
  public String path() {
    return path;
  }

  @Override
  public long size() {
    try {
      return channel.size();
    } catch (IOException e) {
      throw DirectoryStorage.failure("ask for the size of", file, e);
    }
  }

  @Override
  public int read(long position, ByteBuffer target) {
    int limit = target.limit();
    int before = target.position();
    try {
      while (target.position() < limit) {
        target.limit(Math.min(limit, target.position() + MAX_TRANSFER_BYTES));
        if (channel.read(target, position + target.position() - before) < 0) {
          break;
        }
      }
      return target.position() - before;
    } catch (IOException e) {
      throw failure("read", position + target.position() - before, e);
    } finally {
      target.limit(limit);
    }
  }

  @Override
  public void write(long position, ByteBuffer source) {
    int limit = source.limit();
    int before = source.position();
    try {
      while (source.position() < limit) {
        source.limit(Math.min(limit, source.position() + MAX_TRANSFER_BYTES));
        channel.write(source, position + source.position() - before);
      }
    } catch (IOException e) {
      throw failure("write", position + source.position() - before, e);
    } finally {
      source.limit(limit);
    }
  }

  @Override
  public void truncate(long size) {
    try {
      channel.truncate(size);
    } catch (IOException e) {
      throw failure("truncate", size, e);
    }
  }

  @Override
  public void force(boolean metadata) {
    try {
      channel.force(metadata);
    } catch (IOException e) {
      throw DirectoryStorage.failure("force", file, e);
    }
  }

  @Override
  public void close() {
    open.remove(channel);
    try {
      channel.close();
    } catch (IOException e) {
      throw DirectoryStorage.failure("close", file, e);
    }
  }

  private StorageException failure(String operation, long offset, IOException cause) {
    return DirectoryStorage.failure(operation + " at offset " + offset + " of", file, cause);
  }
}
