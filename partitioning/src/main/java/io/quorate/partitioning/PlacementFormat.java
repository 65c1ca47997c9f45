package io.quorate.partitioning;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * The bytes of a placement, all numbers big-endian.
 *
 * <pre>
 * bytes     field
 * 4         magic, 51 50 4C 43 ("QPLC")
 * 1         version, 1
 * 1         kind: 1 ring, 2 slots, 3 rendezvous, 4 jump, 5 modulo, 6 Maglev
 * 8         epoch
 * 8         seed of the hash
 * 4         replicas asked for
 * 4         virtual nodes, slots or table size; 0 for the others
 * 4         number of members, then for each:
 *   2 + n     id, modified UTF-8
 *   8         weight, IEEE 754
 *   2 + n     zone, modified UTF-8
 * 4         number of table entries (slots only, else 0), then for each:
 *   2         index of the owner
 * 4         CRC32C of all before
 * </pre>
 */
final class PlacementFormat {
  private static final int MAGIC = 0x51504C43;
  private static final int VERSION = 1;
  private static final int MIN_BYTES = 42;
  private static final int MIN_MEMBER_BYTES = 13;

  private PlacementFormat() {}

  static byte[] encode(MemberPlacement<?> placement) {
    return checksummed(body(placement, placement.epoch()));
  }

  /** The hash of the body, without the epoch. */
  static long fingerprint(MemberPlacement<?> placement) {
    return KeyHash.unseeded().hash(body(placement, 0));
  }

  static byte[] checksummed(byte[] body) {
    CRC32C crc = new CRC32C();
    crc.update(body);
    return ByteBuffer.allocate(body.length + 4).put(body).putInt((int) crc.getValue()).array();
  }

  /** Checks length, magic, checksum and version, in the order that tells most. */
  static DataInputStream open(byte[] encoded, int magic, int version, int minBytes) {
    PlacementException.present(encoded, "encoded");
    if (encoded.length < minBytes) {
      throw new MalformedPlacementException(encoded.length + " bytes", "must not be truncated");
    }
    ByteBuffer bytes = ByteBuffer.wrap(encoded);
    if (bytes.getInt(0) != magic) {
      throw new MalformedPlacementException(
          Integer.toHexString(bytes.getInt(0)), "must begin with " + Integer.toHexString(magic));
    }
    if (encoded[4] != version) {
      throw new MalformedPlacementException(
          "version " + (encoded[4] & 0xFF), "must have version " + version);
    }
    CRC32C crc = new CRC32C();
    crc.update(encoded, 0, encoded.length - 4);
    int stored = bytes.getInt(encoded.length - 4);
    if (stored != (int) crc.getValue()) {
      throw new MalformedPlacementException(Integer.toHexString(stored),
          "must have checksum " + Integer.toHexString((int) crc.getValue()));
    }
    return new DataInputStream(new ByteArrayInputStream(encoded, 5, encoded.length - 9));
  }

  private static byte[] body(MemberPlacement<?> placement, long epoch) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(MAGIC);
      out.writeByte(VERSION);
      out.writeByte(placement.kind());
      out.writeLong(epoch);
      out.writeLong(placement.keyHash().seed());
      out.writeInt(placement.options.replicas());
      out.writeInt(placement.parameter());
      out.writeInt(placement.members().size());
      for (Member<?> member : placement.members()) {
        out.writeUTF(member.id());
        out.writeDouble(member.weight());
        out.writeUTF(member.zone());
      }
      char[] state = placement.state();
      out.writeInt(state.length);
      ByteBuffer table = ByteBuffer.allocate(2 * state.length);
      table.asCharBuffer().put(state);
      out.write(table.array());
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }

  static <N> Partitioner<N> decode(byte[] encoded, Function<String, ? extends N> node) {
    PlacementException.present(node, "node");
    DataInputStream in = open(encoded, MAGIC, VERSION, MIN_BYTES);
    try {
      int kind = in.readUnsignedByte();
      long epoch = in.readLong();
      KeyHash keyHash = KeyHash.seeded(in.readLong());
      PlacementOptions options = new PlacementOptions(in.readInt(), keyHash);
      int parameter = in.readInt();
      List<Member<N>> members = readMembers(in, node);
      char[] state = readState(in);
      requireSound(epoch >= 1, "epoch " + epoch);
      requireSound(in.available() == 0, in.available() + " bytes too many");
      return restore(kind, epoch, options, parameter, members, state);
    } catch (MalformedPlacementException e) {
      throw e;
    } catch (IOException | PlacementException e) {
      throw (MalformedPlacementException)
          new MalformedPlacementException(e.getMessage(), "must hold a placement").initCause(e);
    }
  }

  private static <N> List<Member<N>> readMembers(
      DataInputStream in, Function<String, ? extends N> node) throws IOException {
    int count = in.readInt();
    requireSound(count >= 0 && count <= in.available() / MIN_MEMBER_BYTES, count + " members");
    List<Member<N>> members = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String id = in.readUTF();
      double weight = in.readDouble();
      String zone = in.readUTF();
      members.add(new Member<>(PlacementException.present(node.apply(id), "node"), id, weight,
          zone));
    }
    return members;
  }

  private static char[] readState(DataInputStream in) throws IOException {
    int count = in.readInt();
    requireSound(count >= 0 && count <= in.available() / 2, count + " table entries");
    char[] state = new char[count];
    ByteBuffer.wrap(in.readNBytes(2 * count)).asCharBuffer().get(state);
    return state;
  }

  private static <N> Partitioner<N> restore(int kind, long epoch, PlacementOptions options,
      int parameter, List<Member<N>> members, char[] state) {
    return switch (kind) {
      case ConsistentHashRing.KIND -> ConsistentHashRing.of(
          members, new RingOptions(parameter, options), epoch, hash -> hash);
      case SlotTable.KIND -> {
        SlotOptions slots = new SlotOptions(parameter, options);
        requireSoundTable(slots, members, state);
        yield SlotTable.restore(members, slots, epoch, state);
      }
      case RendezvousPartitioner.KIND -> RendezvousPartitioner.of(members, options, epoch);
      case JumpPartitioner.KIND -> JumpPartitioner.of(members, options, epoch);
      case HashPartitioner.KIND -> HashPartitioner.of(members, options, epoch);
      case MaglevPartitioner.KIND -> MaglevPartitioner.of(
          members, new MaglevOptions(parameter, options), epoch);
      default -> throw new MalformedPlacementException(kind, "must have a kind from 1 to 6");
    };
  }

  private static <N> void requireSoundTable(
      SlotOptions options, List<Member<N>> members, char[] table) {
    int eligible = (int) members.stream().filter(member -> member.weight() > 0).count();
    int replicas = Math.min(options.placement().replicas(), eligible);
    requireSound(table.length == (long) options.slots() * replicas,
        table.length + " table entries");
    for (int i = 0; i < table.length; i++) {
      requireSound(table[i] < members.size() && members.get(table[i]).weight() > 0,
          "owner " + (int) table[i]);
      for (int j = i / replicas * replicas; j < i; j++) {
        requireSound(table[i] != table[j], "owner " + (int) table[i] + " twice in a slot");
      }
    }
  }

  private static void requireSound(boolean sound, String found) {
    if (!sound) {
      throw new MalformedPlacementException(found, "must hold a placement");
    }
  }
}
