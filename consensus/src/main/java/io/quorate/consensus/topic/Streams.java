package io.quorate.consensus.topic;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keeps the batches of each node's broker in the order in which the node has given them, and keeps
 * out those that the node has given up. Raft applies a command once but promises no order among
 * those that are under way together: one may be refused by a node that leads no more, and the next
 * taken by that node when it leads again.
 *
 * <p>A batch is admitted while what it follows has been applied and nothing behind it has. Its
 * sender names as predecessor the batch before it that is under way, and none if all before it have
 * ended; so a batch that was given up as indeterminate either comes before the next one or never.
 *
 * <p>Part of the replicated state. Streams are forgotten after {@link #TIMEOUT_MILLIS} of log time
 * without a batch, and the least recently used when there are too many.
 */
final class Streams {
  static final int MAX_STREAMS = 10_000;

  /** As long as Raft by default remembers who has sent what, which covers older stragglers. */
  static final long TIMEOUT_MILLIS = 3_600_000;

  private static final float LOAD = 0.75f;
  private static final int MAX_NAME_BYTES = 64;

  private static final class Stream {
    long lastNumber;
    long lastMillis;
  }

  /** In the order of their latest use. */
  private final LinkedHashMap<String, Stream> streams = new LinkedHashMap<>(16, LOAD, true);

  /** Null if {@code batch} is to be carried out now, and noted; otherwise why not. */
  TopicResult objection(TopicCommand batch, long nowMillis) {
    Stream stream = streams.get(batch.stream());
    long last = stream == null ? 0 : stream.lastNumber;
    if (batch.number() <= last) {
      return new TopicResult.Superseded();
    }
    if (batch.after() > last) {
      return new TopicResult.OutOfOrder();
    }
    if (stream == null) {
      stream = new Stream();
      streams.put(batch.stream(), stream);
    }
    stream.lastNumber = batch.number();
    stream.lastMillis = nowMillis;
    forgetIdle(nowMillis);
    return null;
  }

  private void forgetIdle(long nowMillis) {
    Iterator<Stream> oldest = streams.values().iterator();
    while (oldest.hasNext()) {
      boolean idle = nowMillis - oldest.next().lastMillis > TIMEOUT_MILLIS;
      if (!idle && streams.size() <= MAX_STREAMS) {
        return;
      }
      oldest.remove();
    }
  }

  /** {@code varint streams | (text name | varint number | varint millis)*}, least recent first. */
  void write(ByteWriter out) {
    out.varint(streams.size());
    for (Map.Entry<String, Stream> each : streams.entrySet()) {
      Stream stream = each.getValue();
      out.text(each.getKey()).varint(stream.lastNumber).varint(stream.lastMillis);
    }
  }

  static Streams read(ByteReader in) {
    Streams read = new Streams();
    for (int i = in.count(3, "streams"); i > 0; i--) {
      Stream stream = new Stream();
      read.streams.put(in.text(MAX_NAME_BYTES, "stream"), stream);
      stream.lastNumber = in.varint();
      stream.lastMillis = in.varint();
    }
    return read;
  }
}
