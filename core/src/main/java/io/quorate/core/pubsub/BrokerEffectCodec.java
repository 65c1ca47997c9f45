package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Effects as bytes: {@code int8 version 1 | int8 kind | text session | fields}, values as in {@link
 * Fields}.
 *
 * <pre>
 * 2 Missed    varint subscription | text topic | varint partition | varint from | varint to
 *             | int8 reason
 * 3 Assign    varint subscription | text topic | varint generation | varint n | (varint partition)*
 * 4 Answered  varint correlation | Message
 * 5 Ended     text reason
 * 6 Deliver   varint subscription | varint tag | int8 kind | text topic | varint epoch
 *             | varint partition | varint sequence | varint generation | varint attempt
 *             | varint timestampMillis | Message
 *             | bool replyTo? | [ReplyTo] | varint heldFrom
 * </pre>
 *
 * <p>1 was a Deliver without heldFrom; it is still read.
 */
final class BrokerEffectCodec implements Codec<BrokerEffect> {
  private static final int VERSION = 1;
  private static final int MAX_REASON_BYTES = 3 * 1_024;

  @Override
  public void write(ByteWriter out, BrokerEffect effect) {
    out.int8(VERSION);
    if (effect instanceof BrokerEffect.Deliver deliver) {
      write(out.int8(6).text(effect.session()), deliver);
    } else if (effect instanceof BrokerEffect.Missed missed) {
      Gap gap = missed.gap();
      out.int8(2)
          .text(effect.session())
          .varint(missed.subscription())
          .text(gap.topic())
          .varint(gap.partition())
          .varint(gap.fromSequence())
          .varint(gap.toSequence())
          .int8(gap.reason().ordinal());
    } else if (effect instanceof BrokerEffect.Assign assign) {
      out.int8(3)
          .text(effect.session())
          .varint(assign.subscription())
          .text(assign.topic())
          .varint(assign.generation())
          .varint(assign.partitions().size());
      assign.partitions().forEach(out::varint);
    } else if (effect instanceof BrokerEffect.Answered answered) {
      out.int8(4).text(effect.session()).varint(answered.correlation());
      Fields.write(out, answered.message());
    } else if (effect instanceof BrokerEffect.Ended ended) {
      out.int8(5).text(effect.session()).text(ended.reason());
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  private static void write(ByteWriter out, BrokerEffect.Deliver deliver) {
    out.varint(deliver.subscription())
        .varint(deliver.tag())
        .int8(deliver.kind().ordinal())
        .text(deliver.topic())
        .varint(deliver.epoch())
        .varint(deliver.partition())
        .varint(deliver.sequence())
        .varint(deliver.generation())
        .varint(deliver.attempt())
        .varint(deliver.timestampMillis());
    Fields.write(out, deliver.message());
    out.bool(deliver.replyTo().isPresent());
    deliver.replyTo().ifPresent(replyTo -> Fields.write(out, replyTo));
    out.varint(deliver.heldFrom());
  }

  @Override
  public BrokerEffect read(ByteReader in) {
    Fields.version(in, VERSION, "broker effect");
    int kind = in.uint8();
    String session = Fields.name(in);
    return switch (kind) {
      case 1 -> deliver(in, session, false);
      case 2 ->
          new BrokerEffect.Missed(
              session,
              in.varint(),
              new Gap(
                  Fields.name(in),
                  Fields.number(in),
                  in.varint(),
                  in.varint(),
                  Fields.constant(in, Gap.Reason.values())));
      case 3 ->
          new BrokerEffect.Assign(
              session, in.varint(), Fields.name(in), in.varint(), partitions(in));
      case 4 -> new BrokerEffect.Answered(session, in.varint(), Fields.message(in));
      case 5 -> new BrokerEffect.Ended(session, in.text(MAX_REASON_BYTES, "reason"));
      case 6 -> deliver(in, session, true);
      default -> throw in.malformed("no broker effect " + kind);
    };
  }

  private static BrokerEffect deliver(ByteReader in, String session, boolean saysHeld) {
    return new BrokerEffect.Deliver(
        session,
        in.varint(),
        in.varint(),
        Fields.constant(in, TopicKind.values()),
        Fields.name(in),
        in.varint(),
        Fields.number(in),
        in.varint(),
        in.varint(),
        Fields.number(in),
        in.varint(),
        Fields.message(in),
        in.bool() ? Optional.of(Fields.replyTo(in)) : Optional.empty(),
        saysHeld ? in.varint() : BrokerEffect.Deliver.UNKNOWN);
  }

  private static List<Integer> partitions(ByteReader in) {
    int count = in.count(1, "partitions");
    List<Integer> partitions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      partitions.add(Fields.number(in));
    }
    return partitions;
  }
}
