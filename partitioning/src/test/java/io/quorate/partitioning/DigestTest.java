package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Pinned digests: whoever changes where a key lives sees it here. They hold on every JDK, in every
 * locale and for every order of insertion.
 */
class DigestTest {
  static final long SLOTS_10 = 0xed0ef48b5b822ebdL;
  private static final String TABLES_OF_1000_MEMBERSHIPS =
      "9cb205fc5010da3cdfeed83e210cc8b4448b3e35ee5e9f172e3f2852a5ad9683";
  private static final String LOOKUPS =
      "993b922d06a35d44bbfaff1f6890414ee366b691ffae2c00f4b14d517e8f9516";
  private static final String HISTORY =
      "85ad5170eab1e4a729247f7a9b60fe8ec63b3d2cfe1a6f8378511e81d3d878c9";

  private static List<Member<String>> randomMembers(Random random) {
    int zones = random.nextInt(5);
    List<Member<String>> members = new ArrayList<>();
    for (int i = 1 + random.nextInt(12); i >= 0; i--) {
      members.add(Member.of("id-" + Integer.toString(random.nextInt(1 << 30), 36) + i)
          .withWeight(0.5 + random.nextInt(6) / 2.0)
          .withZone(zones == 0 ? "" : "z" + random.nextInt(zones)));
    }
    return members;
  }

  private static void update(MessageDigest digest, char[] table) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * table.length);
    bytes.asCharBuffer().put(table);
    digest.update(bytes.array());
  }

  private static List<CellPlacement<String>> tables(List<Member<String>> members, int replicas) {
    return List.of(
        ConsistentHashRing.of(members,
            RingOptions.defaults().withVirtualNodes(20).withReplicas(replicas)),
        SlotTable.of(members, SlotOptions.defaults().withSlots(256).withReplicas(replicas)),
        MaglevPartitioner.of(members,
            MaglevOptions.defaults().withTableSize(251).withReplicas(replicas)));
  }

  @Test
  void tables_of_a_thousand_random_memberships_are_those_pinned_for_any_insertion_order()
      throws Exception {
    Random random = new Random(1000);
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < 1000; i++) {
      List<Member<String>> members = randomMembers(random);
      int replicas = 1 + random.nextInt(Math.min(3, members.size()));
      List<CellPlacement<String>> tables = tables(members, replicas);
      Collections.shuffle(members, random);
      List<CellPlacement<String>> shuffled = tables(members, replicas);
      for (int t = 0; t < tables.size(); t++) {
        assertThat(shuffled.get(t).fingerprint()).isEqualTo(tables.get(t).fingerprint());
        update(digest, tables.get(t).table);
      }
    }

    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(TABLES_OF_1000_MEMBERSHIPS);
  }

  @Test
  void lookups_of_every_strategy_are_those_pinned() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Partitioner<String> placement : Samples.all(Samples.zoned(12, 4), 3)) {
      for (int i = 0; i < 2000; i++) {
        digest.update(String.join(",", placement.ownersOf("user_" + i)).getBytes("UTF-8"));
      }
    }
    RendezvousPartitioner<String> weighted =
        Samples.rendezvous(List.of(Member.of("a"), Member.of("b").withWeight(2.5)), 1);
    for (int i = 0; i < 2000; i++) {
      digest.update(weighted.ownerOf((long) i).getBytes("UTF-8"));
    }

    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(LOOKUPS);
  }

  @Test
  void a_table_with_a_history_is_the_one_pinned() throws Exception {
    Random random = new Random(77);
    Partitioner<String> p = SlotTable.of(Samples.zoned(9, 3),
        SlotOptions.defaults().withSlots(1024).withReplicas(3));
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < 60; i++) {
      p = randomChange(p, random, i).after();
      digest.update(p.encode());
    }

    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(HISTORY);
    assertThat(Samples.slots(Samples.members(10), 1).fingerprint()).isEqualTo(SLOTS_10);
  }

  /** A change that is possible: adds, removes or reweights. */
  static RebalancePlan<String> randomChange(Partitioner<String> p, Random random, int number) {
    List<Member<String>> members = p.members();
    String id = members.get(random.nextInt(members.size())).id();
    return switch (members.size() < 5 ? 0 : random.nextInt(3)) {
      case 0 -> p.with(Member.of("new-" + number).withZone("zone-" + random.nextInt(4))
          .withWeight(0.5 + random.nextInt(4)));
      case 1 -> p.without(id);
      default -> p.reweight(id, 0.25 * (1 + random.nextInt(12)));
    };
  }

  @Test
  void encoded_bytes_are_those_pinned() {
    Partitioner<String> ring = ConsistentHashRing.of(
        List.of(Member.of("a").withZone("z"), Member.of("b").withWeight(2)),
        RingOptions.defaults().withVirtualNodes(3));
    assertThat(HexFormat.of().formatHex(ring.encode())).isEqualTo(
        "51504c430101000000000000000100000000000000000000000100000003000000020001613ff000"
            + "000000000000017a0001624000000000000000000000000000a1e176cb");

    Partitioner<String> slots = SlotTable.of(Samples.members(2),
        SlotOptions.defaults().withSlots(4).withReplicas(2).withKeyHash(KeyHash.seeded(5)));
    assertThat(HexFormat.of().formatHex(slots.encode())).isEqualTo(
        "51504c43010200000000000000010000000000000005000000020000000400000002000a6e6f6465"
            + "2d30303030303ff00000000000000000000a6e6f64652d30303030313ff000000000000000000000"
            + "000800000001000000010001000000010000d2104f2a");

    RangePartitioner<Long, String> ranges =
        LongRangePartitioner.of("a", Function.<String>identity()).split(7L, "b").after();
    assertThat(HexFormat.of().formatHex(ranges.encode())).isEqualTo(
        "51504c520102000000000000000200000002000161000000080000000000000007000162efbe8dc3");
  }
}
