package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.util.function.IntFunction;

/**
 * What workers ask and masters answer. A worker drives: it asks for work, fetches parameters, hands
 * in results; whatever gets lost it asks again, and the master takes each result once.
 *
 * <pre>
 *  int8    version   2
 *  int8    kind      by the order below
 *  fields            in the order of the record: varint for counts and numbers, int64 for terms and
 *                    bits, float64 for losses, blocks for bytes, text for text
 * </pre>
 */
sealed interface TrainingMessage {
  int MAX_TEXT_BYTES = 4_096;

  // What a worker asks.

  /** Let me take part; this is the job I know. */
  record Join(String description, int parameters) implements TrainingMessage {}

  /** The work place {@code lane} of mine is free. */
  record Poll(long term, int lane) implements TrainingMessage {}

  /** Give me {@code count} parameters (or residuals of a shard) of a version of the state. */
  record Fetch(long term, long version, int vector, int from, int count)
      implements TrainingMessage {}

  /** A part of a result of {@code total} bytes with this checksum: those from {@code from} on. */
  record Part(
      Work work, int from, int total, double lossSum, double weight, int crc, Slice content)
      implements TrainingMessage {
    /** Writes all but the content, which follows. */
    void writeHead(ByteWriter out) {
      out.int8(VERSION).int8(PART);
      work.write(out);
      out.varint(from).varint(total).float64(lossSum).float64(weight).int32(crc);
      out.varint(content.length());
    }
  }

  /** Still at it. */
  record Busy(Work work) implements TrainingMessage {}

  /** This cannot be done here. */
  record Failed(Work work, String reason) implements TrainingMessage {}

  /** I stop working. */
  record Leave(long term) implements TrainingMessage {}

  // What a master answers.

  /** You cannot take part: says why. */
  record Rejected(String reason) implements TrainingMessage {}

  record Welcome(long term) implements TrainingMessage {}

  /** Do this from that version of the state; if {@code checkpoint}, hand in the residual too. */
  record Task(Work work, long version, boolean checkpoint) implements TrainingMessage {}

  /** Nothing to do: ask again. */
  record Idle() implements TrainingMessage {}

  record Floats(Slice content) implements TrainingMessage {
    private static final int MAX_HEAD_BYTES = 2 + 5;

    /** The message with {@code count} of the entries of {@code vector}, in an array made for it. */
    static byte[] encode(float[] vector, int from, int count, IntFunction<byte[]> array) {
      ByteWriter head = new ByteWriter(MAX_HEAD_BYTES);
      head.int8(VERSION).int8(FLOATS).varint((long) Float.BYTES * count);
      byte[] message = array.apply(head.size() + Float.BYTES * count);
      System.arraycopy(head.array(), 0, message, 0, head.size());
      ByteBuffer.wrap(message, head.size(), Float.BYTES * count)
          .asFloatBuffer()
          .put(vector, from, count);
      return message;
    }
  }

  /** Go on. */
  record Taken() implements TrainingMessage {}

  /** That is no longer wanted: drop it and ask for work. */
  record Stale() implements TrainingMessage {}

  /** I do not know you, or not in this term: join again. */
  record JoinAgain() implements TrainingMessage {}

  /** The job is over. */
  record Finished() implements TrainingMessage {}

  /**
   * One computation.
   *
   * @param lane the worker's work place
   */
  record Work(long term, long step, int shard, int attempt, int lane) {
    private void write(ByteWriter out) {
      out.int64(term).varint(step).varint(shard).varint(attempt).varint(lane);
    }

    private static Work read(ByteReader in) {
      return new Work(
          in.int64(),
          in.varint(),
          in.varint(Integer.MAX_VALUE, "shard"),
          in.varint(Integer.MAX_VALUE, "attempt"),
          in.varint(Integer.MAX_VALUE, "lane"));
    }
  }

  int VERSION = 2;
  int PART = 3;
  int FLOATS = 9;

  default byte[] encode() {
    ByteWriter out = new ByteWriter();
    if (this instanceof Part m) {
      m.writeHead(out);
      return write(m.content(), out).toByteArray();
    }
    out.int8(VERSION);
    if (this instanceof Join m) {
      out.int8(0).text(m.description()).varint(m.parameters());
    } else if (this instanceof Poll m) {
      out.int8(1).int64(m.term()).varint(m.lane());
    } else if (this instanceof Fetch m) {
      out.int8(2).int64(m.term()).varint(m.version()).varint(m.vector());
      out.varint(m.from()).varint(m.count());
    } else if (this instanceof Busy m) {
      out.int8(4);
      m.work().write(out);
    } else if (this instanceof Failed m) {
      out.int8(5);
      m.work().write(out);
      out.text(m.reason());
    } else if (this instanceof Welcome m) {
      out.int8(6).int64(m.term());
    } else if (this instanceof Task m) {
      out.int8(7);
      m.work().write(out);
      out.varint(m.version()).bool(m.checkpoint());
    } else if (this instanceof Idle) {
      out.int8(8);
    } else if (this instanceof Floats m) {
      write(m.content(), out.int8(FLOATS).varint(m.content().length()));
    } else if (this instanceof Taken) {
      out.int8(10);
    } else if (this instanceof Stale) {
      out.int8(11);
    } else if (this instanceof JoinAgain) {
      out.int8(12);
    } else if (this instanceof Finished) {
      out.int8(13);
    } else if (this instanceof Leave m) {
      out.int8(15).int64(m.term());
    } else if (this instanceof Rejected m) {
      out.int8(14).text(m.reason());
    } else {
      throw new AssertionError("unhandled message " + this);
    }
    return out.toByteArray();
  }

  private static ByteWriter write(Slice content, ByteWriter out) {
    return out.bytes(content.array(), content.from(), content.length());
  }

  private static Slice block(ByteReader in) {
    int length = in.count(1, "bytes");
    return new Slice(in.array(), in.skip(length), length);
  }

  /**
   * Reads a message; long contents are not copied.
   *
   * @throws io.quorate.core.codec.MalformedException if it is none
   */
  static TrainingMessage decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    int version = in.uint8();
    if (version != VERSION) {
      throw in.malformed("training protocol version " + version + ", expected " + VERSION);
    }
    TrainingMessage message = read(in);
    in.expectEnd();
    return message;
  }

  private static TrainingMessage read(ByteReader in) {
    int kind = in.uint8();
    return switch (kind) {
      case 0 -> new Join(in.text(MAX_TEXT_BYTES, "description"), number(in));
      case 1 -> new Poll(in.int64(), number(in));
      case 2 -> new Fetch(in.int64(), in.varint(), number(in), number(in), number(in));
      case PART ->
          new Part(
              Work.read(in),
              number(in),
              number(in),
              in.float64(),
              in.float64(),
              in.int32(),
              block(in));
      case 4 -> new Busy(Work.read(in));
      case 5 -> new Failed(Work.read(in), in.text(MAX_TEXT_BYTES, "reason"));
      case 6 -> new Welcome(in.int64());
      case 7 -> new Task(Work.read(in), in.varint(), in.bool());
      case 8 -> new Idle();
      case FLOATS -> new Floats(block(in));
      case 10 -> new Taken();
      case 11 -> new Stale();
      case 12 -> new JoinAgain();
      case 13 -> new Finished();
      case 14 -> new Rejected(in.text(MAX_TEXT_BYTES, "reason"));
      case 15 -> new Leave(in.int64());
      default -> throw in.malformed("message kind " + kind);
    };
  }

  private static int number(ByteReader in) {
    return in.varint(Integer.MAX_VALUE, "number");
  }
}
