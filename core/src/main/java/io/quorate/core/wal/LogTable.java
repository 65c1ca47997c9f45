package io.quorate.core.wal;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * The payload of a TABLE: all logical logs as they are when a segment begins, sorted by id.
 *
 * <pre>
 * size field
 *    v number of logs, as a varint
 *      then for each log:
 *    8 id
 *    8 index of the first entry
 *    8 index of the next entry
 *    1 whether there is a state: 0 or 1
 *    n state, if there is one: length as a varint, then its bytes
 * </pre>
 */
final class LogTable {
  private static final int MAX_VARINT_BYTES = 5;
  private static final int MIN_ROW_BYTES = 3 * Long.BYTES + 1;


  private LogTable() {}

  static byte[] encode(Collection<LogContent> logs) {
    int count = 0;
    for (LogContent log : logs) {
      count += log.isNew() ? 0 : 1;
    }
    ByteWriter writer = new ByteWriter();
    writer.varint(count);
    for (LogContent log : logs) {
      if (!log.isNew()) {
        writer.int64(log.id).int64(log.entries.first()).int64(log.entries.next());
        writer.bool(log.state.isPresent());
        log.state.ifPresent(writer::block);
      }
    }
    return writer.toByteArray();
  }

  /** The most that a log with a state of {@code stateBytes} takes. */
  static int rowBytes(int stateBytes) {
    return MIN_ROW_BYTES + MAX_VARINT_BYTES + stateBytes;
  }

  /**
   * Makes new logs of a table.
   *
   * @throws MalformedException if it is none
   */
  static List<LogContent> decode(byte[] payload, Segments segments) {
    ByteReader reader = new ByteReader(payload);
    int count = reader.count(MIN_ROW_BYTES, "logs");
    List<LogContent> logs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      LogContent log = new LogContent(reader.int64(), segments);
      long first = reader.int64();
      long next = reader.int64();
      if (first < LogContent.FIRST_INDEX || next < first) {
        throw reader.malformed("entries [" + first + ", " + next + ")");
      }
      log.begin(first, next);
      if (reader.bool()) {
        log.state = Optional.of(reader.block());
      }
      logs.add(log);
    }
    reader.expectEnd();
    return logs;
  }

  /** Whether {@code payload} is the table of {@code logs}. */
  static boolean describes(byte[] payload, Collection<LogContent> logs) {
    return Arrays.equals(payload, encode(logs));
  }
}
