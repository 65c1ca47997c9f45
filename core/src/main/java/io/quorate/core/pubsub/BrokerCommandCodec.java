package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands as bytes: {@code int8 version 1 | int8 kind | fields}, values as in {@link Fields}.
 *
 * <pre>
 * 1 Create       text topic | Options
 * 2 DropGroup    text topic | text group
 * 3 Publish      text topic | bool stamp? | [text producer | varint sequence]
 *                | varint messages | Message*
 * 4 Ask          text topic | Message | ReplyTo
 * 5 Answer       ReplyTo | Message
 * 6 OpenSession  text session | varint leaseMillis
 * 7 KeepAlive    text session
 * 8 CloseSession text session
 * 9 Resume       text session
 * 10 Subscribe   text session | varint subscription | text pattern | text group | Start
 *                | varint credits
 * 11 Unsubscribe text session | varint subscription
 * 13 Tick
 * 14 Describe    text topic
 * 15 Settle      text session | varint settlements
 *                | (varint subscription | varint tag | varint count | int8 verdict
 *                | varint delayMillis | text reason)*
 * </pre>
 *
 * <p>12 was a Settle without counts, each of one delivery; it is still read.
 */
final class BrokerCommandCodec implements Codec<BrokerCommand> {
  private static final int VERSION = 1;
  private static final int MIN_MESSAGE_BYTES = 4;
  private static final int MIN_SETTLEMENT_BYTES = 5;
  private static final int MAX_REASON_BYTES = 3 * 1_024;
  private static final int SMALL_BYTES = 128;
  private static final int MESSAGE_OVERHEAD_BYTES = 8;
  private static final int MAX_ROOM_BYTES = 1 << 20;

  @Override
  public byte[] encode(BrokerCommand command) {
    ByteWriter out = new ByteWriter(room(command));
    write(out, command);
    return out.toByteArray();
  }

  /** About as much as {@code command} needs, so that a large one is not copied as it grows. */
  private static int room(BrokerCommand command) {
    long room = SMALL_BYTES;
    if (command instanceof BrokerCommand.Publish publish) {
      for (Message message : publish.messages()) {
        room += message.sizeBytes() + MESSAGE_OVERHEAD_BYTES;
      }
    }
    return (int) Math.min(room, MAX_ROOM_BYTES);
  }

  @Override
  public void write(ByteWriter out, BrokerCommand command) {
    out.int8(VERSION);
    if (command instanceof BrokerCommand.Publish publish) {
      Fields.write(out.int8(3).text(publish.topic()), publish.stamp());
      out.varint(publish.messages().size());
      publish.messages().forEach(message -> Fields.write(out, message));
    } else if (command instanceof BrokerCommand.Settle settle) {
      out.int8(15).text(settle.session()).varint(settle.settlements().size());
      settle.settlements().forEach(each -> write(out, each));
    } else if (command instanceof BrokerCommand.Create create) {
      Fields.write(out.int8(1).text(create.topic()), create.options());
    } else if (command instanceof BrokerCommand.DropGroup drop) {
      out.int8(2).text(drop.topic()).text(drop.group());
    } else if (command instanceof BrokerCommand.Ask ask) {
      Fields.write(out.int8(4).text(ask.topic()), ask.message());
      Fields.write(out, ask.replyTo());
    } else if (command instanceof BrokerCommand.Answer answer) {
      Fields.write(out.int8(5), answer.replyTo());
      Fields.write(out, answer.message());
    } else if (command instanceof BrokerCommand.OpenSession open) {
      out.int8(6).text(open.session()).varint(open.leaseMillis());
    } else if (command instanceof BrokerCommand.KeepAlive keepAlive) {
      out.int8(7).text(keepAlive.session());
    } else if (command instanceof BrokerCommand.CloseSession close) {
      out.int8(8).text(close.session());
    } else if (command instanceof BrokerCommand.Resume resume) {
      out.int8(9).text(resume.session());
    } else if (command instanceof BrokerCommand.Subscribe subscribe) {
      write(out.int8(10), subscribe);
    } else if (command instanceof BrokerCommand.Unsubscribe unsubscribe) {
      out.int8(11).text(unsubscribe.session()).varint(unsubscribe.subscription());
    } else if (command instanceof BrokerCommand.Tick) {
      out.int8(13);
    } else if (command instanceof BrokerCommand.Describe describe) {
      out.int8(14).text(describe.topic());
    } else {
      throw new AssertionError("unhandled command " + command);
    }
  }

  static void write(ByteWriter out, BrokerCommand.Subscribe subscribe) {
    out.text(subscribe.session())
        .varint(subscribe.subscription())
        .text(subscribe.pattern().value())
        .text(subscribe.group().orElse(""));
    Fields.write(out, subscribe.start());
    out.varint(subscribe.credits());
  }

  private static void write(ByteWriter out, BrokerCommand.Settlement settlement) {
    out.varint(settlement.subscription())
        .varint(settlement.tag())
        .varint(settlement.count())
        .int8(settlement.verdict().ordinal())
        .varint(settlement.delayMillis())
        .text(settlement.reason());
  }

  @Override
  public BrokerCommand read(ByteReader in) {
    Fields.version(in, VERSION, "broker command");
    return Fields.checked(in, () -> readBody(in));
  }

  private static BrokerCommand readBody(ByteReader in) {
    int kind = in.uint8();
    return switch (kind) {
      case 1 -> new BrokerCommand.Create(Fields.name(in), Fields.options(in));
      case 2 -> new BrokerCommand.DropGroup(Fields.name(in), Fields.name(in));
      case 3 -> new BrokerCommand.Publish(Fields.name(in), Fields.producer(in), messages(in));
      case 4 -> new BrokerCommand.Ask(Fields.name(in), Fields.message(in), Fields.replyTo(in));
      case 5 -> new BrokerCommand.Answer(Fields.replyTo(in), Fields.message(in));
      case 6 -> new BrokerCommand.OpenSession(Fields.name(in), in.varint());
      case 7 -> new BrokerCommand.KeepAlive(Fields.name(in));
      case 8 -> new BrokerCommand.CloseSession(Fields.name(in));
      case 9 -> new BrokerCommand.Resume(Fields.name(in));
      case 10 -> subscribe(in);
      case 11 -> new BrokerCommand.Unsubscribe(Fields.name(in), in.varint());
      case 12 -> new BrokerCommand.Settle(Fields.name(in), settlements(in, false));
      case 13 -> new BrokerCommand.Tick();
      case 14 -> new BrokerCommand.Describe(Fields.name(in));
      case 15 -> new BrokerCommand.Settle(Fields.name(in), settlements(in, true));
      default -> throw in.malformed("no broker command " + kind);
    };
  }

  static BrokerCommand.Subscribe subscribe(ByteReader in) {
    return new BrokerCommand.Subscribe(
        Fields.name(in),
        in.varint(),
        TopicPattern.of(Fields.name(in)),
        Fields.optionalName(in),
        Fields.start(in),
        Fields.number(in));
  }

  private static List<Message> messages(ByteReader in) {
    int count = in.count(MIN_MESSAGE_BYTES, "messages");
    List<Message> messages = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      messages.add(Fields.message(in));
    }
    return messages;
  }

  private static List<BrokerCommand.Settlement> settlements(ByteReader in, boolean counted) {
    int count = in.count(MIN_SETTLEMENT_BYTES, "settlements");
    List<BrokerCommand.Settlement> settlements = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      settlements.add(
          new BrokerCommand.Settlement(
              in.varint(),
              in.varint(),
              counted ? Fields.number(in) : 1,
              Fields.constant(in, BrokerCommand.Verdict.values()),
              in.varint(),
              in.text(MAX_REASON_BYTES, "reason")));
    }
    return settlements;
  }
}
