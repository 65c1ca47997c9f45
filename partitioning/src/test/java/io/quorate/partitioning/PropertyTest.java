package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What holds after any sequence of changes, over seeded random memberships. */
class PropertyTest {
  private static int[] copies(SlotTable<String> table) {
    int[] copies = new int[table.members().size()];
    for (char owner : table.table) {
      copies[owner]++;
    }
    return copies;
  }

  /** The largest over all members of what is missing to the exact share, in slots. */
  private static double worstError(SlotTable<String> table) {
    int[] copies = copies(table);
    double weights = table.members().stream().mapToDouble(Member::weight).sum();
    double worst = 0;
    for (int i = 0; i < copies.length; i++) {
      double share = table.slots() * table.members().get(i).weight() / weights;
      worst = Math.max(worst, Math.abs(copies[i] - share));
    }
    return worst;
  }

  @Test
  void slot_tables_stay_exact_and_move_no_slot_for_nothing() {
    for (int seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      Partitioner<String> p = SlotTable.of(Samples.members(2 + random.nextInt(30)),
          SlotOptions.defaults().withSlots(2048));
      for (int step = 0; step < 30; step++) {
        SlotTable<String> before = (SlotTable<String>) p;
        p = DigestTest.randomChange(p, random, step).after();
        SlotTable<String> after = (SlotTable<String>) p;
        assertThat(worstError(after)).as("seed %d step %d", seed, step).isLessThan(1);
        assertThat(movedCopies(before, after)).isEqualTo(necessary(before, after));
      }
    }
  }

  @Test
  void slot_tables_with_replicas_move_no_copy_for_nothing() {
    for (int seed = 0; seed < 30; seed++) {
      Random random = new Random(seed);
      Partitioner<String> p = SlotTable.of(Samples.members(6 + random.nextInt(20)),
          SlotOptions.defaults().withSlots(1024).withReplicas(2 + seed % 2));
      for (int step = 0; step < 20; step++) {
        SlotTable<String> before = (SlotTable<String>) p;
        List<Member<String>> members = p.members();
        p = step % 2 == 0
            ? p.with(Member.of("new-" + step)).after()
            : p.without(members.get(random.nextInt(members.size())).id()).after();
        SlotTable<String> after = (SlotTable<String>) p;
        int[] copies = copies(after);
        assertThat(Arrays.stream(copies).max().orElseThrow()
            - Arrays.stream(copies).min().orElseThrow()).isLessThanOrEqualTo(1);
        assertThat(firstOwnersDiffer(after)).isLessThanOrEqualTo(1);
        assertThat(movedCopies(before, after)).as("seed %d step %d", seed, step)
            .isEqualTo(necessary(before, after));
      }
    }
  }

  private static int firstOwnersDiffer(SlotTable<String> table) {
    int[] first = new int[table.members().size()];
    for (int slot = 0; slot < table.slots(); slot++) {
      first[table.table[slot * table.replicas]]++;
    }
    return Arrays.stream(first).max().orElseThrow() - Arrays.stream(first).min().orElseThrow();
  }

  private static int movedCopies(SlotTable<String> before, SlotTable<String> after) {
    int moved = 0;
    for (int slot = 0; slot < before.slots(); slot++) {
      long hash = before.lastHash(slot);
      Set<String> gained = new HashSet<>(after.ownersOfHash(hash));
      gained.removeAll(before.ownersOfHash(hash));
      moved += gained.size();
    }
    return moved;
  }

  /** What the members that gained must receive at the least. */
  private static int necessary(SlotTable<String> before, SlotTable<String> after) {
    Map<String, Integer> held = new HashMap<>();
    int[] old = copies(before);
    for (int i = 0; i < old.length; i++) {
      held.put(before.members().get(i).id(), old[i]);
    }
    int[] now = copies(after);
    int needed = 0;
    for (int i = 0; i < now.length; i++) {
      needed += Math.max(0, now[i] - held.getOrDefault(after.members().get(i).id(), 0));
    }
    return needed;
  }

  @Test
  void goal_4_slots_per_member_differ_by_one_at_most_and_keys_by_three_percent() {
    long[] hashes = Samples.hashes(2_000_000, 4);
    for (int count : new int[] {10, 100}) {
      SlotTable<String> table = Samples.slots(Samples.members(count), 1);
      int[] copies = copies(table);
      assertThat(Arrays.stream(copies).max().orElseThrow()
          - Arrays.stream(copies).min().orElseThrow()).isLessThanOrEqualTo(1);
      assertThat(Samples.spread(table, hashes)[0]).isLessThanOrEqualTo(1.03);
      assertThat(Samples.spread(Samples.ring(Samples.members(count), 1), hashes)[0])
          .as("a ring fails the same check").isGreaterThan(1.03);
    }
  }

  @Test
  void goal_5_a_ring_moves_nothing_for_nothing_under_any_sequence_of_changes() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      Partitioner<String> p = ConsistentHashRing.of(Samples.zoned(5 + random.nextInt(20), 4),
          RingOptions.defaults().withVirtualNodes(40));
      for (int step = 0; step < 20; step++) {
        RebalancePlan<String> plan = DigestTest.randomChange(p, random, step);
        Set<String> concerned = new HashSet<>(plan.before().members().stream()
            .filter(member -> !plan.after().members().contains(member)).map(Member::id).toList());
        plan.after().members().stream()
            .filter(member -> !plan.before().members().contains(member))
            .forEach(member -> concerned.add(member.id()));
        assertThat(plan.moves()).allMatch(move ->
            concerned.contains(move.from()) || concerned.contains(move.to()));
        p = plan.after();
        assertThat(p.fingerprint()).isEqualTo(
            ConsistentHashRing.of(p.members(), RingOptions.defaults().withVirtualNodes(40))
                .fingerprint());
      }
    }
  }

  @Test
  void every_strategy_survives_any_sequence_of_changes_with_zones_and_replicas() {
    for (int seed = 0; seed < 10; seed++) {
      Random random = new Random(seed);
      for (Partitioner<String> first : List.of(
          SlotTable.of(Samples.zoned(8, 3),
              SlotOptions.defaults().withSlots(256).withReplicas(3)),
          Samples.rendezvous(Samples.zoned(8, 3), 3),
          MaglevPartitioner.of(Samples.zoned(8, 3),
              MaglevOptions.defaults().withTableSize(1009).withReplicas(3)))) {
        Partitioner<String> p = first;
        for (int step = 0; step < 40; step++) {
          RebalancePlan<String> plan = DigestTest.randomChange(p, random, step);
          p = plan.after();
          assertThat(p.epoch()).isEqualTo(step + 2);
          for (int i = 0; i < 50; i++) {
            long hash = random.nextLong();
            List<String> owners = p.ownersOfHash(hash);
            assertThat(owners).hasSize(3).doesNotHaveDuplicates();
            Set<String> reached = new HashSet<>(plan.before().ownersOfHash(hash));
            for (Move<String> move : plan.movesOf(hash)) {
              assertThat(reached).contains(move.from());
              reached.add(move.to());
            }
            assertThat(reached).containsAll(owners);
          }
        }
      }
    }
  }

  @Test
  void bad_input_is_refused_by_name_and_value() {
    assertThatThrownBy(() -> Member.of("a").withWeight(-1))
        .hasMessage("weight must be between 0 and 1000000.0, was -1.0");
    assertThatThrownBy(() -> Member.of("a").withWeight(Double.NaN))
        .isInstanceOf(PlacementException.class);
    assertThatThrownBy(() -> Member.of("")).hasMessageContaining("id must have 1 to 256");
    assertThatThrownBy(() -> Member.of((String) null)).hasMessageContaining("null");
    assertThatThrownBy(() -> Samples.ring(null, 1)).isInstanceOfSatisfying(
        PlacementException.class, e -> {
          assertThat(e.argument()).isEqualTo("members");
          assertThat(e.value()).isEqualTo("null");
        });
    assertThatThrownBy(() -> Samples.slots(Arrays.asList(Member.of("a"), null), 1))
        .isInstanceOf(PlacementException.class).hasMessageContaining("member");
    assertThatThrownBy(() -> Samples.ring(List.of(Member.of("a").withWeight(0)), 1))
        .hasMessage("members must have one with weight above 0, was 1 without weight");
    assertThatThrownBy(() -> SlotOptions.defaults().withSlots(1000))
        .hasMessageContaining("slots must be a power of two").hasMessageContaining("1000");
    assertThatThrownBy(() -> RingOptions.defaults().withVirtualNodes(0))
        .hasMessageContaining("virtualNodes");
    assertThatThrownBy(() -> MaglevOptions.defaults().withTableSize(65_536))
        .hasMessageContaining("tableSize must be a prime");
    assertThatThrownBy(() -> PlacementOptions.defaults().withReplicas(65))
        .hasMessage("replicas must be between 1 and 64, was 65");
    assertThatThrownBy(() -> Samples.jump(Samples.members(5), 1).without("node-00001"))
        .hasMessage("id must be that of the last shard, node-00004, was node-00001");
    assertThatThrownBy(() -> Samples.jump(Samples.members(5), 1).reweight("node-00001", 2))
        .isInstanceOf(PlacementException.class).hasMessageContaining("weight");
    assertThatThrownBy(() -> Samples.modulo(Samples.members(1025), 1))
        .hasMessageContaining("1024");
    assertThatThrownBy(() -> new HashRange(1, 0)).isInstanceOf(PlacementException.class);
    Partitioner<String> two = Samples.slots(Samples.members(2), 1);
    assertThatThrownBy(() -> two.reweight("node-00000", Double.POSITIVE_INFINITY))
        .isInstanceOf(PlacementException.class);
    assertThatThrownBy(() -> two.with(null)).hasMessageContaining("member");
    assertThat(two.epoch()).isOne();
  }
}
