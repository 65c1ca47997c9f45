package io.quorate.replication.local;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import io.quorate.replication.Tag;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.zip.CRC32C;

/**
 * The index on disk, as it was when the log stood at some position. What is behind that position is
 * read from the log. A damaged or missing snapshot costs time and nothing else.
 *
 * <pre>
 * 4 bytes   magic "QIX1"
 * 4 bytes   segment, 4 bytes offset, 8 bytes sequence: the first group that is to be read
 * varint    count of writers, then each as text
 * varint    count of entries, then of each: key as a block, time (8), epoch (8), writer (varint,
 *           counted from 0), kind (1: 1 tombstone), expiry (varint), segment, offset, length (varints)
 * 4 bytes   CRC32C of all before
 * </pre>
 *
 * <p>All methods block.
 */
final class IndexSnapshot {
  private static final int MAGIC = 0x51495831;
  private static final String FILE = "index";
  private static final int FLUSH_BYTES = 1 << 20;

  /** Where the log stood. */
  record Position(int segment, int offset, long sequence) {}

  private IndexSnapshot() {}

  /** Replaces the snapshot in {@code directory}. */
  static void write(
      Storage storage, String directory, Position position, Collection<Entry> entries) {
    Map<NodeId, Integer> writers = new LinkedHashMap<>();
    entries.forEach(entry -> writers.putIfAbsent(entry.tag().writer(), writers.size()));
    String beside = directory + "/" + FILE + ".new";
    storage.delete(beside);
    try (StorageFile file = storage.create(beside)) {
      Output out = new Output(file);
      out.writer.int32(MAGIC).int32(position.segment).int32(position.offset);
      out.writer.int64(position.sequence).varint(writers.size());
      writers.keySet().forEach(writer -> out.writer.text(writer.value()));
      out.writer.varint(entries.size());
      for (Entry entry : entries) {
        Tag tag = entry.tag();
        out.writer.block(entry.key().bytes()).int64(tag.time()).int64(tag.epoch());
        out.writer.varint(writers.get(tag.writer())).int8(entry.isTombstone() ? 1 : 0);
        out.writer.varint(entry.expiryMillis()).varint(entry.segment);
        out.writer.varint(entry.offset).varint(entry.length);
        if (out.writer.size() >= FLUSH_BYTES) {
          out.flush();
        }
      }
      out.flush();
      out.writer.int32((int) out.crc.getValue());
      out.flush();
      file.force(true);
    }
    storage.rename(beside, directory + "/" + FILE);
    storage.syncDirectory(directory);
  }

  private static final class Output {
    private final StorageFile file;
    private final ByteWriter writer = new ByteWriter(FLUSH_BYTES + 4096);
    private final CRC32C crc = new CRC32C();
    private long position;

    private Output(StorageFile file) {
      this.file = file;
    }

    private void flush() {
      crc.update(writer.array(), 0, writer.size());
      file.write(position, ByteBuffer.wrap(writer.array(), 0, writer.size()));
      position += writer.size();
      writer.clear();
    }
  }

  /**
   * Reads the snapshot into {@code index}.
   *
   * @param reachable whether the log can be read from a position on; if not, the snapshot is useless
   * @return where the log stood; empty, with nothing read, if there is no snapshot, or it is damaged
   *     or of no use
   */
  static Optional<Position> load(
      Storage storage, String directory, Predicate<Position> reachable, Map<Key, Entry> index) {
    String path = directory + "/" + FILE;
    if (!storage.exists(path)) {
      return Optional.empty();
    }
    byte[] bytes;
    try (StorageFile file = storage.open(path)) {
      if (file.size() > Integer.MAX_VALUE - 8 || file.size() < Integer.BYTES) {
        return Optional.empty();
      }
      bytes = new byte[(int) file.size()];
      file.read(0, ByteBuffer.wrap(bytes));
    }
    int body = bytes.length - Integer.BYTES;
    if (new ByteReader(bytes, body, Integer.BYTES).int32() != RecordFormat.crc(bytes, 0, body)) {
      return Optional.empty();
    }
    try {
      return parse(new ByteReader(bytes, 0, body), reachable, index);
    } catch (MalformedException e) {
      // Another version's: the log has it all.
      index.clear();
      return Optional.empty();
    }
  }

  private static Optional<Position> parse(
      ByteReader in, Predicate<Position> reachable, Map<Key, Entry> index) {
    if (in.int32() != MAGIC) {
      throw in.malformed("not an index snapshot");
    }
    Position position = new Position(in.int32(), in.int32(), in.int64());
    if (!reachable.test(position)) {
      return Optional.empty();
    }
    List<NodeId> writers = new ArrayList<>();
    for (int i = in.count(2, "writers"); i > 0; i--) {
      writers.add(NodeId.of(in.text(64, "writer")));
    }
    int count = in.count(23, "entries");
    for (int i = 0; i < count; i++) {
      Key key = new Key(in.block());
      long time = in.int64();
      long epoch = in.int64();
      Tag tag = new Tag(time, writers.get((int) in.varint()), epoch);
      boolean tombstone = in.bool();
      long expiryMillis = in.varint();
      int segment = (int) in.varint();
      int offset = (int) in.varint();
      int length = (int) in.varint();
      index.put(key, new Entry(key, tag, tombstone, expiryMillis, segment, offset, length, 0));
    }
    in.expectEnd();
    return Optional.of(position);
  }
}
