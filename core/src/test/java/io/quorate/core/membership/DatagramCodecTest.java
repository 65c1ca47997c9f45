package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Address;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Datagrams as bytes: pinned, and refused if anything is wrong with them. */
class DatagramCodecTest {
  private static final Address ADDRESS = new Address("h", 300);

  @ParameterizedTest
  @MethodSource("pinned")
  void the_bytes_of_each_message_are_pinned(Message message, String hex) {
    DatagramCodec codec = new DatagramCodec("c", Optional.empty());
    Datagram datagram = new Datagram(NodeId.of("a"), 258, message, List.of());

    assertThat(HexFormat.of().formatHex(codec.encode(datagram))).isEqualTo(hex);
    assertThat(codec.decode(HexFormat.of().parseHex(hex))).isEqualTo(datagram);
  }

  static List<Arguments> pinned() {
    return List.of(
        Arguments.of(new Message.Ping(300, NodeId.of("b")),
            "015fee0fca01630161000000000000010200ac020162"),
        Arguments.of(new Message.Ack(300), "01e21a9ed001630161000000000000010201ac02"),
        Arguments.of(new Message.Nack(300), "0108345ea301630161000000000000010202ac02"),
        Arguments.of(new Message.PingRequest(300, NodeId.of("b"), ADDRESS),
            "01582644a701630161000000000000010203ac0201620168ac02"),
        Arguments.of(new Message.Gossip(), "01b3dee70b01630161000000000000010204"),
        Arguments.of(new Message.SyncRequest(0x0102030405060708L),
            "01edcb9244016301610000000000000102050102030405060708"),
        Arguments.of(new Message.SyncReply(), "0152e597fc01630161000000000000010206"));
  }

  @Test
  void no_message_is_left_out() {
    assertThat(pinned())
        .<Class<?>>extracting(pinned -> pinned.get()[0].getClass())
        .containsExactlyInAnyOrder(Message.class.getPermittedSubclasses());
  }

  @Test
  void the_bytes_of_rumors_and_of_a_seal_by_key_are_pinned() {
    DatagramCodec codec = new DatagramCodec("c", Optional.of(new byte[16]));
    Member alive =
        new Member(
            NodeId.of("b"), ADDRESS, 300, 7, MemberState.ALIVE, Member.checked(Map.of("k", "v")));
    List<Rumor> rumors =
        List.of(Rumor.alive(alive), rumor(MemberState.SUSPECT), rumor(MemberState.DEAD),
            rumor(MemberState.LEFT));
    Datagram datagram = new Datagram(NodeId.of("a"), 258, new Message.Gossip(), rumors);

    assertThat(HexFormat.of().formatHex(codec.encode(datagram)))
        .isEqualTo(
            "01a5d31883f35bdc4cc612da9b29243487"
                + "016301610000000000000102"
                + "04016200ac02000000000000000701620168ac0201016b017601"
                + "6401020000000000000007016101"
                + "6402020000000000000007016101"
                + "64030200000000000000070161");
    assertThat(codec.decode(codec.encode(datagram))).isEqualTo(datagram);
  }

  /** Without address and metadata, as such rumors travel. */
  private static Rumor rumor(MemberState state) {
    return new Rumor(
        new Member(
            NodeId.of("d"), new Address("0.0.0.0", 0), 2, 7, state, Member.checked(Map.of())),
        NodeId.of("a"));
  }

  @Test
  void metadata_over_the_limit_is_refused_also_when_it_comes_by_datagram() {
    DatagramCodec codec = new DatagramCodec(SwimCluster.CLUSTER, Optional.empty());
    ByteWriter rumor = new ByteWriter();
    rumor.text("n9").int8(0).varint(1).int64(9).text("n9").text("10.0.0.9").varint(9);
    rumor.varint(2).text("a").text("x".repeat(300)).text("b").text("y".repeat(300));
    ByteWriter body = new ByteWriter();
    body.text(SwimCluster.CLUSTER).text("n9").int64(9).int8(4);
    body.bytes(rumor.toByteArray());
    CRC32C crc = new CRC32C();
    crc.update(body.array(), 0, body.size());
    ByteWriter whole = new ByteWriter();
    whole.int8(1).int32((int) crc.getValue()).bytes(body.toByteArray());

    assertMalformed(codec, whole.toByteArray());
  }

  @Test
  void random_bytes_are_never_taken_for_a_datagram() {
    DatagramCodec codec = new DatagramCodec(SwimCluster.CLUSTER, Optional.of(new byte[16]));
    SplittableRandom random = new SplittableRandom(27);
    for (int i = 0; i < 20_000; i++) {
      byte[] garbage = new byte[random.nextInt(200)];
      random.nextBytes(garbage);
      if (garbage.length > 0 && random.nextBoolean()) {
        garbage[0] = 1;
      }
      assertMalformed(codec, garbage);
    }
  }

  @Test
  void datagrams_of_another_cluster_key_or_version_and_damaged_ones_are_refused() {
    DatagramCodec ours = new DatagramCodec("a", Optional.of(new byte[16]));
    Datagram datagram =
        new Datagram(NodeId.of("n1"), 5, new Message.Ping(7, NodeId.of("n2")), List.of());
    byte[] good = ours.encode(datagram);
    byte[] otherKey = new byte[16];
    otherKey[3] = 1;

    assertThat(ours.decode(good)).isEqualTo(datagram);
    assertMalformed(ours, new DatagramCodec("b", Optional.of(new byte[16])).encode(datagram));
    assertMalformed(ours, new DatagramCodec("a", Optional.of(otherKey)).encode(datagram));
    assertMalformed(ours, new DatagramCodec("a", Optional.empty()).encode(datagram));
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] flipped = good.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      assertMalformed(ours, flipped);
    }
    for (int length = 0; length < good.length; length++) {
      assertMalformed(ours, Arrays.copyOf(good, length));
    }
  }

  private static void assertMalformed(DatagramCodec codec, byte[] bytes) {
    assertThatThrownBy(() -> codec.decode(bytes))
        .isInstanceOf(MalformedException.class);
  }
}
