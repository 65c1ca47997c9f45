package io.quorate.consensus.raft;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The snapshots of one group on disk. Every method blocks; used by one thread at a time.
 *
 * <p>A file counts once it has its final name, which it is given after its contents are durable. So
 * a crash at any moment leaves the former snapshot or the new one, never half of one, and the log
 * is cut only after that.
 *
 * <pre>
 * bytes  field
 * 4      magic "QRSN"
 * 1      version, 1
 * 4      length of the header
 * n      name of the group behind its length, then the mark
 * 4      length of the sessions
 * n      sessions
 * rest   state, as the state machine wrote it
 * 4      CRC32C of all before
 * </pre>
 */
final class SnapshotFiles {
  static final int CHUNK_BYTES = 256 << 10;

  private static final int MAGIC = 0x5152534e;
  private static final int VERSION = 1;
  private static final int FRONT_BYTES = 9;
  private static final int MAX_HEADER_BYTES = 1 << 20;
  private static final String INCOMING = "incoming.tmp";
  private static final String WRITING = "writing.tmp";
  private static final String PREFIX = "snapshot-";
  private static final String DAMAGED = "damaged-";

  /** A snapshot with its final name. */
  record Stored(SnapshotId id, SnapshotMark mark, String path, long sessionsFrom) {}

  private final Storage storage;
  private final String directory;
  private final String group;

  SnapshotFiles(Storage storage, String group) {
    this.storage = storage;
    this.group = group;
    this.directory = "raft/" + group;
  }

  /**
   * The newest snapshot, checked; what a crash left unfinished is removed.
   *
   * @throws CorruptionException if the newest one is damaged: older entries may be gone by now, so
   *     no other can stand in for it
   * @throws StorageException if a newer release wrote it
   */
  Optional<Stored> newest() {
    storage.createDirectories(directory);
    storage.delete(directory + "/" + INCOMING);
    storage.delete(directory + "/" + WRITING);
    List<String> names =
        storage.list(directory).stream().filter(name -> name.startsWith(PREFIX)).toList();
    if (names.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(check(directory + "/" + names.get(names.size() - 1)));
  }

  /** Keeps the snapshot at {@code path} under a name that does not count. */
  void setAside(String path) {
    String name = path.substring(directory.length() + 1);
    storage.rename(path, directory + "/" + DAMAGED + name);
    storage.syncDirectory(directory);
  }

  /** Writes a snapshot and makes it durable. */
  Stored write(SnapshotMark mark, byte[] sessions, Frozen frozen) {
    String path = directory + "/" + WRITING;
    storage.delete(path);
    try (StorageFile file = storage.create(path)) {
      SnapshotStream out = new SnapshotStream(file);
      out.write(header(mark));
      out.write(new ByteWriter(4).int32(sessions.length).toByteArray());
      out.write(sessions);
      frozen.writeTo(out);
      out.finish();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write a snapshot of group " + group, e);
    }
    return publish(path);
  }

  /** At most {@link #CHUNK_BYTES} of the snapshot from {@code offset} on; empty if it is gone. */
  Optional<byte[]> chunk(SnapshotId id, long offset) {
    String path = directory + "/" + name(id);
    if (!storage.exists(path)) {
      return Optional.empty();
    }
    try (StorageFile file = storage.open(path)) {
      ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, id.bytes() - offset));
      file.read(offset, chunk);
      return Optional.of(chunk.array());
    }
  }

  /** Adds a chunk to the snapshot that is being received; begins anew at offset 0. */
  void receive(long offset, byte[] bytes) {
    String path = directory + "/" + INCOMING;
    if (offset == 0) {
      storage.delete(path);
    }
    try (StorageFile file = offset == 0 ? storage.create(path) : storage.open(path)) {
      file.write(offset, ByteBuffer.wrap(bytes));
    }
  }

  /** Ends the snapshot that is being received; empty if it is not what {@code id} says. */
  Optional<Stored> received(SnapshotId id) {
    String path = directory + "/" + INCOMING;
    try (StorageFile file = storage.open(path)) {
      file.force(true);
    }
    try {
      Stored stored = check(path);
      return stored.id.equals(id) ? Optional.of(publish(path)) : Optional.empty();
    } catch (CorruptionException e) {
      // Damaged on the way: the sender is asked to begin again.
      return Optional.empty();
    }
  }

  /** Gives sessions and state of a snapshot to {@code restore}. */
  void restore(Stored stored, Restore restore) throws IOException {
    try (StorageFile file = storage.open(stored.path)) {
      ByteBuffer length = ByteBuffer.allocate(4);
      file.read(stored.sessionsFrom, length);
      byte[] sessions = new byte[length.getInt(0)];
      file.read(stored.sessionsFrom + 4, ByteBuffer.wrap(sessions));
      long stateFrom = stored.sessionsFrom + 4 + sessions.length;
      restore.restore(
          sessions, new SnapshotInput(file, stateFrom, stored.id.bytes() - 4));
    }
  }

  /** What takes sessions and state. */
  interface Restore {
    void restore(byte[] sessions, InputStream state) throws IOException;
  }

  /** Removes all snapshots before {@code id}. */
  void deleteBefore(SnapshotId id) {
    for (String name : storage.list(directory)) {
      if (name.startsWith(PREFIX) && name.compareTo(name(id)) < 0) {
        storage.delete(directory + "/" + name);
      }
    }
  }

  private Stored publish(String path) {
    Stored checked = check(path);
    String name = directory + "/" + name(checked.id);
    storage.rename(path, name);
    storage.syncDirectory(directory);
    return new Stored(checked.id, checked.mark, name, checked.sessionsFrom);
  }

  private byte[] header(SnapshotMark mark) {
    ByteWriter header = new ByteWriter().text(group);
    SnapshotMark.CODEC.write(header, mark);
    return new ByteWriter()
        .int32(MAGIC)
        .int8(VERSION)
        .int32(header.size())
        .bytes(header.toByteArray())
        .toByteArray();
  }

  /** Reads the whole file; says where it is damaged. */
  private Stored check(String path) {
    try (StorageFile file = storage.open(path)) {
      ByteBuffer front = ByteBuffer.allocate(FRONT_BYTES);
      file.read(0, front);
      if (front.hasRemaining() || front.getInt(0) != MAGIC) {
        throw new CorruptionException(path, 0, "not a snapshot");
      }
      long size = file.size();
      int crc = crc(file, size - 4);
      ByteBuffer stored = ByteBuffer.allocate(4);
      file.read(size - 4, stored);
      if (stored.getInt(0) != crc) {
        throw new CorruptionException(
            path, size - 4, "CRC32C " + stored.getInt(0) + ", the contents have " + crc);
      }
      if (front.get(4) != VERSION) {
        throw new StorageException(
            path + " has version " + front.get(4) + " at offset 4; this release knows " + VERSION);
      }
      int headerBytes = front.getInt(5);
      if (headerBytes < 0 || headerBytes > Math.min(MAX_HEADER_BYTES, size - FRONT_BYTES - 8)) {
        throw new CorruptionException(path, 5, "a header of " + headerBytes + " bytes");
      }
      ByteBuffer header = ByteBuffer.allocate(headerBytes);
      file.read(FRONT_BYTES, header);
      SnapshotMark mark = mark(path, header.array());
      SnapshotId id = new SnapshotId(mark.index(), mark.term(), size, crc);
      return new Stored(id, mark, path, FRONT_BYTES + headerBytes);
    }
  }

  private SnapshotMark mark(String path, byte[] header) {
    try {
      ByteReader in = new ByteReader(header);
      String owner = in.text(64, "group");
      if (!owner.equals(group)) {
        throw new CorruptionException(path, FRONT_BYTES, "a snapshot of group " + owner);
      }
      SnapshotMark mark = SnapshotMark.CODEC.read(in);
      in.expectEnd();
      return mark;
    } catch (MalformedException e) {
      throw new CorruptionException(path, FRONT_BYTES, e.getMessage());
    }
  }

  private static int crc(StorageFile file, long end) {
    CRC32C crc = new CRC32C();
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
    for (long at = 0; at < end; at += buffer.limit()) {
      buffer.clear().limit((int) Math.min(CHUNK_BYTES, end - at));
      file.read(at, buffer);
      crc.update(buffer.flip());
    }
    return (int) crc.getValue();
  }

  /** Names sort by index, then term. */
  private static String name(SnapshotId id) {
    return String.format("%s%019d-%019d", PREFIX, id.index(), id.term());
  }
}
