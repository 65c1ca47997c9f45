package io.quorate.consensus.topic;

import io.quorate.core.Text;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;

/**
 * Commands of one node's broker that enter the log together, and their place in the order in which
 * that node has given them; see {@link Streams}.
 *
 * @param stream the node's broker, a {@linkplain Text#requireName name} unique for ever
 * @param number grows from batch to batch of the stream, from 1
 * @param after a batch of the stream that must have been applied before; 0 if there is none
 * @param commands {@link io.quorate.core.pubsub.BrokerCommand}s as their codec writes them
 */
record TopicCommand(String stream, long number, long after, List<byte[]> commands) {
  private static final int VERSION = 1;
  private static final int MAX_NAME_BYTES = 64;

  /**
   * <pre>
   * int8 version 1 | text stream | varint number | varint after | varint commands | block*
   * </pre>
   */
  static final Codec<TopicCommand> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, TopicCommand batch) {
          out.int8(VERSION).text(batch.stream).varint(batch.number).varint(batch.after);
          out.varint(batch.commands.size());
          batch.commands.forEach(out::block);
        }

        @Override
        public TopicCommand read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("a topic command of version " + version);
          }
          String stream = in.text(MAX_NAME_BYTES, "stream");
          long number = in.varint();
          long after = in.varint();
          int count = in.count(1, "commands");
          List<byte[]> commands = new ArrayList<>(count);
          for (int i = 0; i < count; i++) {
            commands.add(in.block());
          }
          return new TopicCommand(stream, number, after, commands);
        }
      };

  TopicCommand {
    Text.requireName("stream", stream);
    if (number < 1 || after < 0 || after >= number) {
      throw new IllegalArgumentException("batch " + number + " after " + after);
    }
  }
}
