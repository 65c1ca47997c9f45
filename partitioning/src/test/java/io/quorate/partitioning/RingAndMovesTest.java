package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Checklist items 9 to 18: the ring, and the moves of every strategy. */
class RingAndMovesTest {
  private static ConsistentHashRing<String> narrow(List<Member<String>> members, int replicas) {
    return ConsistentHashRing.of(members,
        RingOptions.defaults().withVirtualNodes(200).withReplicas(replicas), 1,
        hash -> hash & 0xFFFF_0000_0000_0000L);
  }

  @Test
  void item_9_forced_collisions_give_the_same_owners_for_every_insertion_order() {
    List<Member<String>> members = new ArrayList<>(Samples.members(60));
    ConsistentHashRing<String> expected = narrow(members, 3);
    long[] points = pointsOf(expected);
    assertThat(Arrays.stream(points).distinct().count())
        .as("the 16-bit hash does collide").isLessThan(points.length);

    for (int round = 0; round < 10; round++) {
      Collections.shuffle(members, new Random(round));
      Partitioner<String> grown = narrow(members.subList(0, 3), 3);
      for (Member<String> member : members.subList(3, members.size())) {
        grown = grown.with(member).after();
      }
      for (int top = 0; top < 1 << 16; top += 17) {
        long hash = (long) top << 48;
        assertThat(grown.ownersOfHash(hash)).isEqualTo(expected.ownersOfHash(hash));
      }
      Partitioner<String> shrunk = grown.without("node-00007").after();
      members.removeIf(member -> member.id().equals("node-00007"));
      assertThat(((CellPlacement<String>) shrunk).table).isEqualTo(narrow(members, 3).table);
      members.add(Member.of("node-00007"));
    }
  }

  private static long[] pointsOf(ConsistentHashRing<String> ring) {
    long[] points = new long[ring.table.length / ring.replicas - 1];
    for (int i = 0; i < points.length; i++) {
      points[i] = ring.lastHash(i);
    }
    return points;
  }

  @Test
  void item_10_adding_and_removing_a_member_gives_the_same_bytes() {
    for (Partitioner<String> before : List.of(Samples.ring(Samples.zoned(30, 3), 3),
        narrow(Samples.members(30), 2), Samples.rendezvous(Samples.members(9), 2),
        Samples.jump(Samples.members(9), 1), Samples.modulo(Samples.members(9), 1),
        Samples.maglev(Samples.members(30), 2))) {
      Partitioner<String> after =
          before.with(Member.of("zz")).after().without("zz").after();

      assertThat(after.fingerprint()).isEqualTo(before.fingerprint());
      assertThat(after.epoch()).isEqualTo(3);
      if (before instanceof CellPlacement<String> cells) {
        assertThat(((CellPlacement<String>) after).table).isEqualTo(cells.table);
      }
    }
  }

  @Test
  void item_11_no_member_is_refused_and_one_or_two_serve_every_key() {
    assertThatThrownBy(() -> Samples.ring(List.of(), 1))
        .isInstanceOf(PlacementException.class).hasMessageContaining("members")
        .hasMessageContaining("none");
    for (Partitioner<String> one : Samples.all(Samples.members(1), 1)) {
      assertThat(one.ownerOf("x")).isEqualTo("node-00000");
      assertThatThrownBy(() -> one.without("node-00000")).isInstanceOf(PlacementException.class);
    }
    for (Partitioner<String> two : Samples.all(Samples.members(2), 2)) {
      assertThat(two.ownersOf("x")).containsExactlyInAnyOrder("node-00000", "node-00001");
    }
  }

  @Test
  void item_12_a_point_owns_the_hashes_up_to_its_own_in_unsigned_order_and_round_the_end() {
    ConsistentHashRing<String> ring = Samples.ring(Samples.members(5), 1);
    long[] points = pointsOf(ring);
    for (int i = 0; i < points.length; i++) {
      String owner = ring.members().get(ring.table[i]).id();
      String next = ring.members().get(ring.table[i + 1]).id();
      assertThat(ring.ownerOfHash(points[i])).isEqualTo(owner);
      assertThat(ring.ownerOfHash(points[i] + 1)).isEqualTo(next);
      if (i > 0) {
        assertThat(Long.compareUnsigned(points[i - 1], points[i])).isNegative();
      }
    }
    String first = ring.members().get(ring.table[0]).id();
    assertThat(ring.ownerOfHash(0)).isEqualTo(first);
    assertThat(ring.ownerOfHash(-1)).as("behind the last point").isEqualTo(first);
  }

  @Test
  void item_13_unknown_and_duplicate_members_are_refused_and_a_reweight_is_a_reweight() {
    for (Partitioner<String> placement : Samples.all(Samples.members(4), 1)) {
      long fingerprint = placement.fingerprint();
      assertThatThrownBy(() -> placement.without("stranger"))
          .isInstanceOf(PlacementException.class).hasMessage(
              "id must be that of a member, was stranger");
      assertThatThrownBy(() -> placement.reweight("stranger", 2))
          .isInstanceOf(PlacementException.class).hasMessageContaining("stranger");
      assertThatThrownBy(() -> placement.with(Member.of("node-00002")))
          .isInstanceOf(PlacementException.class).hasMessageContaining("node-00002");
      assertThat(placement.fingerprint()).isEqualTo(fingerprint);
    }
    Partitioner<String> ring = Samples.ring(Samples.members(4), 1);
    List<Member<String>> heavier = new ArrayList<>(Samples.members(4));
    heavier.set(1, heavier.get(1).withWeight(2.5));
    assertThat(ring.reweight("node-00001", 2.5).after().fingerprint())
        .isEqualTo(Samples.ring(heavier, 1).fingerprint());
    assertThat(ring.reweight("node-00001", 1).moves()).isEmpty();
  }

  @Test
  void item_14_the_labels_of_points_are_injective() {
    Set<String> labels = new HashSet<>();
    String[] ids = {"a", "a1", "a11", "1", "11", "\u0001", "\u0001\u0000", "\ud800",
        "?", "ab", "ba"};
    for (String id : ids) {
      ByteBuffer label = RingPoints.label(id);
      for (int i = 0; i < 300; i++) {
        label.putInt(label.capacity() - 4, i);
        labels.add(Arrays.toString(label.array()));
      }
    }

    assertThat(labels).hasSize(300 * ids.length);
  }

  @Test
  void item_15_shares_follow_weights_within_two_percent() {
    List<Member<String>> members = List.of(Member.of("drained").withWeight(0),
        Member.of("one"), Member.of("three").withWeight(3), Member.of("half").withWeight(0.5));
    long[] hashes = Samples.hashes(1_000_000, 15);
    for (Partitioner<String> placement : List.of(Samples.slots(members, 1),
        Samples.rendezvous(members, 1), Samples.maglev(members, 1),
        ConsistentHashRing.of(members, RingOptions.defaults().withVirtualNodes(20_000)))) {
      Balance balance = Balance.of(placement, hashes);
      assertThat(balance.maxOverMean()).as("%s", placement).isCloseTo(1, within(0.02));
      assertThat(balance.minOverMean()).as("%s", placement).isCloseTo(1, within(0.02));
      assertThat(balance.members().stream().filter(row -> row.id().equals("drained")))
          .allMatch(row -> row.copies() == 0);
    }
  }

  @Test
  void item_15_the_largest_weight_is_a_million() {
    List<Member<String>> huge = List.of(Member.of("a").withWeight(1e6),
        Member.of("b").withWeight(5e5), Member.of("c"));
    long[] hashes = Samples.hashes(1_000_000, 16);
    for (Partitioner<String> placement : List.of(Samples.slots(huge, 1),
        Samples.rendezvous(huge, 1), Samples.maglev(huge, 1),
        ConsistentHashRing.of(huge, RingOptions.defaults().withVirtualNodes(1)))) {
      Balance balance = Balance.of(placement, hashes);
      assertThat(balance.members().get(0).first() / (double) balance.members().get(1).first())
          .as("%s", placement).isCloseTo(2, within(0.04));
      assertThat(balance.members().get(2).first()).isLessThan(100);
    }
    assertThatThrownBy(() -> Member.of("a").withWeight(1e6 + 1))
        .isInstanceOf(PlacementException.class);
    assertThatThrownBy(() -> Samples.ring(huge, 1))
        .isInstanceOf(PlacementException.class).hasMessageContaining("weight")
        .hasMessageContaining("points");
  }

  @Test
  void item_16_a_new_member_only_gains_and_a_removed_one_only_loses() {
    long[] hashes = Samples.hashes(1_000_000, 16);
    for (Partitioner<String> before : List.of(Samples.slots(Samples.members(20), 1),
        Samples.ring(Samples.members(20), 1), Samples.rendezvous(Samples.members(20), 1),
        Samples.jump(Samples.members(20), 1))) {
      Partitioner<String> grown = before.with(Member.of("z")).after();
      Partitioner<String> shrunk = before.without("node-00019").after();
      for (long hash : hashes) {
        String owner = before.ownerOfHash(hash);
        String later = grown.ownerOfHash(hash);
        if (!later.equals(owner)) {
          assertThat(later).isEqualTo("z");
        }
        if (!owner.equals("node-00019")) {
          assertThat(shrunk.ownerOfHash(hash)).isEqualTo(owner);
        }
      }
    }
  }

  @Test
  void item_16_modulo_fails_the_same_check() {
    long[] hashes = Samples.hashes(100_000, 16);

    assertThat(Balance.movedShare(Samples.modulo(Samples.members(10), 1).with(Member.of("z")),
        hashes)).isCloseTo(10 / 11.0, within(0.01));
    assertThat(Balance.movedShare(Samples.slots(Samples.members(10), 1).with(Member.of("z")),
        hashes)).isCloseTo(1 / 11.0, within(0.01));
  }

  @Test
  void item_17_the_moves_are_what_comparing_every_cell_finds() {
    Random random = new Random(17);
    for (Partitioner<String> before : Samples.all(Samples.zoned(12, 4), 3)) {
      for (RebalancePlan<String> plan : List.of(before.with(Member.of("z").withZone("zone-1")),
          before.without("node-00011"), drain(before))) {
        List<Long> probes = new ArrayList<>();
        random.longs(500).forEach(probes::add);
        plan.moves().stream().limit(200).forEach(move -> {
          probes.add(move.range().first());
          probes.add(move.range().last());
          probes.add(move.range().first() - 1);
          probes.add(move.range().last() + 1);
        });
        for (long hash : probes) {
          List<String> old = plan.before().ownersOfHash(hash);
          List<String> now = new ArrayList<>(plan.after().ownersOfHash(hash));
          List<String> gone = new ArrayList<>(old);
          gone.removeAll(now);
          now.removeAll(old);
          List<Move<String>> here =
              plan.moves().stream().filter(move -> plan.covers(move, hash)).toList();
          assertThat(here.stream().map(Move::to)).containsExactlyInAnyOrderElementsOf(now);
          assertThat(here.stream().filter(Move::handOver).map(Move::from))
              .containsExactlyInAnyOrderElementsOf(
                  gone.subList(0, Math.min(gone.size(), now.size())));
        }
      }
    }
  }

  private static RebalancePlan<String> drain(Partitioner<String> before) {
    boolean weighted =
        !(before instanceof JumpPartitioner<String> || before instanceof HashPartitioner<String>);
    return weighted ? before.reweight("node-00002", 0) : before.with(Member.of("y"));
  }

  @Test
  void item_17_ranges_of_moves_are_in_order_and_joined() {
    RebalancePlan<String> plan = Samples.ring(Samples.members(20), 1).with(Member.of("z"));
    List<Move<String>> moves = plan.moves();
    for (int i = 1; i < moves.size(); i++) {
      HashRange previous = moves.get(i - 1).range();
      HashRange range = moves.get(i).range();
      assertThat(Long.compareUnsigned(previous.last(), range.first())).isNegative();
      boolean joined = previous.last() + 1 == range.first()
          && moves.get(i - 1).from().equals(moves.get(i).from());
      assertThat(joined).isFalse();
    }
    assertThat(plan.movedShare()).isBetween(0.03, 0.07);
  }

  @Test
  void item_18_two_changes_composed_move_what_their_sum_moves() {
    for (Partitioner<String> a : List.of(Samples.slots(Samples.members(15), 2),
        Samples.ring(Samples.members(15), 2), Samples.maglev(Samples.members(15), 2))) {
      RebalancePlan<String> ab = a.with(Member.of("z"));
      RebalancePlan<String> bc = ab.after().without("node-00004");
      RebalancePlan<String> ac = RebalancePlan.between(a, bc.after());
      for (long hash : Samples.hashes(4_000, 18)) {
        Set<String> owners = new HashSet<>(a.ownersOfHash(hash));
        for (RebalancePlan<String> step : List.of(ab, bc)) {
          for (Move<String> move : step.movesOf(hash)) {
            owners.remove(move.from());
            owners.add(move.to());
          }
        }
        Set<String> direct = new HashSet<>(a.ownersOfHash(hash));
        for (Move<String> move : ac.movesOf(hash)) {
          direct.remove(move.from());
          direct.add(move.to());
        }
        assertThat(owners).isEqualTo(direct).isEqualTo(Set.copyOf(bc.after().ownersOfHash(hash)));
      }
      assertThat(ac.movedShare()).isLessThanOrEqualTo(ab.movedShare() + bc.movedShare() + 1e-12);
    }
  }

  @Test
  void a_plan_leads_from_one_strategy_to_another() {
    Partitioner<String> ring = Samples.ring(Samples.members(5), 1);
    Partitioner<String> slots = Samples.slots(Samples.members(5), 1);
    RebalancePlan<String> plan = RebalancePlan.between(ring, slots);
    for (long hash : Samples.hashes(5_000, 3)) {
      boolean moved = !ring.ownerOfHash(hash).equals(slots.ownerOfHash(hash));
      assertThat(plan.moves().stream().anyMatch(move -> move.range().contains(hash)))
          .isEqualTo(moved);
    }
  }
}
