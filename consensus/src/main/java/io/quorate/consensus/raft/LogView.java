package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The log as this node has it in memory: entries behind a base that a snapshot covers, and the
 * configurations among them. Keeps no object for an entry, only where its bytes are: what is
 * remembered for long should not be many.
 *
 * <p>Invariants: terms never fall; the configuration in force is that of the highest index in the
 * log, committed or not, and goes back with it when the log is truncated.
 */
final class LogView {
  private static final int INITIAL_ENTRIES = 16;
  private static final int LATEST_ENTRIES = 1024;

  private long baseIndex;
  private long baseTerm;
  private long baseTimeMillis;
  private long lastIndex;
  private long bytes;
  private Columns ring = new Columns(INITIAL_ENTRIES);
  /** By the index at which each came into force; the lowest is at or below the base. */
  private final TreeMap<Long, Configuration> configurations = new TreeMap<>();

  LogView(SnapshotMark base) {
    reset(base);
  }

  /** Forgets everything and begins again behind {@code base}. */
  void reset(SnapshotMark base) {
    ring = new Columns(INITIAL_ENTRIES);
    baseIndex = base.index();
    baseTerm = base.term();
    baseTimeMillis = base.timeMillis();
    lastIndex = baseIndex;
    bytes = 0;
    configurations.clear();
    configurations.put(base.configurationIndex(), base.configuration());
  }

  long baseIndex() {
    return baseIndex;
  }

  long lastIndex() {
    return lastIndex;
  }

  long lastTerm() {
    return termAt(lastIndex);
  }

  long lastTimeMillis() {
    return lastIndex == baseIndex ? baseTimeMillis : ring.times[slot(lastIndex)];
  }

  /** Encoded bytes of all entries behind the base. */
  long bytes() {
    return bytes;
  }

  /** The term of the entry at {@code index}, or -1 if it is not known here. */
  long termAt(long index) {
    if (index == baseIndex) {
      return baseTerm;
    }
    return index < baseIndex || index > lastIndex ? -1 : ring.terms[slot(index)];
  }

  Entry entry(long index) {
    int slot = slot(index);
    Entry kept = isLatest(index) ? ring.latest[slot & ring.latestMask] : null;
    return kept != null ? kept : Entry.at(ring.arrays[slot], ring.from[slot]);
  }

  /** Encoded bytes of the entry at {@code index}. */
  int length(long index) {
    return ring.lengths[slot(index)];
  }

  void append(Entry entry) {
    if (entry.term < lastTerm()) {
      throw new IllegalStateException(
          "term " + entry.term + " behind term " + lastTerm() + " at index " + (lastIndex + 1));
    }
    if (lastIndex - baseIndex == ring.size) {
      grow();
    }
    lastIndex++;
    ring.set(slot(lastIndex), entry);
    bytes += entry.length;
    if (entry.kind == Entry.CONFIGURATION) {
      configurations.put(lastIndex, Configuration.CODEC.decode(entry.payload()));
    }
  }

  /** Drops the entry at {@code index} and all behind it, and the configurations among them. */
  void truncateFrom(long index) {
    while (lastIndex >= index) {
      forget(lastIndex);
      lastIndex--;
    }
    configurations.tailMap(index, true).clear();
  }

  /** Drops all entries up to {@code index}, which a snapshot covers. */
  void compactTo(long index) {
    if (index <= baseIndex) {
      return;
    }
    long newTerm = termAt(index);
    long newTimeMillis = ring.times[slot(index)];
    for (long i = baseIndex + 1; i <= index; i++) {
      forget(i);
    }
    configurations.headMap(configurations.floorKey(index), false).clear();
    baseIndex = index;
    baseTerm = newTerm;
    baseTimeMillis = newTimeMillis;
  }

  /**
   * Entries from {@code from} on: at least one if there is one, otherwise at most {@code maxBytes}.
   */
  List<Entry> entries(long from, long maxBytes) {
    List<Entry> entries = new ArrayList<>();
    long total = 0;
    for (long i = from; i <= lastIndex; i++) {
      total += length(i);
      if (total > maxBytes && !entries.isEmpty()) {
        break;
      }
      entries.add(entry(i));
    }
    return entries;
  }

  /**
   * The highest index at or before {@code index} behind which entries up to it have {@code bytes}.
   */
  long indexBehind(long index, long bytes) {
    long behind = index;
    for (long total = 0; behind > baseIndex && total < bytes; behind--) {
      total += length(behind);
    }
    return behind;
  }

  /** Entries of {@code [from, to)}. */
  List<Entry> range(long from, long to) {
    List<Entry> entries = new ArrayList<>((int) (to - from));
    for (long i = from; i < to; i++) {
      entries.add(entry(i));
    }
    return entries;
  }

  /** The first index at or before {@code index} of the run of entries that share its term. */
  long firstOfTerm(long index) {
    long first = index;
    long term = termAt(index);
    while (first - 1 > baseIndex && termAt(first - 1) == term) {
      first--;
    }
    return first;
  }

  /**
   * Whether a log that ends with {@code (term, index)} has all that this one may have committed.
   */
  boolean isUpToDate(long term, long index) {
    return term > lastTerm() || term == lastTerm() && index >= lastIndex;
  }

  Configuration configuration() {
    return configurations.lastEntry().getValue();
  }

  long configurationIndex() {
    return configurations.lastKey();
  }

  /** The mark of a snapshot of the state after {@code index}. */
  SnapshotMark markAt(long index, long timeMillis) {
    Map.Entry<Long, Configuration> at = configurations.floorEntry(index);
    return new SnapshotMark(index, termAt(index), timeMillis, at.getKey(), at.getValue());
  }

  boolean isVoter(NodeId node) {
    return configuration().votes(node);
  }

  /**
   * Whether {@code node} votes in any configuration that may be in force. One that was removed by a
   * change not known to be committed counts: perhaps nobody else has a log that can win.
   */
  boolean mayBeVoter(Member node, long commitIndex) {
    return configurations
        .tailMap(configurations.floorKey(commitIndex), true)
        .values()
        .stream()
        .anyMatch(configuration -> configuration.votes(node));
  }

  private int slot(long index) {
    if (index <= baseIndex || index > lastIndex) {
      throw new IndexOutOfBoundsException(
          "index " + index + " of a log of (" + baseIndex + ", " + lastIndex + "]");
    }
    return (int) index & (ring.size - 1);
  }

  private void forget(long index) {
    int slot = slot(index);
    bytes -= ring.lengths[slot];
    ring.arrays[slot] = null;
    if (isLatest(index)) {
      ring.latest[slot & ring.latestMask] = null;
    }
  }

  /** Whether the object of the entry at {@code index} may still be there. */
  private boolean isLatest(long index) {
    return index >= lastIndex - ring.latestMask;
  }

  private void grow() {
    Columns wider = new Columns(2 * ring.size);
    for (long i = baseIndex + 1; i <= lastIndex; i++) {
      wider.take(ring, slot(i), (int) i & (wider.size - 1));
    }
    ring = wider;
  }

  /** What is known of each entry, in arrays side by side. */
  private static final class Columns {
    final int size;
    final byte[][] arrays;
    final int[] from;
    final int[] lengths;
    final long[] terms;
    final long[] times;
    /** The entries appended last, which are asked for again soon; null where there is none. */
    final Entry[] latest;
    final int latestMask;

    Columns(int size) {
      this.size = size;
      this.arrays = new byte[size][];
      this.from = new int[size];
      this.lengths = new int[size];
      this.terms = new long[size];
      this.times = new long[size];
      this.latest = new Entry[Math.min(size, LATEST_ENTRIES)];
      this.latestMask = latest.length - 1;
    }

    void set(int slot, Entry entry) {
      arrays[slot] = entry.array;
      from[slot] = entry.from;
      lengths[slot] = entry.length;
      terms[slot] = entry.term;
      times[slot] = entry.timeMillis;
      latest[slot & latestMask] = entry;
    }

    void take(Columns other, int otherSlot, int slot) {
      arrays[slot] = other.arrays[otherSlot];
      from[slot] = other.from[otherSlot];
      lengths[slot] = other.lengths[otherSlot];
      terms[slot] = other.terms[otherSlot];
      times[slot] = other.times[otherSlot];
    }
  }
}
