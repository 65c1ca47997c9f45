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
      case RecordFormat.RESET -> {
        require(index >= LogContent.FIRST_INDEX, "reset to " + index);
        content(log).reset(index);
      }
      case RecordFormat.DELETE -> content(log).delete();
      case RecordFormat.TABLE -> table(RecordFormat.payload(bytes, at));
      case RecordFormat.MARKER, RecordFormat.SEAL -> { }
      default -> throw new AssertionError("unhandled record type " + type);
    }
  }

  private static void append(LogContent content, long index, long position, int length) {
    require(
        index == content.entries.next(),
        "entry " + index + " of log " + content.id + " after " + content.entries.next());
    content.append(position, length);
  }

  private static void move(LogContent content, long index, long position, int length) {
    require(
        index >= content.entries.first() && index < content.entries.next(),
        "copy of entry " + index + " of log " + content.id + ", which is not there");
    content.move(index, position, length);
  }

  private static LogContent inside(LogContent content, long index) {
    require(
        index >= content.entries.first() && index <= content.entries.next(),
        "index " + index + " outside of log " + content.id);
    return content;
  }

  private void table(byte[] payload) {
    if (begun) {
      require(LogTable.describes(payload, contents.values()), "a table of other logs");
      return;
    }
    begun = true;
    for (LogContent content : LogTable.decode(payload, segments)) {
      contents.put(content.id, content);
    }
  }

  private LogContent content(long log) {
    return contents.computeIfAbsent(log, id -> new LogContent(id, segments));
  }

  private static void require(boolean condition, String problem) {
    if (!condition) {
      throw new MalformedException(problem);
    }
  }
}
