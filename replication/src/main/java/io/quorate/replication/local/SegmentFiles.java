package io.quorate.replication.local;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * The log files. Written by one executor, read by others; all methods block.
 *
 * <p>A segment grows by pieces of zeros, forced with their length, so that the force behind each
 * group need not write the length too.
 */
final class SegmentFiles implements AutoCloseable {
  private static final int MAX_PIECE_BYTES = 1 << 20;
  private static final String PREFIX = "segment-";

  /** There was no room for a group, of which nothing has been written. */
  static final class NoRoomException extends StorageException {
    private NoRoomException(StorageException cause) {
      super(cause.getMessage(), cause);
    }
  }

  private final Storage storage;
  private final String directory;
  private final boolean forced;
  private final int pieceBytes;
  private final int segmentBytes;
  /** Open segments. The one map that several threads share. */
  private final ConcurrentSkipListMap<Integer, StorageFile> files = new ConcurrentSkipListMap<>();
  private long allocated;
  /** Written by the executor that writes the log, read by the loop. */
  private volatile long totalBytes;
  private volatile int oldest;

  SegmentFiles(Storage storage, LocalOptions options) {
    this.storage = storage;
    this.directory = options.directory();
    this.forced = options.durability() == LocalOptions.Durability.FORCED;
    this.segmentBytes = options.segmentBytes();
    this.pieceBytes = Math.min(MAX_PIECE_BYTES, options.segmentBytes());
    storage.createDirectories(directory);
    for (String name : storage.list(directory)) {
      if (name.matches(PREFIX + "[0-9]{10}")) {
        files.put(
            Integer.parseInt(name.substring(PREFIX.length())),
            storage.open(directory + "/" + name));
      }
    }
    if (!files.isEmpty()) {
      allocated = files.lastEntry().getValue().size();
    }
    count();
  }

  private void count() {
    totalBytes = files.values().stream().mapToLong(StorageFile::size).sum();
    oldest = files.isEmpty() ? 0 : files.firstKey();
  }

  /** Room that groups may take, besides what the next pieces may need; negative if even that lacks. */
  long roomBytes() {
    return storage.usableBytes() - 2L * pieceBytes;
  }

  List<Integer> numbers() {
    return List.copyOf(files.keySet());
  }

  String path(int segment) {
    return directory + "/" + PREFIX + String.format("%010d", segment);
  }

  long size(int segment) {
    return files.get(segment).size();
  }

  boolean contains(int segment) {
    return files.containsKey(segment);
  }

  void create(int segment, long firstSequence) {
    StorageFile last = files.isEmpty() ? null : files.lastEntry().getValue();
    if (last != null) {
      // What is not forced group by group is forced when its segment ends: nothing is missing before
      // a segment that exists.
      last.force(true);
    }
    StorageFile file;
    try {
      // What an attempt without room has left.
      storage.delete(path(segment));
      file = storage.create(path(segment));
      allocated = 0;
      extend(file, pieceBytes);
      file.write(
          0, ByteBuffer.wrap(RecordFormat.segmentHeader(segment, firstSequence, forced)));
    } catch (StorageException e) {
      throw new NoRoomException(e);
    }
    file.force(true);
    files.put(segment, file);
    storage.syncDirectory(directory);
    count();
  }

  /**
   * Writes a group where it belongs and, if groups are forced, makes it durable.
   *
   * @return whether there is a piece ahead; if not, the disk is full but nothing has failed yet
   */
  boolean writeGroup(int segment, int offset, byte[] bytes, int length) {
    StorageFile file = files.get(segment);
    // Room for the next header too: a zero length must follow the last group.
    int end = offset + length + RecordFormat.GROUP_HEADER_BYTES + RecordFormat.ALIGNMENT;
    if (end > allocated) {
      try {
        extend(file, (long) end + pieceBytes);
      } catch (StorageException e) {
        throw new NoRoomException(e);
      }
      forceLength(file);
      count();
    }
    file.write(offset, ByteBuffer.wrap(bytes, 0, length));
    if (forced) {
      file.force(false);
    }
    return end >= segmentBytes || hasRoomAhead(file, end);
  }

  /** Makes room before it is needed, so that a full disk is known before a group must be written. */
  private boolean hasRoomAhead(StorageFile file, int end) {
    if (allocated - end >= pieceBytes / 2) {
      return true;
    }
    try {
      extend(file, (long) end + pieceBytes);
    } catch (StorageException e) {
      // Nothing that anybody waits for: without room ahead, writes are refused in time.
      return false;
    }
    forceLength(file);
    count();
    return true;
  }

  private void forceLength(StorageFile file) {
    if (forced) {
      file.force(true);
    }
  }

  private void extend(StorageFile file, long to) {
    byte[] zeros = new byte[1 << 16];
    while (allocated < to) {
      int count = (int) Math.min(zeros.length, to - allocated);
      file.write(allocated, ByteBuffer.wrap(zeros, 0, count));
      allocated += count;
    }
  }

  /** Cuts what a crash left behind the last whole group, before anything is written there. */
  void cut(int segment, int offset) {
    StorageFile file = files.get(segment);
    file.truncate(offset);
    allocated = offset;
    extend(file, (long) offset + RecordFormat.GROUP_HEADER_BYTES + RecordFormat.ALIGNMENT);
    file.force(true);
    count();
  }

  byte[] read(int segment, int offset, int length) {
    StorageFile file = files.get(segment);
    if (file == null) {
      throw new StorageException("read " + path(segment) + ": was merged away");
    }
    byte[] bytes = new byte[length];
    int count = file.read(offset, ByteBuffer.wrap(bytes));
    if (count < length) {
      throw new CorruptionException(path(segment), offset + count, "the segment ends early");
    }
    return bytes;
  }

  /** The cell of the record at a place, its checksum verified. */
  RecordFormat.Parsed readRecord(int segment, int offset, int length) {
    byte[] bytes = read(segment, offset, length);
    try {
      return RecordFormat.parse(bytes, 0, length);
    } catch (MalformedException e) {
      throw new CorruptionException(path(segment), offset, e.getMessage());
    }
  }

  /** One record and where it is. */
  record Located(RecordFormat.Parsed record, int offset, int length) {}

  /** Groups of a segment from some offset on, and where the next one begins. */
  record Chunk(List<Located> records, int nextOffset, boolean isLast) {}

  /** Reads about {@code maxBytes} of the whole groups of a segment. */
  Chunk readGroups(int segment, int from, int maxBytes) {
    List<Located> records = new ArrayList<>();
    int offset = from;
    while (offset - from < maxBytes) {
      ByteReader header = header(segment, offset);
      int length = header == null ? 0 : header.int32();
      if (length == 0) {
        return new Chunk(records, offset, true);
      }
      byte[] body = read(segment, offset + RecordFormat.GROUP_HEADER_BYTES, length);
      parse(body, segment, offset + RecordFormat.GROUP_HEADER_BYTES, records);
      offset = RecordFormat.aligned(offset + RecordFormat.GROUP_HEADER_BYTES + length);
    }
    return new Chunk(records, offset, false);
  }

  /** Splits the records of a group. */
  void parse(byte[] body, int segment, int at, List<Located> records) {
    for (int position = 0; position < body.length; ) {
      try {
        ByteReader in = new ByteReader(body, position, body.length - position);
        in.int32();
        int length = in.int32() + RecordFormat.RECORD_HEADER_BYTES;
        if (length < RecordFormat.RECORD_HEADER_BYTES || length > body.length - position) {
          throw in.malformed("a record of " + length + " bytes");
        }
        records.add(
            new Located(
                RecordFormat.parse(body, position, length), at + position, length));
        position += length;
      } catch (MalformedException e) {
        throw new CorruptionException(path(segment), (long) at + position, e.getMessage());
      }
    }
  }

  /** The header of a group, null where the file ends. */
  ByteReader header(int segment, int offset) {
    if (offset + RecordFormat.GROUP_HEADER_BYTES > size(segment)) {
      return null;
    }
    return new ByteReader(read(segment, offset, RecordFormat.GROUP_HEADER_BYTES));
  }

  void delete(int segment) {
    StorageFile file = files.remove(segment);
    if (file != null) {
      file.close();
    }
    storage.delete(path(segment));
    storage.syncDirectory(directory);
    count();
  }

  /** Room that all segments take. */
  long totalBytes() {
    return totalBytes;
  }

  /** The oldest segment, 0 if there is none. */
  int oldest() {
    return oldest;
  }

  @Override
  public void close() {
    for (Map.Entry<Integer, StorageFile> file : files.entrySet()) {
      file.getValue().close();
    }
    files.clear();
  }
}
