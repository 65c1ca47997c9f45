package io.quorate.core.wal;

import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Lays records out as they are appended: gives each its position, begins each batch with a MARKER
 * and each segment with a TABLE, and ends each segment with a SEAL. Guarded by the lock of the
 * {@link SharedLog}.
 *
 * <p>Two arrays take turns: one gathers while the writer empties the other.
 */
final class Staging {
  /** Behind each record there is room for a MARKER and a SEAL. */
  private static final int RESERVE_BYTES = 2 * RecordFormat.HEADER_BYTES;

  private static final int INITIAL_BYTES = 1 << 12;
  private static final byte[] NO_PAYLOAD = {};

  /** Bytes of one batch that lie in one segment, from {@code position} on. */
  record Part(Segment segment, long position, int from, int to, boolean sealed) {
    long end() {
      return position + to - from;
    }
  }

  /** What is written together. */
  record Batch(ByteWriter bytes, List<Part> parts, boolean markerOnly) {}

  private final RecordFormat format;
  private final Segments segments;
  private final Collection<LogContent> logs;
  private final int segmentBytes;

  private ByteWriter buffer = new ByteWriter(INITIAL_BYTES);
  private ByteWriter spare = new ByteWriter(INITIAL_BYTES);
  private List<Part> parts = new ArrayList<>();
  private Segment segment;
  /** Where the next record begins. */
  private long end;
  /** Where in the buffer, and in the log, the part that is gathering begins. */
  private int partFrom;
  private long partPosition;
  /** Whether the last record is a MARKER that says all before it is durable. */
  private boolean afterMarker;

  Staging(
      RecordFormat format,
      Segments segments,
      Collection<LogContent> logs,
      int segmentBytes,
      long end,
      boolean afterMarker) {
    this.format = format;
    this.segments = segments;
    this.logs = logs;
    this.segmentBytes = segmentBytes;
    this.segment = segments.newest();
    this.end = end;
    this.partPosition = end;
    this.afterMarker = afterMarker;
  }

  /** The position behind the last record. */
  long end() {
    return end;
  }

  /** Bytes that have not been taken. */
  int pendingBytes() {
    return buffer.size();
  }

  /** Whether there is something to write, a MARKER at least. */
  boolean hasWork() {
    return buffer.size() > 0 || needsMarker();
  }

  /** Appends a record and returns the position at which it begins. */
  long put(byte type, long log, long index, byte[] payload) {
    makeRoom(payload.length);
    return write(type, log, index, payload);
  }

  /** Appends a record whose payload, of {@code length} bytes, is what remains of {@code parts}. */
  long put(byte type, long log, long index, ByteBuffer[] parts, int length) {
    makeRoom(length);
    long position = end;
    format.write(buffer, position, type, log, index, parts, length);
    end += RecordFormat.HEADER_BYTES + length;
    return position;
  }

  private void makeRoom(int length) {
    if (buffer.size() == 0) {
      begin();
    }
    if (end + RecordFormat.HEADER_BYTES + length + RESERVE_BYTES > segment.end()) {
      roll();
    }
    afterMarker = false;
  }

  /** Everything that gathered; the other array gathers from now on. */
  Batch take() {
    return take(false);
  }

  /**
   * A MARKER alone, unless the last record is one: it tells that all that was appended is durable.
   */
  boolean needsMarker() {
    return buffer.size() == 0 && !afterMarker && end > segment.start();
  }

  Batch takeMarker() {
    begin();
    afterMarker = true;
    return take(true);
  }

  /** Gives an array back for reuse. */
  void recycle(Batch batch) {
    batch.bytes().clear();
    spare = batch.bytes();
  }

  private Batch take(boolean markerOnly) {
    parts.add(new Part(segment, partPosition, partFrom, buffer.size(), false));
    Batch batch = new Batch(buffer, parts, markerOnly);
    buffer = spare;
    parts = new ArrayList<>();
    partFrom = 0;
    partPosition = end;
    return batch;
  }

  private void begin() {
    long durable = end;
    if (end == segment.start()) {
      writeTable();
    }
    if (!afterMarker) {
      write(RecordFormat.MARKER, 0, durable, NO_PAYLOAD);
    }
  }

  private void roll() {
    write(RecordFormat.SEAL, 0, end, NO_PAYLOAD);
    parts.add(new Part(segment, partPosition, partFrom, buffer.size(), true));
    segment = new Segment(segment.number + 1, segment.end(), segmentBytes);
    segments.add(segment);
    end = segment.start();
    partFrom = buffer.size();
    partPosition = end;
    writeTable();
  }

  private void writeTable() {
    write(RecordFormat.TABLE, 0, 0, LogTable.encode(logs));
  }

  private long write(byte type, long log, long index, byte[] payload) {
    long position = end;
    format.write(buffer, position, type, log, index, payload);
    end += RecordFormat.HEADER_BYTES + payload.length;
    return position;
  }
}
