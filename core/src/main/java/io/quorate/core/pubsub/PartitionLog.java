package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The messages of one partition, in chunks: reading, appending and dropping the oldest cost O(log
 * chunks). Capturing it costs O(chunks), for arrays are then shared with the capture: appending
 * writes behind what was captured, and anything else copies the array first.
 */
final class PartitionLog {
  private static final int CHUNK = 256;

  /** Entries {@code [from, to)} of an array, sorted by sequence. */
  private static final class Chunk {
    private Entry[] entries = new Entry[CHUNK];
    private int from;
    private int to;
    private boolean shared;

    private Entry first() {
      return entries[from];
    }

    /** Whether {@code sequence} is not before the first entry nor behind the last. */
    private boolean spans(long sequence) {
      return from < to
          && first().sequence() <= sequence
          && sequence <= entries[to - 1].sequence();
    }

    /** The index of the first entry with a sequence of at least {@code sequence}. */
    private int indexOf(long sequence) {
      // Where nothing was compacted away, the place is known.
      long guess = from + sequence - entries[from].sequence();
      if (guess >= from && guess < to && entries[(int) guess].sequence() == sequence) {
        return (int) guess;
      }
      int low = from;
      int high = to;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (entries[middle].sequence() < sequence) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low;
    }

    private void remove(int index) {
      if (shared) {
        entries = entries.clone();
        shared = false;
      }
      if (index == from) {
        entries[from++] = null;
        return;
      }
      System.arraycopy(entries, index + 1, entries, index, to - index - 1);
      entries[--to] = null;
    }
  }

  /** Part of a captured log. */
  record Slice(Entry[] entries, int from, int to) {}

  private final boolean compacted;
  private final TreeMap<Long, Chunk> chunks = new TreeMap<>();

  /** Of a compacted log: the newest sequence of each key. */
  private final Map<String, Long> newest = new HashMap<>();

  /** Of a compacted log: sequences without a value. */
  private final TreeSet<Long> tombstones = new TreeSet<>();

  /** Where the last read was; readers go on from one message to the next. */
  private Chunk lastRead = new Chunk();

  /** Below this, entries may have been dropped that somebody may miss. */
  private long start;

  private long end;
  private int count;
  private long bytes;

  PartitionLog(boolean compacted) {
    this.compacted = compacted;
  }

  long start() {
    return start;
  }

  /** The sequence that the next entry will have. */
  long end() {
    return end;
  }

  int count() {
    return count;
  }

  long bytes() {
    return bytes;
  }

  /** Of a log without entries: where it begins. */
  void reset(long start, long end) {
    this.start = start;
    this.end = end;
  }

  /** Appends an entry with a sequence of at least {@link #end}. */
  void append(Entry entry) {
    Chunk last = chunks.isEmpty() ? null : chunks.get(chunks.lastKey());
    if (last == null || last.to == CHUNK) {
      last = new Chunk();
      chunks.put(entry.sequence(), last);
    }
    last.entries[last.to++] = entry;
    end = entry.sequence() + 1;
    count++;
    bytes += entry.message().sizeBytes();
    if (compacted) {
      Long former = newest.put(entry.message().rawKey(), entry.sequence());
      if (former != null) {
        remove(former);
      }
      if (entry.message().isTombstone()) {
        tombstones.add(entry.sequence());
      }
    }
  }

  /** The first entry from {@code sequence} on; null if there is none. */
  Entry atOrAfter(long sequence) {
    if (lastRead.spans(sequence)) {
      return lastRead.entries[lastRead.indexOf(sequence)];
    }
    var floor = chunks.floorEntry(sequence);
    if (floor != null) {
      Chunk chunk = floor.getValue();
      int index = chunk.indexOf(sequence);
      if (index < chunk.to) {
        lastRead = chunk;
        return chunk.entries[index];
      }
    }
    var higher = chunks.higherEntry(sequence);
    return higher == null ? null : higher.getValue().first();
  }

  /** The entry of {@code sequence}; null if it is gone. */
  Entry get(long sequence) {
    Entry entry = atOrAfter(sequence);
    return entry != null && entry.sequence() == sequence ? entry : null;
  }

  /** The oldest entry; null if there is none. */
  Entry oldest() {
    return chunks.isEmpty() ? null : chunks.get(chunks.firstKey()).first();
  }

  /** The newest entry; null if there is none. */
  Entry latest() {
    if (chunks.isEmpty()) {
      return null;
    }
    Chunk last = chunks.lastEntry().getValue();
    return last.entries[last.to - 1];
  }

  /** The first sequence stored at {@code millis} or later; {@link #end} if there is none. */
  long since(long millis) {
    for (Chunk chunk : chunks.values()) {
      if (chunk.entries[chunk.to - 1].timestampMillis() >= millis) {
        for (int i = chunk.from; i < chunk.to; i++) {
          if (chunk.entries[i].timestampMillis() >= millis) {
            return chunk.entries[i].sequence();
          }
        }
      }
    }
    return end;
  }

  /** Drops the oldest entry, which somebody may miss. */
  void dropOldest() {
    Entry oldest = oldest();
    forget(oldest);
    remove(oldest.sequence());
    start = oldest.sequence() + 1;
  }

  /** The oldest tombstone; null if there is none. */
  Entry oldestTombstone() {
    return tombstones.isEmpty() ? null : get(tombstones.first());
  }

  /** Drops the oldest tombstone, which nobody misses. */
  void dropTombstone() {
    Entry tombstone = oldestTombstone();
    forget(tombstone);
    remove(tombstone.sequence());
  }

  /** Whether an entry of {@code key} would replace another. */
  Entry replacedBy(Message message) {
    Long former = compacted ? newest.get(message.rawKey()) : null;
    return former == null ? null : get(former);
  }

  private void forget(Entry entry) {
    if (compacted) {
      newest.remove(entry.message().rawKey(), entry.sequence());
    }
  }

  private void remove(long sequence) {
    Long first = chunks.floorKey(sequence);
    Chunk chunk = chunks.get(first);
    int index = chunk.indexOf(sequence);
    Entry entry = chunk.entries[index];
    chunk.remove(index);
    count--;
    bytes -= entry.message().sizeBytes();
    if (!tombstones.isEmpty()) {
      tombstones.remove(sequence);
    }
    if (chunk.from == chunk.to) {
      chunks.remove(first);
    } else if (chunk.to - chunk.from <= CHUNK / 4) {
      mergeIntoFormer(first, chunk);
    }
  }

  /** Keeps sparse chunks of a compacted log from adding up. */
  private void mergeIntoFormer(long key, Chunk chunk) {
    var former = chunks.lowerEntry(key);
    if (former == null || former.getValue().to - former.getValue().from > CHUNK / 4) {
      return;
    }
    Chunk merged = new Chunk();
    for (Chunk each : List.of(former.getValue(), chunk)) {
      System.arraycopy(each.entries, each.from, merged.entries, merged.to, each.to - each.from);
      merged.to += each.to - each.from;
    }
    chunks.remove(key);
    chunks.put(former.getKey(), merged);
    lastRead = merged;
  }

  /** All entries as they are now, whatever becomes of the log. */
  List<Slice> capture() {
    List<Slice> slices = new ArrayList<>(chunks.size());
    for (Chunk chunk : chunks.values()) {
      chunk.shared = true;
      slices.add(new Slice(chunk.entries, chunk.from, chunk.to));
    }
    return slices;
  }
}
