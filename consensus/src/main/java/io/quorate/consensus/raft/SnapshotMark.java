package io.quorate.consensus.raft;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/**
 * What a log needs to know of the entries that a snapshot replaced.
 *
 * @param index the last entry it covers; 0 for none
 * @param term the term of that entry
 * @param timeMillis the log time of that entry
 * @param configurationIndex where the configuration came into force, at most {@code index}
 * @param configuration the configuration as of {@code index}
 */
record SnapshotMark(
    long index,
    long term,
    long timeMillis,
    long configurationIndex,
    Configuration configuration) {
  static final Codec<SnapshotMark> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, SnapshotMark mark) {
          out.varint(mark.index).varint(mark.term).varint(mark.timeMillis);
          out.varint(mark.configurationIndex);
          Configuration.CODEC.write(out, mark.configuration);
        }

        @Override
        public SnapshotMark read(ByteReader in) {
          return new SnapshotMark(
              in.varint(), in.varint(), in.varint(), in.varint(), Configuration.CODEC.read(in));
        }
      };

  SnapshotMark {
    if (configurationIndex > index) {
      throw new IllegalArgumentException(
          "configurationIndex must be at most " + index + ", was " + configurationIndex);
    }
  }

  /** The beginning of a group: an empty log and its first configuration. */
  static SnapshotMark initial(Configuration configuration) {
    return new SnapshotMark(0, 0, 0, 0, configuration);
  }
}
