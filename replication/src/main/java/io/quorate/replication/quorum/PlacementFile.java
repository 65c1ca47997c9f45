package io.quorate.replication.quorum;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The state of the placement that this node goes by, kept so that no start goes by an earlier one:
 * peers have been promised that requests of earlier epochs are refused here.
 *
 * <pre>
 * block     the state, see {@link PlacementState}
 * 4 bytes   CRC32C of all before
 * </pre>
 *
 * <p>Replaced whole: written beside, forced, renamed. All methods block. Belongs to one thread.
 */
final class PlacementFile {
  private static final int MAX_BYTES = 16 << 20;
  private static final String FILE = "placement";

  private final Storage storage;
  private final String directory;

  PlacementFile(Storage storage, String directory) {
    this.storage = storage;
    this.directory = directory;
  }

  void write(PlacementState state) {
    ByteWriter out = new ByteWriter();
    out.block(PlacementState.CODEC.encode(state));
    out.int32(crc(out.array(), out.size()));
    String path = directory + "/" + FILE;
    String beside = path + ".new";
    storage.createDirectories(directory);
    storage.delete(beside);
    try (StorageFile file = storage.create(beside)) {
      file.write(0, ByteBuffer.wrap(out.toByteArray()));
      file.force(true);
    }
    storage.rename(beside, path);
    storage.syncDirectory(directory);
  }

  /**
   * What was written last; empty on a disk that is new.
   *
   * @throws CorruptionException if it is damaged
   */
  Optional<PlacementState> read() {
    String path = directory + "/" + FILE;
    if (!storage.exists(path)) {
      return Optional.empty();
    }
    byte[] bytes;
    try (StorageFile file = storage.open(path)) {
      if (file.size() > MAX_BYTES) {
        throw new CorruptionException(
            path, 0, "at most " + MAX_BYTES + " bytes, not " + file.size());
      }
      ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
      file.read(0, buffer);
      bytes = buffer.array();
    }
    try {
      ByteReader in = new ByteReader(bytes);
      byte[] state = in.block();
      int expected = crc(bytes, in.position());
      if (in.int32() != expected) {
        throw new CorruptionException(path, in.position() - 4L, "CRC32C does not match");
      }
      return Optional.of(PlacementState.CODEC.decode(state));
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
