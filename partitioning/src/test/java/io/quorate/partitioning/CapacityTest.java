package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Checklist items 41 to 44. */
class CapacityTest {
  @Test
  void item_41_the_largest_membership_works_and_one_more_is_refused() {
    List<Member<String>> most = Samples.members(65_535);
    for (Partitioner<String> placement : List.of(
        ConsistentHashRing.of(most, RingOptions.defaults().withVirtualNodes(2)),
        SlotTable.of(most, SlotOptions.defaults().withSlots(1 << 17)),
        Samples.rendezvous(most, 1), Samples.jump(most, 1))) {
      assertThat(placement.members()).hasSize(65_535);
      assertThat(placement.ownerOf("k")).isNotNull();
    }
    SlotTable<String> slots = SlotTable.of(most, SlotOptions.defaults().withSlots(1 << 17));
    assertThat(new String(slots.table).chars().distinct().count()).isEqualTo(65_535);

    List<Member<String>> tooMany = Samples.members(65_536);
    assertThatThrownBy(() -> Samples.ring(tooMany, 1)).isInstanceOf(PlacementException.class)
        .hasMessage("members must be at most 65535, was 65536");
    assertThatThrownBy(() -> slots.with(Member.of("one more")))
        .isInstanceOf(PlacementException.class);
    assertThat(SlotOptions.forMembers(1000).slots()).isEqualTo(1 << 17);
    assertThat(SlotOptions.forMembers(100).slots()).isEqualTo(1 << 14);
  }

  /** Bytes allocated stand for work: they do not depend on what else the machine does. */
  @Test
  void item_42_the_cost_of_building_grows_in_proportion() {
    for (Function<Integer, Object> build : List.<Function<Integer, Object>>of(
        n -> Samples.ring(Samples.members(n), 1),
        n -> SlotTable.of(Samples.members(n), SlotOptions.defaults().withSlots(64 * n)))) {
      long small = allocated(() -> build.apply(256));
      long large = allocated(() -> build.apply(2048));

      assertThat((double) large / small).isBetween(5.0, 11.0);
    }
  }

  private static long allocated(Runnable work) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    work.run();
    long before = threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    work.run();
    return threads.getThreadAllocatedBytes(Thread.currentThread().getId()) - before;
  }

  @Test
  void goal_11_a_ring_of_16000_points_and_a_table_of_3_owners_are_small() {
    assertThat(Samples.ring(Samples.members(100), 1).sizeBytes()).isLessThanOrEqualTo(300_000);
    assertThat(2 * Samples.slots(Samples.members(100), 3).table.length)
        .isLessThanOrEqualTo(100_000);
  }

  /** Has no {@code equals}: identity would tell two of the same node apart. */
  private static final class Server {
    private final String name;

    Server(String name) {
      this.name = name;
    }

    String name() {
      return name;
    }
  }

  @Test
  void item_43_a_node_is_known_by_its_id_alone_and_a_renamed_one_is_another() {
    List<Server> servers = List.of(new Server("a"), new Server("b"), new Server("c"));
    List<Server> again = List.of(new Server("a"), new Server("b"), new Server("c"));
    ConsistentHashRing<Server> one =
        ConsistentHashRing.of(Member.all(servers, Server::name), RingOptions.defaults());
    ConsistentHashRing<Server> two =
        ConsistentHashRing.of(Member.all(again, Server::name), RingOptions.defaults());
    ConsistentHashRing<Server> renamed = ConsistentHashRing.of(
        Member.all(again, server -> server.name() + "'"), RingOptions.defaults());

    assertThat(two.fingerprint()).isEqualTo(one.fingerprint());
    assertThat(two.ownerOf("k").name()).isEqualTo(one.ownerOf("k").name());
    assertThat(renamed.fingerprint()).isNotEqualTo(one.fingerprint());
    assertThatThrownBy(() -> ConsistentHashRing.of(
        List.of(Member.of(servers.get(0), "x"), Member.of(servers.get(1), "x")),
        RingOptions.defaults())).isInstanceOf(PlacementException.class)
        .hasMessage("members must have distinct ids, was x");
  }

  @Test
  void item_44_a_placement_survives_encoding() {
    Random random = new Random(44);
    for (Partitioner<String> first : Samples.all(Samples.zoned(9, 3), 2)) {
      Partitioner<String> placement = first.with(Member.of("\ud83d\ude00")).after();
      Partitioner<String> back = Partitioner.decode(placement.encode(), Function.identity());

      assertThat(back.getClass()).isEqualTo(placement.getClass());
      assertThat(back.epoch()).isEqualTo(2);
      assertThat(back.fingerprint()).isEqualTo(placement.fingerprint());
      assertThat(back.members()).isEqualTo(placement.members());
      for (int i = 0; i < 500; i++) {
        long hash = random.nextLong();
        assertThat(back.ownersOfHash(hash)).isEqualTo(placement.ownersOfHash(hash));
      }
      assertThat(back.with(Member.of("next")).after().fingerprint())
          .isEqualTo(placement.with(Member.of("next")).after().fingerprint());
    }
    SlotTable<String> seeded = SlotTable.of(Samples.members(3),
        SlotOptions.defaults().withKeyHash(KeyHash.seeded(99)));
    assertThat(Partitioner.<String>decode(seeded.encode(), Function.identity()).keyHash())
        .isEqualTo(KeyHash.seeded(99));
  }

  @Test
  void item_44_every_altered_or_missing_byte_is_noticed() {
    Partitioner<String> slots = SlotTable.of(Samples.members(3),
        SlotOptions.defaults().withSlots(16));
    byte[] encoded = slots.encode();
    for (int i = 0; i < encoded.length; i++) {
      byte[] altered = encoded.clone();
      altered[i] ^= 1;
      assertMalformed(altered);
      assertMalformed(Arrays.copyOf(encoded, i));
    }
    assertMalformed(Arrays.copyOf(encoded, encoded.length + 1));
    assertThatThrownBy(() -> Partitioner.decode(null, Function.identity()))
        .isInstanceOf(PlacementException.class).hasMessageContaining("encoded");
  }

  @Test
  void item_44_a_newer_version_is_refused_by_name() {
    byte[] encoded = Samples.ring(Samples.members(3), 1).encode();
    encoded[4] = 2;
    checksum(encoded);

    assertThatThrownBy(() -> Partitioner.decode(encoded, Function.identity()))
        .isInstanceOf(MalformedPlacementException.class)
        .hasMessage("encoded must have version 1, was version 2");
  }

  /** With a right checksum, so that the checks behind it are reached. */
  @Test
  void item_44_forged_fields_are_refused_without_harm() {
    Random random = new Random(440);
    byte[] good = SlotTable.of(Samples.zoned(4, 2),
        SlotOptions.defaults().withSlots(8).withReplicas(2)).encode();
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] forged = good.clone();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        forged[5 + random.nextInt(forged.length - 9)] = (byte) random.nextInt(256);
      }
      checksum(forged);
      try {
        Partitioner<String> placement = Partitioner.decode(forged, Function.identity());
        assertThat(placement.ownerOf("k")).isNotNull();
      } catch (MalformedPlacementException e) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(5_000);
  }

  private static void checksum(byte[] encoded) {
    CRC32C crc = new CRC32C();
    crc.update(encoded, 0, encoded.length - 4);
    ByteBuffer.wrap(encoded).putInt(encoded.length - 4, (int) crc.getValue());
  }

  private static void assertMalformed(byte[] bytes) {
    assertThatThrownBy(() -> Partitioner.decode(bytes, Function.identity()))
        .isInstanceOf(MalformedPlacementException.class).hasMessageContaining("encoded");
  }
}
