package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.ArrayList;
import java.util.List;

/**
 * What nodes ask each other about a change of the placement.
 *
 * <pre>
 * 1 byte    version, 1
 * 1 byte    kind
 * Ask       (1) epoch of the asker (varint)
 * Report    (2) epoch (varint), flags (1: 1 received, 2 serving, 4 writable), problem (text),
 *               count, then of each range its nodes (count, texts), keys, keys in all, bytes and
 *               bytes in all (varints)
 * </pre>
 */
sealed interface MoveMessage {
  /** How far are you? */
  record Ask(long epoch) implements MoveMessage {}

  /**
   * How far a node is.
   *
   * @param epoch of the placement it goes by
   * @param received whether it has received all keys that move to it under that epoch
   * @param serving whether it has caught up, so that it answers quorums
   */
  record Report(
      long epoch,
      boolean received,
      boolean serving,
      boolean writable,
      String problem,
      List<MoveProgress.Range> ranges)
      implements MoveMessage {}

  /** The table above. */
  Codec<MoveMessage> CODEC =
      new Codec<>() {
        private static final int VERSION = 1;
        private static final int MAX_PROBLEM_BYTES = 4_096;

        @Override
        public void write(ByteWriter out, MoveMessage message) {
          out.int8(VERSION);
          if (message instanceof Ask ask) {
            out.int8(1).varint(ask.epoch);
          } else if (message instanceof Report report) {
            int flags =
                (report.received ? 1 : 0) | (report.serving ? 2 : 0) | (report.writable ? 4 : 0);
            out.int8(2).varint(report.epoch).int8(flags).text(report.problem);
            out.varint(report.ranges.size());
            report.ranges.forEach(range -> range(out, range));
          } else {
            throw new AssertionError("unhandled message " + message);
          }
        }

        private void range(ByteWriter out, MoveProgress.Range range) {
          out.varint(range.replicas().size());
          range.replicas().forEach(node -> out.text(node.value()));
          out.varint(range.keys()).varint(range.keysInAll());
          out.varint(range.bytes()).varint(range.bytesInAll());
        }

        @Override
        public MoveMessage read(ByteReader in) {
          int version = in.uint8();
          if (version != VERSION) {
            throw in.malformed("version " + version + ", " + VERSION + " expected");
          }
          int kind = in.uint8();
          return switch (kind) {
            case 1 -> new Ask(in.varint());
            case 2 -> report(in);
            default -> throw in.malformed("message kind " + kind);
          };
        }

        private Report report(ByteReader in) {
          long epoch = in.varint();
          int flags = in.uint8();
          String problem = in.text(MAX_PROBLEM_BYTES, "problem");
          List<MoveProgress.Range> ranges = new ArrayList<>();
          for (int i = in.count(5, "ranges"); i > 0; i--) {
            ranges.add(range(in));
          }
          return new Report(
              epoch, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, problem, ranges);
        }

        private MoveProgress.Range range(ByteReader in) {
          List<NodeId> nodes = new ArrayList<>();
          for (int i = in.count(2, "nodes"); i > 0; i--) {
            String node = in.text(64, "node");
            try {
              nodes.add(NodeId.of(node));
            } catch (IllegalArgumentException e) {
              throw in.malformed(e.getMessage());
            }
          }
          return new MoveProgress.Range(
              nodes, in.varint(), in.varint(), in.varint(), in.varint());
        }
      };
}
