package io.quorate.replication.local;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.replication.Tag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Rebuilds the index: the snapshot, then the log behind it.
 *
 * <p>A group that does not check out ends the log if nothing good is behind it: it was never
 * acknowledged, and is cut off before anything is written there. If a good group or another segment
 * is behind it, it had been durable: acknowledged data is damaged, and that is an error, never a
 * shorter log. Blocks.
 */
final class Recovery {
  private final SegmentFiles files;
  private final Map<Key, Entry> index;
  private final Map<NodeId, NodeId> writers = new HashMap<>();
  private int segment;
  private int offset;
  private long nextSequence = 1;
  /** Whether the groups of the segment that is read were forced one by one. */
  private boolean forced;

  private Recovery(SegmentFiles files, Map<Key, Entry> index) {
    this.files = files;
    this.index = index;
  }

  /** Fills {@code index} and returns where the log goes on; segment 0 if there is none yet. */
  static IndexSnapshot.Position recover(
      Storage storage, LocalOptions options, SegmentFiles files, Map<Key, Entry> index) {
    Recovery recovery = new Recovery(files, index);
    recovery.run(storage, options.directory());
    return new IndexSnapshot.Position(recovery.segment, recovery.offset, recovery.nextSequence);
  }

  private void run(Storage storage, String directory) {
    List<Integer> numbers = new ArrayList<>(files.numbers());
    Optional<IndexSnapshot.Position> snapshot =
        IndexSnapshot.load(storage, directory, at -> isReachable(at, numbers), index);
    boolean usable = snapshot.isPresent();
    boolean first = true;
    if (usable) {
      IndexSnapshot.Position position = snapshot.get();
      numbers.removeIf(number -> number < position.segment());
      segment = position.segment();
      offset = position.offset();
      nextSequence = position.sequence();
    }
    for (int i = 0; i < numbers.size(); i++) {
      int number = numbers.get(i);
      boolean last = i == numbers.size() - 1;
      if (!first && number != segment + 1) {
        throw new CorruptionException(files.path(segment + 1), 0, "the segment is missing");
      }
      boolean resumed = first && usable && number == segment;
      if (!readHeader(number, resumed, first && !usable)) {
        if (last) {
          // The crash came while the segment was made; nothing in it was acknowledged.
          files.delete(number);
          break;
        }
        throw new CorruptionException(files.path(number), 0, "not a segment header");
      }
      if (!resumed) {
        segment = number;
        offset = RecordFormat.SEGMENT_HEADER_BYTES;
      }
      readSegment(last);
      first = false;
    }
    for (Entry entry : index.values()) {
      if (!files.contains(entry.segment)) {
        throw new CorruptionException(files.path(entry.segment), entry.offset, "file is missing");
      }
    }
  }

  /** Whether the log can be read from the snapshot's position on. */
  private boolean isReachable(IndexSnapshot.Position position, List<Integer> numbers) {
    return numbers.contains(position.segment()) || numbers.isEmpty() && position.segment() == 0;
  }

  private boolean readHeader(int number, boolean resumed, boolean firstOfAll) {
    if (files.size(number) < RecordFormat.SEGMENT_HEADER_BYTES) {
      return false;
    }
    byte[] bytes = files.read(number, 0, RecordFormat.SEGMENT_HEADER_BYTES);
    ByteReader in = new ByteReader(bytes);
    int crcAt = RecordFormat.SEGMENT_HEADER_BYTES - Integer.BYTES;
    boolean good =
        new ByteReader(bytes, crcAt, Integer.BYTES).int32() == RecordFormat.crc(bytes, 0, crcAt)
            && in.int32() == RecordFormat.MAGIC
            && in.int32() == number;
    if (!good) {
      int behind = goodGroupBehind(number, RecordFormat.SEGMENT_HEADER_BYTES, nextSequence);
      if (behind >= 0) {
        throw new CorruptionException(
            files.path(number), 0, "header is damaged, a good group is at " + behind);
      }
      return false;
    }
    long firstSequence = in.int64();
    forced = in.int32() == 1;
    if (firstOfAll) {
      nextSequence = firstSequence;
    } else if (!resumed && firstSequence != nextSequence) {
      throw new CorruptionException(
          files.path(segment),
          offset,
          "groups " + nextSequence + " to " + (firstSequence - 1) + " are damaged or missing");
    }
    return true;
  }

  private void readSegment(boolean last) {
    while (true) {
      byte[] body = groupAt(segment, offset, nextSequence);
      if (body == null) {
        break;
      }
      List<SegmentFiles.Located> records = new ArrayList<>();
      files.parse(body, segment, offset + RecordFormat.GROUP_HEADER_BYTES, records);
      records.forEach(this::replay);
      offset = RecordFormat.aligned(offset + RecordFormat.GROUP_HEADER_BYTES + body.length);
      nextSequence++;
    }
    // Without a force between them, a crash of the machine may keep the later group only.
    int behind = forced ? goodGroupBehind(segment, offset, nextSequence + 1) : -1;
    if (behind >= 0) {
      throw new CorruptionException(
          files.path(segment),
          offset,
          "group " + nextSequence + " is damaged, a good one is at " + behind);
    }
    if (last) {
      files.cut(segment, offset);
    }
  }

  private void replay(SegmentFiles.Located located) {
    Key key = located.record().key();
    Cell cell = located.record().cell();
    if (located.record().isForgotten()) {
      index.remove(key);
      return;
    }
    Tag tag = cell.tag();
    NodeId writer = writers.computeIfAbsent(tag.writer(), id -> id);
    index.put(
        key,
        new Entry(
            key,
            new Tag(tag.time(), writer, tag.epoch()),
            cell.isTombstone(),
            cell.expiryMillis(),
            segment,
            located.offset(),
            located.length(),
            nextSequence));
  }

  /** The records of a whole group with that sequence, null if there is none. */
  private byte[] groupAt(int number, int at, long sequence) {
    ByteReader header = files.header(number, at);
    if (header == null) {
      return null;
    }
    int length = header.int32();
    int crc = header.int32();
    long found = header.int64();
    long end = (long) at + RecordFormat.GROUP_HEADER_BYTES + length;
    if (length <= 0 || found != sequence || end > files.size(number)) {
      return null;
    }
    byte[] group = files.read(number, at + Long.BYTES, Long.BYTES + length);
    if (RecordFormat.groupCrc(group, 0, group.length) != crc) {
      return null;
    }
    byte[] body = new byte[length];
    System.arraycopy(group, Long.BYTES, body, 0, length);
    return body;
  }

  /** Where behind {@code from} a whole group of a later sequence is, -1 if nowhere. */
  private int goodGroupBehind(int number, int from, long atLeast) {
    int size = (int) files.size(number);
    int start = RecordFormat.aligned(from);
    if (start + RecordFormat.GROUP_HEADER_BYTES > size) {
      return -1;
    }
    ByteReader rest = new ByteReader(files.read(number, start, size - start));
    int steps = (size - start) / RecordFormat.ALIGNMENT;
    for (int i = 0; i < steps; i++) {
      try {
        int length = rest.int32();
        rest.int32();
        long sequence = rest.int64();
        int at = start + i * RecordFormat.ALIGNMENT;
        if (length > 0
            && sequence >= atLeast
            && sequence - atLeast < size
            && groupAt(number, at, sequence) != null) {
          return at;
        }
      } catch (MalformedException e) {
        return -1;
      }
    }
    return -1;
  }
}
