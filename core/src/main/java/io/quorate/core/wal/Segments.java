package io.quorate.core.wal;

import java.util.ArrayList;
import java.util.List;

/**
 * The segments that count, the oldest first; the last is appended to. Finds the one that holds a
 * position and counts what is alive in each. Guarded by the lock of the {@link SharedLog}.
 */
final class Segments {
  /** What the indexes of entries in these segments are made of. */
  final EntryIndex.Pool indexPages = new EntryIndex.Pool();

  private final List<Segment> segments;
  private Segment found;

  Segments(List<Segment> segments) {
    this.segments = new ArrayList<>(segments);
  }

  Segment oldest() {
    return segments.get(0);
  }

  Segment newest() {
    return segments.get(segments.size() - 1);
  }

  Segment get(int at) {
    return segments.get(at);
  }

  int count() {
    return segments.size();
  }

  List<Segment> all() {
    return List.copyOf(segments);
  }

  void add(Segment segment) {
    segments.add(segment);
  }

  /** Removes the {@code count} oldest. */
  List<Segment> removeOldest(int count) {
    List<Segment> oldest = segments.subList(0, count);
    List<Segment> removed = List.copyOf(oldest);
    oldest.clear();
    found = null;
    return removed;
  }

  /** The segment that holds {@code position}. */
  Segment at(long position) {
    Segment last = found;
    if (last != null && position >= last.base && position < last.end()) {
      return last;
    }
    int low = 0;
    int high = segments.size() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (segments.get(middle).base <= position) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    found = segments.get(low);
    if (position < found.base || position >= found.end()) {
      throw new AssertionError("no segment holds position " + position);
    }
    return found;
  }

  /** A record of an entry of {@code length} bytes of payload begins at {@code position}. */
  void live(long position, int length) {
    at(position).liveBytes += RecordFormat.HEADER_BYTES + length;
  }

  /** That record counts no longer. */
  void dead(long position, int length) {
    at(position).liveBytes -= RecordFormat.HEADER_BYTES + length;
  }

  long sizeBytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.bytes;
    }
    return bytes;
  }

  /** What the full segments hold in vain. */
  long garbageBytes() {
    long bytes = 0;
    for (int i = 0; i < segments.size() - 1; i++) {
      bytes += segments.get(i).bytes - segments.get(i).liveBytes;
    }
    return bytes;
  }

  long liveBytes() {
    long bytes = 0;
    for (Segment segment : segments) {
      bytes += segment.liveBytes;
    }
    return bytes;
  }
}
