package io.quorate.replication.clock;

import io.quorate.core.Clock;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;

/**
 * Which start of this node this is, kept in one small file of the store's directory.
 *
 * <p>Each start has a number that no other start of the node has had, so that tags are not given
 * twice. The next start counts on from the file. Without a file the disk is new or was wiped, and
 * what was given before is not known: the number begins at the wall time in milliseconds with 15
 * random bits behind it, which neither a counter nor an earlier wipe has reached.
 *
 * <pre>
 * 1 byte    version, 1
 * text      node
 * 8 bytes   epoch
 * 8 bytes   ceiling: no clock reading above it was given
 * 1 byte    whether the replica has caught up with its peers since the disk was new
 * 4 bytes   CRC32C of all before
 * </pre>
 *
 * <p>Replaced whole: written beside, forced, renamed. All methods block. Belongs to one thread.
 */
public final class Incarnation {
  private static final int VERSION = 1;
  private static final int RANDOM_BITS = 15;
  private static final int MAX_BYTES = 256;
  private static final String FILE = "identity";

  private final Storage storage;
  private final String directory;
  private final NodeId self;
  private final long epoch;
  private final long floor;
  private long ceiling;
  private boolean caughtUp;

  private Incarnation(
      Storage storage, String directory, NodeId self, long epoch, long floor, boolean caughtUp) {
    this.storage = storage;
    this.directory = directory;
    this.self = self;
    this.epoch = epoch;
    this.floor = floor;
    this.ceiling = floor;
    this.caughtUp = caughtUp;
  }

  /**
   * Begins a new incarnation in {@code directory} and makes it durable.
   *
   * @param ceiling no clock reading above it is given until {@link #raise}
   * @throws StorageException if the directory is another node's
   * @throws CorruptionException if the file is damaged
   */
  public static Incarnation begin(
      Storage storage,
      String directory,
      NodeId self,
      Clock clock,
      RandomGenerator random,
      long ceiling) {
    storage.createDirectories(directory);
    String path = directory + "/" + FILE;
    Incarnation next;
    if (storage.exists(path)) {
      next = read(storage, directory, self, path);
    } else {
      long epoch =
          Math.max(0, clock.wallMillis()) << RANDOM_BITS | random.nextInt(1 << RANDOM_BITS);
      next = new Incarnation(storage, directory, self, epoch, 0, false);
    }
    next.ceiling = Math.max(next.floor, ceiling);
    next.write();
    return next;
  }

  /** The number of this start. */
  public long epoch() {
    return epoch;
  }

  /** No start before this one has given a clock reading above it. */
  public long floor() {
    return floor;
  }

  /** What {@link #raise} last made durable. */
  public long ceiling() {
    return ceiling;
  }

  /** Whether this replica has caught up with its peers since its disk was new. */
  public boolean caughtUp() {
    return caughtUp;
  }

  /** Makes durable that readings up to {@code ceiling} may be given. */
  public void raise(long ceiling) {
    this.ceiling = Math.max(this.ceiling, ceiling);
    write();
  }

  /** Makes durable that this replica has caught up. */
  public void markCaughtUp() {
    caughtUp = true;
    write();
  }

  private void write() {
    ByteWriter out = new ByteWriter();
    out.int8(VERSION).text(self.value()).int64(epoch).int64(ceiling).bool(caughtUp);
    out.int32(crc(out.array(), out.size()));
    String path = directory + "/" + FILE;
    String beside = path + ".new";
    storage.delete(beside);
    try (StorageFile file = storage.create(beside)) {
      file.write(0, ByteBuffer.wrap(out.toByteArray()));
      file.force(true);
    }
    storage.rename(beside, path);
    storage.syncDirectory(directory);
  }

  private static Incarnation read(Storage storage, String directory, NodeId self, String path) {
    byte[] bytes;
    try (StorageFile file = storage.open(path)) {
      if (file.size() > MAX_BYTES) {
        throw new CorruptionException(path, 0, "at most " + MAX_BYTES + " bytes, not " + file.size());
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
      file.read(0, buffer);
      bytes = buffer.array();
    }
    try {
      ByteReader in = new ByteReader(bytes);
      int version = in.uint8();
      if (version != VERSION) {
        throw new CorruptionException(path, 0, "version " + VERSION + " expected, not " + version);
      }
      String node = in.text(64, "node");
      long epoch = in.int64();
      long ceiling = in.int64();
      boolean caughtUp = in.bool();
      int expected = crc(bytes, in.position());
      if (in.int32() != expected) {
        throw new CorruptionException(path, in.position() - 4L, "CRC32C does not match");
      }
      if (!node.equals(self.value())) {
        throw new StorageException(path + " is of node " + node + ", this is node " + self);
      }
      return new Incarnation(storage, directory, self, epoch + 1, ceiling, caughtUp);
    } catch (MalformedException e) {
      throw new CorruptionException(path, 0, e.getMessage());
    }
  }

  private static int crc(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
