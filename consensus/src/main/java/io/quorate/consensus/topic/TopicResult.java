package io.quorate.consensus.topic;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.core.pubsub.Outcome;
import java.util.ArrayList;
import java.util.List;

/** What became of a {@link TopicCommand}. */
sealed interface TopicResult {
  /** Carried out; the outcomes of each command. */
  record Applied(List<List<Outcome>> outcomes) implements TopicResult {}

  /** Not carried out: a batch that must come first has not been applied. */
  record OutOfOrder() implements TopicResult {}

  /** Not carried out: a later batch has been applied. */
  record Superseded() implements TopicResult {}

  /**
   * <pre>
   * int8 version 1 | int8 kind | [varint commands | Outcome.CODEC*]
   * </pre>
   */
  Codec<TopicResult> CODEC =
      new Codec<>() {
        private static final int VERSION = 1;

        @Override
        public void write(ByteWriter out, TopicResult result) {
          out.int8(VERSION);
          if (result instanceof Applied applied) {
            out.int8(0).varint(applied.outcomes.size());
            applied.outcomes.forEach(each -> Outcome.CODEC.write(out, each));
          } else if (result instanceof OutOfOrder) {
            out.int8(1);
          } else if (result instanceof Superseded) {
            out.int8(2);
          } else {
            throw new AssertionError("unhandled result " + result);
          }
        }

        @Override
        public TopicResult read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("a topic result of version " + version);
          }
          int kind = in.uint8();
          return switch (kind) {
            case 0 -> new Applied(outcomes(in));
            case 1 -> new OutOfOrder();
            case 2 -> new Superseded();
            default -> throw in.malformed("a topic result of kind " + kind);
          };
        }

        private List<List<Outcome>> outcomes(ByteReader in) {
          int count = in.count(1, "commands");
          List<List<Outcome>> outcomes = new ArrayList<>(count);
          for (int i = 0; i < count; i++) {
            outcomes.add(Outcome.CODEC.read(in));
          }
          return outcomes;
        }
      };
}
