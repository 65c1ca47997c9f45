package io.quorate.core.pubsub;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;

/**
 * The outcomes of one command as bytes: {@code int8 version 1 | varint count | outcome*}.
 *
 * <pre>
 * 0 Done
 * 1 Stored     varint partition | varint sequence | bool duplicate
 * 2 Refused    int8 code | text text
 * 3 Described  Options as in {@link Fields}
 * 4 Subscribed Start as in {@link Fields}, a resume
 * 5 PutBack    varint nextTag
 * 6 PartlyFenced varint count | varint tag*
 * </pre>
 */
final class OutcomesCodec implements Codec<List<Outcome>> {
  private static final int VERSION = 1;
  private static final int MAX_TEXT_BYTES = 1 << 16;

  @Override
  public void write(ByteWriter out, List<Outcome> outcomes) {
    out.int8(VERSION).varint(outcomes.size());
    for (Outcome outcome : outcomes) {
      if (outcome instanceof Outcome.Done) {
        out.int8(0);
      } else if (outcome instanceof Outcome.Stored stored) {
        Receipt receipt = stored.receipt();
        out.int8(1)
            .varint(receipt.partition())
            .varint(receipt.sequence())
            .bool(receipt.duplicate());
      } else if (outcome instanceof Outcome.Refused refused) {
        out.int8(2)
            .int8(refused.refusal().code().ordinal())
            .text(refused.refusal().text());
      } else if (outcome instanceof Outcome.Described described) {
        Fields.write(out.int8(3), described.options());
      } else if (outcome instanceof Outcome.Subscribed subscribed) {
        Fields.write(out.int8(4), subscribed.places());
      } else if (outcome instanceof Outcome.PutBack putBack) {
        out.int8(5).varint(putBack.nextTag());
      } else if (outcome instanceof Outcome.PartlyFenced fenced) {
        out.int8(6).varint(fenced.tags().size());
        fenced.tags().forEach(out::varint);
      } else {
        throw new AssertionError("unhandled outcome " + outcome);
      }
    }
  }

  @Override
  public List<Outcome> read(ByteReader in) {
    Fields.version(in, VERSION, "outcomes");
    int count = in.count(1, "outcomes");
    List<Outcome> outcomes = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      outcomes.add(outcome(in));
    }
    return outcomes;
  }

  private static Outcome outcome(ByteReader in) {
    int kind = in.uint8();
    return switch (kind) {
      case 0 -> Outcome.DONE;
      case 1 -> new Outcome.Stored(new Receipt(Fields.number(in), in.varint(), in.bool()));
      case 2 ->
          Outcome.refused(
              Fields.constant(in, Refusal.Code.values()), in.text(MAX_TEXT_BYTES, "reason"));
      case 3 -> new Outcome.Described(Fields.options(in));
      case 4 -> {
        if (Fields.start(in) instanceof StartPosition.Resume places) {
          yield new Outcome.Subscribed(places);
        }
        throw in.malformed("places are expected");
      }
      case 5 -> new Outcome.PutBack(in.varint());
      case 6 -> partlyFenced(in);
      default -> throw in.malformed("no outcome " + kind);
    };
  }

  private static Outcome partlyFenced(ByteReader in) {
    int count = in.count(1, "tags");
    List<Long> tags = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      tags.add(in.varint());
    }
    return new Outcome.PartlyFenced(tags);
  }
}
