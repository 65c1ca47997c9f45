package io.quorate.core.wal;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The file {@code manifest}: whose log it is and which segment is the oldest that counts. Replaced
 * as a whole by a rename.
 *
 * <pre>
 * offset size field
 *      0    8 magic "QRATEMAN"
 *      8    4 format version: 1
 *     12    8 nonce: drawn when the log was created; part of every checksum
 *     20    8 number of the oldest segment; those before it are dead
 *     28    n identity: length as a varint, then UTF-8
 *   28+n    4 CRC32C of all before
 * </pre>
 */
record Manifest(long nonce, long oldest, String identity) {
  static final int VERSION = 1;

  private static final long MAGIC = 0x51524154454d414eL; // "QRATEMAN"
  private static final int CHECKSUM_BYTES = 4;
  private static final int MAX_BYTES = 4096;

  Manifest withOldest(long oldest) {
    return new Manifest(nonce, oldest, identity);
  }

  byte[] encode() {
    ByteWriter writer = new ByteWriter();
    writer.int64(MAGIC).int32(VERSION).int64(nonce).int64(oldest).text(identity);
    return writer.int32(checksum(writer.array(), writer.size())).toByteArray();
  }

  static Manifest decode(String path, byte[] bytes) {
    int checked = bytes.length - CHECKSUM_BYTES;
    if (checked < Long.BYTES + Integer.BYTES || new ByteReader(bytes).int64() != MAGIC) {
      throw new CorruptionException(path, 0, "not a manifest of a write-ahead log");
    }
    ByteReader reader = new ByteReader(bytes, 0, checked);
    reader.int64();
    int version = reader.int32();
    boolean intact =
        checksum(bytes, checked) == new ByteReader(bytes, checked, CHECKSUM_BYTES).int32();
    if (version > VERSION && intact) {
      throw new StorageException(
          path + " has format " + version + " at offset 8; this release reads up to " + VERSION);
    }
    if (version != VERSION || !intact) {
      throw new CorruptionException(path, 0, "the manifest's checksum does not match");
    }
    try {
      Manifest manifest = new Manifest(reader.int64(), reader.int64(), reader.text());
      reader.expectEnd();
      return manifest;
    } catch (MalformedException e) {
      throw new CorruptionException(path, reader.position(), e.getMessage());
    }
  }

  static Manifest load(Storage storage, String path) {
    try (StorageFile file = storage.open(path)) {
      if (file.size() > MAX_BYTES) {
        throw new CorruptionException(path, MAX_BYTES, "a manifest of " + file.size() + " bytes");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, ByteBuffer.wrap(bytes));
      return decode(path, bytes);
    }
  }

  /** Replaces the manifest durably; after a failure the old one or the new one counts. */
  void store(Storage storage, String directory) {
    String fresh = directory + "/manifest.new";
    storage.delete(fresh);
    try (StorageFile file = storage.create(fresh)) {
      file.write(0, ByteBuffer.wrap(encode()));
      file.force(true);
    }
    storage.rename(fresh, directory + "/manifest");
    storage.syncDirectory(directory);
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }
}
