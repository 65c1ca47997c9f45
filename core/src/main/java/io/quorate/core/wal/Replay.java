package io.quorate.core.wal;

import io.quorate.core.codec.MalformedException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.TreeMap;

/** Applies recovered records, one after the other. Refuses what no log can have written. */
final class Replay {
  private final TreeMap<Long, LogContent> contents = new TreeMap<>();
  private final Segments segments;
  private boolean begun;
  /** The log of the last record: the next is often of the same. */
  private LogContent last;

  Replay(Segments segments) {
    this.segments = segments;
  }

  TreeMap<Long, LogContent> contents() {
    return contents;
  }

  /**
   * Applies the record at {@code at}, which begins at {@code position} of the log.
   *
   * @throws MalformedException if it does not fit what came before
   */
  void apply(ByteBuffer bytes, int at, long position) {
    byte type = RecordFormat.type(bytes, at);
    long log = RecordFormat.log(bytes, at);
    long index = RecordFormat.index(bytes, at);
    int length = RecordFormat.length(bytes, at);
    switch (type) {
      case RecordFormat.ENTRY -> append(content(log), index, position, length);
      case RecordFormat.COPY -> move(content(log), index, position, length);
      case RecordFormat.STATE ->
          content(log).state = Optional.of(RecordFormat.payload(bytes, at));
      case RecordFormat.TRUNCATE -> inside(content(log), index).truncate(index);
      case RecordFormat.DROP -> inside(content(log), index).drop(index);
      case RecordFormat.RESET -> reset(content(log), index);
      case RecordFormat.DELETE -> content(log).delete();
      case RecordFormat.TABLE -> table(RecordFormat.payload(bytes, at));
      case RecordFormat.MARKER, RecordFormat.SEAL -> { }
      default -> throw new AssertionError("unhandled record type " + type);
    }
  }

  private static void append(LogContent content, long index, long position, int length) {
    long next = content.entries.next();
    if (index != next) {
      throw new MalformedException(
          "entry " + index + " of log " + content.id + " where " + next + " is next");
    }
    content.append(position, length);
  }

  private static void move(LogContent content, long index, long position, int length) {
    if (index < content.entries.first() || index >= content.entries.next()) {
      throw new MalformedException(
          "copy of entry " + index + " of log " + content.id + ", which is not there");
    }
    content.move(index, position, length);
  }

  private static LogContent inside(LogContent content, long index) {
    if (index < content.entries.first() || index > content.entries.next()) {
      throw new MalformedException("index " + index + " outside of log " + content.id);
    }
    return content;
  }

  private static void reset(LogContent content, long first) {
    if (first < LogContent.FIRST_INDEX) {
      throw new MalformedException("log " + content.id + " begins at " + first);
    }
    content.reset(first);
  }

  private void table(byte[] payload) {
    if (begun) {
      if (!LogTable.describes(payload, contents.values())) {
        throw new MalformedException("the table is not that of the logs so far");
      }
      return;
    }
    begun = true;
    for (LogContent content : LogTable.decode(payload, segments)) {
      contents.put(content.id, content);
    }
  }

  private LogContent content(long log) {
    if (last == null || last.id != log) {
      last = contents.computeIfAbsent(log, id -> new LogContent(id, segments));
    }
    return last;
  }
}
