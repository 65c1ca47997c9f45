package io.quorate.replication;

import io.quorate.core.NodeId;
import io.quorate.core.Text;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/**
 * Names one version of one key, and orders the versions: the larger tag is the newer one.
 *
 * <p>Never given twice: within one start of a node {@code time} only grows, and each start has an
 * {@code epoch} of its own, also after the node's disk was wiped. Ordered by time, then writer, then
 * epoch, so every two tags have the same order everywhere.
 *
 * <p>On the wire and on disk:
 *
 * <pre>
 * 8 bytes   time
 * 8 bytes   epoch
 * text      writer (length as varint, then ASCII)
 * </pre>
 *
 * @param time a hybrid logical clock reading: 48 bits of milliseconds since 1970, 16 bits of counter;
 *     at least 0
 * @param writer the node that chose the tag
 * @param epoch which start of the writer; at least 0
 * @see <a href="https://cse.buffalo.edu/tech-reports/2014-04.pdf">Kulkarni et al., Logical Physical
 *     Clocks</a>
 */
public record Tag(long time, NodeId writer, long epoch) implements Comparable<Tag> {
  /** Older than every version: the tag of a key that was never written. */
  public static final Tag NONE = new Tag(0, NodeId.of("0"), 0);

  /** The table above. */
  public static final Codec<Tag> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, Tag tag) {
          out.int64(tag.time).int64(tag.epoch).text(tag.writer.value());
        }

        @Override
        public Tag read(ByteReader in) {
          long time = in.int64();
          long epoch = in.int64();
          String writer = in.text(64, "writer");
          try {
            return new Tag(time, NodeId.of(writer), epoch);
          } catch (IllegalArgumentException e) {
            throw in.malformed("a tag that cannot be: " + e.getMessage());
          }
        }
      };

  private static final int COUNTER_BITS = 16;

  public Tag {
    if (time < 0 || epoch < 0) {
      throw new IllegalArgumentException(
          "time and epoch must be at least 0, were " + time + " and " + epoch);
    }
  }

  /** The wall time that a clock reading holds, in milliseconds since 1970. */
  public static long millisOf(long time) {
    return time >>> COUNTER_BITS;
  }

  /** The first clock reading of a millisecond since 1970. */
  public static long timeOf(long millis) {
    return millis << COUNTER_BITS;
  }

  /** About when this version was written, in milliseconds since 1970. */
  public long millis() {
    return millisOf(time);
  }

  /** Whether this is no version at all. */
  public boolean isNone() {
    return time == 0;
  }

  @Override
  public int compareTo(Tag other) {
    int byTime = Long.compare(time, other.time);
    if (byTime != 0) {
      return byTime;
    }
    int byWriter = writer.compareTo(other.writer);
    return byWriter != 0 ? byWriter : Long.compare(epoch, other.epoch);
  }

  /** {@code time.epoch.writer}, numbers in hexadecimal; fit for an HTTP entity tag. */
  @Override
  public String toString() {
    return Long.toHexString(time) + '.' + Long.toHexString(epoch) + '.' + writer;
  }

  /**
   * Reads what {@link #toString} writes.
   *
   * @throws IllegalArgumentException if {@code text} has another form
   */
  public static Tag parse(String text) {
    String[] parts = text == null ? new String[0] : text.split("\\.", 3);
    if (parts.length == 3) {
      try {
        Tag tag =
            new Tag(Long.parseLong(parts[0], 16), NodeId.of(parts[2]), Long.parseLong(parts[1], 16));
        if (tag.toString().equals(text)) {
          return tag;
        }
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("not a tag: " + Text.quote(text), e);
      }
    }
    throw new IllegalArgumentException("not a tag: " + Text.quote(text));
  }
}
