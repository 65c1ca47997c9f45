package io.quorate.partitioning;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * The bytes of a range placement, all numbers big-endian.
 *
 * <pre>
 * bytes     field
 * 4         magic, 51 50 4C 52 ("QPLR")
 * 1         version, 1
 * 1         kind of keys: 1 byte strings, 2 longs
 * 8         epoch
 * 4         number of ranges, then for each:
 *   4 + n     length and bytes of the first key; not for the first range
 *   2 + n     id of the owner, modified UTF-8
 * 4         CRC32C of all before
 * </pre>
 */
final class RangeFormat {
  static final int BYTES = 1;
  static final int LONGS = 2;

  private static final int MAGIC = 0x51504C52;
  private static final int VERSION = 1;
  private static final int MIN_BYTES = 24;
  private static final int MIN_RANGE_BYTES = 2;

  private RangeFormat() {}

  static <K, N> byte[] encode(RangePartitioner<K, N> placement) {
    return PlacementFormat.checksummed(body(placement, placement.epoch()));
  }

  static <K, N> long fingerprint(RangePartitioner<K, N> placement) {
    return KeyHash.unseeded().hash(body(placement, 0));
  }

  private static <K, N> byte[] body(RangePartitioner<K, N> placement, long epoch) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeByte(VERSION);
      out.writeByte(placement instanceof LongRangePartitioner<?> ? LONGS : BYTES);
      out.writeLong(epoch);
      out.writeInt(placement.size());
      for (KeyRange<K, N> range : placement.ranges()) {
        if (range.from().isPresent()) {
          byte[] key = placement.keyBytes(range.from().get());
          out.writeInt(key.length);
          out.write(key);
        }
        out.writeUTF(placement.id.apply(range.owner()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  static <K, N, P> P decode(byte[] encoded, int kind, Function<byte[], K> key,
      Function<String, N> node, BiFunction<List<KeyRange<K, N>>, Long, P> restore) {
    PlacementException.present(node, "node");
    DataInputStream in = PlacementFormat.open(encoded, MAGIC, VERSION, MIN_BYTES);
    try {
      int found = in.readUnsignedByte();
      requireSound(found == kind, "keys of kind " + found);
      long epoch = in.readLong();
      requireSound(epoch >= 1, "epoch " + epoch);
      int count = in.readInt();
      requireSound(count >= 1 && count <= in.available() / MIN_RANGE_BYTES, count + " ranges");
      List<K> bounds = new ArrayList<>();
      List<N> owners = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        if (i > 0) {
          int length = in.readInt();
          requireSound(length >= 0 && length <= in.available()
              && (kind == BYTES || length == Long.BYTES), "key of " + length + " bytes");
          bounds.add(key.apply(in.readNBytes(length)));
        }
        owners.add(PlacementException.present(node.apply(in.readUTF()), "node"));
      }
      requireSound(in.available() == 0, in.available() + " bytes too many");
      return restore.apply(ranges(bounds, owners), epoch);
    } catch (MalformedPlacementException e) {
      throw e;
    } catch (IOException | PlacementException e) {
      throw (MalformedPlacementException)
          new MalformedPlacementException(e.getMessage(), "must hold ranges").initCause(e);
    }
  }

  private static <K, N> List<KeyRange<K, N>> ranges(List<K> bounds, List<N> owners) {
    List<KeyRange<K, N>> ranges = new ArrayList<>();
    for (int i = 0; i < owners.size(); i++) {
      ranges.add(new KeyRange<>(
          i == 0 ? Optional.empty() : Optional.of(bounds.get(i - 1)),
          i == bounds.size() ? Optional.empty() : Optional.of(bounds.get(i)),
          owners.get(i)));
    }
    return ranges;
  }

  private static void requireSound(boolean sound, String found) {
    if (!sound) {
      throw new MalformedPlacementException(found, "must hold ranges");
    }
  }
}
