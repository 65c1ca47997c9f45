package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Checklist items 19 to 23. */
class ReplicaPlacementTest {
  private static final long[] HASHES = Samples.hashes(3_000, 19);

  private static Map<String, String> zones(Partitioner<String> placement) {
    Map<String, String> zones = new HashMap<>();
    placement.members().forEach(member ->
        zones.put(member.id(), member.zone().isEmpty() ? member.id() : member.zone()));
    return zones;
  }

  /** Owners per zone, sorted downwards. */
  private static List<Integer> spread(List<String> owners, Map<String, String> zones) {
    Map<String, Integer> counts = new HashMap<>();
    owners.forEach(owner -> counts.merge(zones.get(owner), 1, Integer::sum));
    return counts.values().stream().sorted((a, b) -> b - a).toList();
  }

  @Test
  void item_19_the_owners_of_a_key_are_distinct() {
    for (int replicas : new int[] {1, 2, 3, 5, 8}) {
      for (Partitioner<String> placement : Samples.all(Samples.zoned(8, 3), replicas)) {
        for (long hash : HASHES) {
          List<String> owners = placement.ownersOfHash(hash);
          assertThat(owners).hasSize(replicas).doesNotHaveDuplicates();
          assertThat(owners.get(0)).isEqualTo(placement.ownerOfHash(hash));
        }
      }
    }
  }

  @Test
  void item_20_zones_are_distinct_while_there_are_enough_of_them() {
    for (Partitioner<String> placement : Samples.all(Samples.zoned(20, 4), 3)) {
      Map<String, String> zones = zones(placement);
      for (long hash : HASHES) {
        assertThat(spread(placement.ownersOfHash(hash), zones)).as("%s", placement)
            .containsExactly(1, 1, 1);
      }
    }
  }

  @Test
  void item_20_else_zones_share_as_evenly_as_they_can() {
    List<Member<String>> lopsided = new ArrayList<>(Samples.zoned(9, 3));
    lopsided.add(Member.of("lonely").withZone("zone-3"));
    for (int replicas = 2; replicas <= 10; replicas++) {
      for (Partitioner<String> placement : Samples.all(lopsided, replicas)) {
        Map<String, String> zones = zones(placement);
        List<Integer> expected = waterFill(new int[] {3, 3, 3, 1}, replicas);
        for (int i = 0; i < 500; i++) {
          assertThat(spread(placement.ownersOfHash(HASHES[i]), zones)).as("%s", placement)
              .isEqualTo(expected);
        }
      }
    }
  }

  private static List<Integer> waterFill(int[] sizes, int replicas) {
    int[] counts = new int[sizes.length];
    for (int placed = 0; placed < replicas; placed++) {
      int least = -1;
      for (int i = 0; i < sizes.length; i++) {
        if (counts[i] < sizes[i] && (least < 0 || counts[i] < counts[least])) {
          least = i;
        }
      }
      counts[least]++;
    }
    return Arrays.stream(counts).filter(c -> c > 0).boxed().sorted((a, b) -> b - a)
        .toList();
  }

  @Test
  void item_20_zones_go_before_weights() {
    List<Member<String>> members = new ArrayList<>();
    for (Member<String> member : Samples.zoned(9, 3)) {
      members.add(member.zone().equals("zone-0") ? member.withWeight(10) : member);
    }
    SlotTable<String> slots = Samples.slots(members, 3);
    Map<String, String> zones = zones(slots);
    for (long hash : HASHES) {
      assertThat(spread(slots.ownersOfHash(hash), zones)).containsExactly(1, 1, 1);
    }
  }

  @Test
  void item_21_fewer_members_than_replicas_are_refused_at_first_and_reported_later() {
    assertThatThrownBy(() -> Samples.slots(Samples.members(2), 3))
        .isInstanceOf(PlacementException.class)
        .hasMessage("replicas must be at most the number of members with weight, 2, was 3");
    for (Partitioner<String> three : Samples.all(Samples.members(3), 3)) {
      assertThat(three.missingReplicas()).isZero();
      Partitioner<String> two = three.without("node-00002").after();
      assertThat(two.replicas()).isEqualTo(2);
      assertThat(two.missingReplicas()).isOne();
      assertThat(two.ownersOf("k")).hasSize(2);

      RebalancePlan<String> back = two.with(Member.of("node-00002"));
      assertThat(back.after().missingReplicas()).isZero();
      for (int i = 0; i < 500; i++) {
        assertThat(back.movesOf(HASHES[i])).singleElement()
            .matches(move -> move.to().equals("node-00002") && !move.handOver());
        assertThat(back.after().ownersOfHash(HASHES[i])).hasSize(3);
      }
    }
  }

  @Test
  void item_22_removing_a_node_changes_at_most_one_owner_of_any_key() {
    Random random = new Random(22);
    for (int zoneCount : new int[] {1, 2, 3, 5, 12}) {
      for (int replicas : new int[] {2, 3, 4}) {
        List<Member<String>> members = Samples.zoned(12, zoneCount);
        for (Partitioner<String> before : List.of(Samples.slots(members, replicas),
            Samples.ring(members, replicas), Samples.rendezvous(members, replicas),
            Samples.jump(Samples.members(12), replicas))) {
          String victim = before instanceof JumpPartitioner<String>
              ? "node-00011" : Samples.name(random.nextInt(12));
          Partitioner<String> after = before.without(victim).after();
          for (int i = 0; i < 1000; i++) {
            Set<String> lost = new HashSet<>(before.ownersOfHash(HASHES[i]));
            boolean owned = lost.contains(victim);
            lost.removeAll(after.ownersOfHash(HASHES[i]));
            assertThat(lost.size()).as("%s without %s", before, victim).isLessThanOrEqualTo(1);
            if (owned) {
              assertThat(lost).containsExactly(victim);
            }
          }
        }
      }
    }
  }

  @Test
  void item_23_copies_are_spread_as_evenly_as_first_owners() {
    for (int zoneCount : new int[] {1, 3, 4, 20}) {
      SlotTable<String> table = Samples.slots(Samples.zoned(60, zoneCount), 3);
      int[] copies = new int[60];
      for (char owner : table.table) {
        copies[owner]++;
      }
      int most = Arrays.stream(copies).max().orElseThrow();
      int least = Arrays.stream(copies).min().orElseThrow();
      assertThat(most - least).as("%d zones", zoneCount).isLessThanOrEqualTo(1);
    }
    long[] hashes = Samples.hashes(20_000, 23);
    Balance ring = Balance.of(Samples.ring(Samples.members(60), 3), hashes);
    double mean = 3.0 * hashes.length / 60;
    assertThat(ring.members()).allMatch(row -> row.copies() / mean < 1.3 && row.copies() > 0);
  }

  @Test
  void owners_fit_the_array_given() {
    for (Partitioner<String> placement : Samples.all(Samples.members(5), 3)) {
      String[] two = new String[2];
      String[] four = new String[4];

      assertThat(placement.ownersOfHash(7, two)).isEqualTo(2);
      assertThat(placement.ownersOfHash(7, four)).isEqualTo(3);
      assertThat(List.of(two)).isEqualTo(placement.ownersOfHash(7).subList(0, 2));
      assertThat(four[3]).isNull();
      assertThat(placement.ownersOfHash(7, new String[0])).isZero();
    }
  }
}
