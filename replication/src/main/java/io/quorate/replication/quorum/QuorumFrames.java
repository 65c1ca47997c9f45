package io.quorate.replication.quorum;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.ArrayList;
import java.util.List;

/**
 * Many messages to one peer in one frame.
 *
 * <pre>
 * 1 byte    version, 1
 * 8 bytes   which start of the coordinator: answers to an earlier one are dropped
 * then messages to the end, each:
 *   1 byte    kind
 *   varint    operation
 *   Read      (1) epoch (varint), key (block), flags (1: 1 with value, 2 strong)
 *   Write     (2) epoch (varint), key (block), cell
 *   Held      (3) flags (1: 1 has value, 2 writable), floor (8), wall (8), cell
 *   Stored    (4)
 *   Refused   (5) reason (1), epoch (varint)
 * </pre>
 */
final class QuorumFrames {
  private static final int VERSION = 1;
  private static final QuorumMessage.Reason[] REASONS = QuorumMessage.Reason.values();

  private QuorumFrames() {}

  /** A frame as read. */
  record Frame(long incarnation, List<QuorumMessage> messages) {}

  static void begin(ByteWriter out, long incarnation) {
    out.int8(VERSION).int64(incarnation);
  }

  static void write(ByteWriter out, QuorumMessage message) {
    if (message instanceof QuorumMessage.Read read) {
      out.int8(1).varint(read.operation()).varint(read.epoch()).block(read.key().bytes());
      out.int8((read.withValue() ? 1 : 0) | (read.strong() ? 2 : 0));
    } else if (message instanceof QuorumMessage.Write write) {
      out.int8(2).varint(write.operation()).varint(write.epoch()).block(write.key().bytes());
      write.cell().write(out);
    } else if (message instanceof QuorumMessage.Held held) {
      out.int8(3).varint(held.operation());
      out.int8((held.hasValue() ? 1 : 0) | (held.writable() ? 2 : 0));
      out.int64(held.floor()).int64(held.wallMillis());
      held.cell().write(out);
    } else if (message instanceof QuorumMessage.Stored stored) {
      out.int8(4).varint(stored.operation());
    } else if (message instanceof QuorumMessage.Refused refused) {
      out.int8(5).varint(refused.operation()).int8(refused.reason().ordinal());
      out.varint(refused.epoch());
    } else {
      throw new AssertionError("unhandled message " + message);
    }
  }

  static Frame read(byte[] payload, int maxValueBytes) {
    ByteReader in = new ByteReader(payload);
    int version = in.uint8();
    if (version != VERSION) {
      throw in.malformed("version " + version + ", " + VERSION + " expected");
    }
    long incarnation = in.int64();
    List<QuorumMessage> messages = new ArrayList<>();
    while (in.remaining() > 0) {
      messages.add(readMessage(in, maxValueBytes));
    }
    return new Frame(incarnation, messages);
  }

  private static QuorumMessage readMessage(ByteReader in, int maxValueBytes) {
    int kind = in.uint8();
    long operation = in.varint();
    switch (kind) {
      case 1 -> {
        long epoch = in.varint();
        Key key = new Key(in.block());
        int flags = in.uint8();
        return new QuorumMessage.Read(operation, epoch, key, (flags & 1) != 0, (flags & 2) != 0);
      }
      case 2 -> {
        long epoch = in.varint();
        Key key = new Key(in.block());
        return new QuorumMessage.Write(operation, epoch, key, Cell.read(in, maxValueBytes));
      }
      case 3 -> {
        int flags = in.uint8();
        long floor = in.int64();
        long wallMillis = in.int64();
        Cell cell = Cell.read(in, maxValueBytes);
        return new QuorumMessage.Held(
            operation, cell, (flags & 1) != 0, floor, wallMillis, (flags & 2) != 0);
      }
      case 4 -> {
        return new QuorumMessage.Stored(operation);
      }
      case 5 -> {
        int reason = in.uint8();
        if (reason >= REASONS.length) {
          throw in.malformed("reason " + reason);
        }
        return new QuorumMessage.Refused(operation, REASONS[reason], in.varint());
      }
      default -> throw in.malformed("message kind " + kind);
    }
  }
}
