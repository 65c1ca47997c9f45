package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.membership.SwimCluster.Node;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Pitfalls P22 to P24, and the claims of SWIM and Lifeguard. */
class SwimCoreTest {
  @Test
  void a_join_is_known_everywhere_within_two_seconds() {
    SwimCluster cluster = SwimCluster.of(50, 1);

    cluster.start("newcomer", 5_000, 100);

    long nanos = cluster.runUntilAllSee(51, Duration.ofSeconds(10));
    assertThat(nanos).isLessThan(Duration.ofSeconds(2).toNanos());
  }

  @Test
  void a_hung_member_is_dead_everywhere_within_five_seconds_at_p99() {
    List<Long> times = new ArrayList<>();
    for (int seed = 0; seed < 20; seed++) {
      SwimCluster cluster = SwimCluster.of(50, seed);
      Node hung = cluster.node(7 + seed);
      long begin = cluster.nowNanos;
      hung.stalledUntilNanos = Long.MAX_VALUE;
      cluster.run(Duration.ofSeconds(15));
      for (Node node : cluster.nodes) {
        if (node != hung) {
          assertThat(node.deadSinceNanos).containsOnlyKeys(hung.id);
          times.add(node.deadSinceNanos.get(hung.id) - begin);
        }
      }
    }
    Collections.sort(times);
    assertThat(times.get((int) (times.size() * 0.99)))
        .isLessThan(Duration.ofSeconds(5).toNanos());
  }

  @Test
  void p22_a_starved_member_is_not_dead_and_kills_nobody() {
    SwimCluster cluster = SwimCluster.of(50, 2);
    cluster.node(3).starvedByNanos = Duration.ofMillis(1_500).toNanos();

    cluster.run(Duration.ofSeconds(60));

    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p22_a_machine_on_which_all_are_starved_has_no_dead() {
    SwimCluster cluster = SwimCluster.of(50, 3);
    cluster.nodes.forEach(node -> node.starvedByNanos =
        Duration.ofMillis(100 + cluster.random.nextInt(900)).toNanos());

    cluster.run(Duration.ofSeconds(60));

    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p22_a_loss_of_30_percent_kills_nobody_in_ten_minutes() {
    SwimCluster cluster = SwimCluster.of(50, 4);
    cluster.loss = 0.3;

    cluster.run(Duration.ofMinutes(10));

    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p22_an_asymmetric_link_between_two_kills_neither() {
    SwimCluster cluster = SwimCluster.of(10, 5);
    Node deaf = cluster.node(4);
    Node mute = cluster.node(5);
    cluster.link = (from, to) -> !(from == mute && to == deaf);

    cluster.run(Duration.ofMinutes(5));

    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p22_after_a_long_pause_a_member_refutes_and_is_back() {
    SwimCluster cluster = SwimCluster.of(10, 6);
    Node paused = cluster.node(4);
    paused.stalledUntilNanos = cluster.nowNanos + Duration.ofSeconds(60).toNanos();

    cluster.run(Duration.ofSeconds(30));
    assertThat(cluster.node(0).stateOf(paused)).isEqualTo(MemberState.DEAD);
    cluster.run(Duration.ofSeconds(31));
    cluster.runUntilAllSee(10, Duration.ofSeconds(20));

    // Nobody was killed by the one that woke up.
    assertThat(paused.deadSinceNanos).isEmpty();
  }

  @Test
  void control_without_lifeguard_a_starved_member_would_be_dead() {
    SwimCluster cluster = SwimCluster.of(50, 2, Lifeguard.OFF);
    cluster.node(3).starvedByNanos = Duration.ofMillis(1_500).toNanos();

    cluster.run(Duration.ofSeconds(60));

    assertThat(cluster.deaths()).isPositive();
  }

  @Test
  void suspicion_begins_long_and_shrinks_with_each_independent_accuser() {
    Suspicion suspicion = new Suspicion(NodeId.of("a"), 0, 1_000, 6_000, 3);

    assertThat(suspicion.deadlineNanos()).isEqualTo(6_000);
    assertThat(suspicion.confirm(NodeId.of("a"))).isFalse();
    assertThat(suspicion.deadlineNanos()).isEqualTo(6_000);
    assertThat(suspicion.confirm(NodeId.of("b"))).isTrue();
    assertThat(suspicion.deadlineNanos()).isBetween(3_000L, 4_000L);
    suspicion.confirm(NodeId.of("c"));
    suspicion.confirm(NodeId.of("d"));
    assertThat(suspicion.deadlineNanos()).isEqualTo(1_000);
  }

  @Test
  void a_direct_link_that_is_cut_both_ways_is_bridged_by_indirect_probes() {
    SwimCluster cluster = SwimCluster.of(5, 21);
    Node a = cluster.node(1);
    Node b = cluster.node(2);
    cluster.link = (from, to) -> !(from == a && to == b || from == b && to == a);

    cluster.run(Duration.ofMinutes(2));

    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void a_member_whose_helpers_say_nothing_at_all_doubts_itself() {
    SwimCluster cluster = SwimCluster.of(10, 22);
    Node cutOff = cluster.node(4);
    cluster.link = (from, to) -> to != cutOff;

    cluster.run(Duration.ofSeconds(10));

    // Without a nack from any helper it is not the others that are ill.
    assertThat(cutOff.core.healthScore()).isGreaterThan(3);
  }

  @Test
  void a_member_whose_helpers_answer_with_nacks_trusts_itself() {
    SwimCluster cluster = SwimCluster.of(10, 23);
    cluster.node(4).stalledUntilNanos = Long.MAX_VALUE;

    cluster.run(Duration.ofSeconds(10));

    for (Node node : cluster.nodes) {
      if (node != cluster.node(4)) {
        assertThat(node.core.healthScore()).isLessThan(2);
      }
    }
  }

  @Test
  void a_suspect_hears_of_it_from_the_next_ping_to_it() {
    SwimCluster cluster = SwimCluster.of(5, 24);
    Node suspect = cluster.node(2);
    Node accuser = cluster.node(1);
    Member member = accuser.core.members().get(suspect.id);
    accuser.step(
        new SwimCore.Received(
            cluster.node(0).address,
            new Datagram(
                cluster.node(0).id,
                cluster.node(0).boot,
                new Message.Gossip(),
                List.of(new Rumor(member.with(MemberState.SUSPECT), cluster.node(0).id))),
            cluster.nowNanos));
    // No gossip from anybody: the ping alone must carry it.
    cluster.run(Duration.ofMillis(150));

    assertThat(suspect.core.self().incarnation()).isGreaterThan(member.incarnation());
  }

  @Test
  void a_question_is_brought_to_its_end_although_every_timer_is_late() {
    for (int seed = 0; seed < 50; seed++) {
      SwimCluster cluster = SwimCluster.of(2, seed);
      cluster.node(1).crashed = true;

      cluster.run(Duration.ofSeconds(4));

      assertThat(cluster.node(0).stateOf(cluster.node(1))).isEqualTo(MemberState.DEAD);
    }
  }

  @Test
  void p23_a_restart_at_the_same_address_supersedes_the_old_start_at_once() {
    SwimCluster cluster = SwimCluster.of(10, 8);
    Node old = cluster.node(4);
    old.crashed = true;

    Node fresh = cluster.start(old.id.value(), old.address.port(), 1_000);
    cluster.run(Duration.ofSeconds(3));

    for (Node node : cluster.nodes) {
      if (node != fresh) {
        assertThat(node.core.members().get(fresh.id).boot()).isEqualTo(1_000);
        assertThat(node.stateOf(fresh)).isEqualTo(MemberState.ALIVE);
      }
    }
    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p23_a_member_that_left_does_not_come_back_by_old_gossip() {
    SwimCluster cluster = SwimCluster.of(10, 9);
    Node leaver = cluster.node(4);
    Node witness = cluster.node(1);
    Member before = witness.core.members().get(leaver.id);
    leaver.leave();
    cluster.run(Duration.ofSeconds(3));
    assertThat(leaver.told).contains(new SwimCore.Departed());

    Datagram old =
        new Datagram(
            cluster.node(2).id, 3, new Message.Gossip(), List.of(Rumor.alive(before)));
    cluster.inject(cluster.node(2).address, witness, witness.codec.encode(old));
    cluster.run(Duration.ofSeconds(60));

    for (Node node : cluster.nodes) {
      assertThat(node == leaver || node.stateOf(leaver) == MemberState.LEFT).isTrue();
    }
    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p23_a_newcomer_whose_name_is_taken_elsewhere_gives_up_and_the_first_stays() {
    SwimCluster cluster = SwimCluster.of(10, 10);
    Node first = cluster.node(4);

    Node second = cluster.start(first.id.value(), 9_999, 1_000);
    cluster.run(Duration.ofSeconds(60));

    assertThat(second.told).contains(new SwimCore.NameTaken(first.address));
    assertThat(first.told).noneMatch(SwimCore.NameTaken.class::isInstance);
    cluster.nodes.stream().filter(node -> node != second).forEach(node ->
        assertThat(node.core.members().get(first.id).address()).isEqualTo(first.address));
    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void a_node_that_moves_to_another_address_after_a_crash_takes_its_name_along() {
    SwimCluster cluster = SwimCluster.of(10, 11);
    Node old = cluster.node(4);
    old.crashed = true;

    Node moved = cluster.start(old.id.value(), 9_999, 1_000);
    cluster.run(Duration.ofSeconds(10));

    assertThat(cluster.node(0).core.members().get(old.id).address()).isEqualTo(moved.address);
    assertThat(cluster.node(0).stateOf(moved)).isEqualTo(MemberState.ALIVE);
  }

  @Test
  void p24_the_halves_of_a_healed_partition_find_each_other() {
    SwimCluster cluster = SwimCluster.of(10, 12);
    cluster.link = (from, to) -> (from.address.port() < 1_005) == (to.address.port() < 1_005);
    cluster.runUntilAllSee(5, Duration.ofSeconds(60));

    cluster.link = (from, to) -> true;

    cluster.runUntilAllSee(10, Duration.ofSeconds(30));
  }

  @Test
  void same_incarnation_dead_beats_alive_and_suspect_but_not_a_higher_one() {
    SwimCluster cluster = SwimCluster.of(3, 13);
    Roster roster =
        new Roster(
            cluster.node(0).core.self(), cluster.timing, Lifeguard.ON, new LocalHealth(8));
    Member m = cluster.node(1).core.self();
    NodeId accuser = NodeId.of("n2");

    roster.hear(Rumor.alive(m), 0);
    roster.hear(new Rumor(m.with(MemberState.DEAD), accuser), 0);
    roster.hear(Rumor.alive(m), 0);
    roster.hear(new Rumor(m.with(MemberState.SUSPECT), accuser), 0);
    assertThat(roster.other(m.id()).orElseThrow().state()).isEqualTo(MemberState.DEAD);

    roster.hear(Rumor.alive(m.with(m.incarnation() + 1, MemberState.ALIVE)), 0);
    assertThat(roster.other(m.id()).orElseThrow().state()).isEqualTo(MemberState.ALIVE);
  }

  @Test
  void rumors_about_strangers_who_are_not_alive_are_ignored() {
    SwimCluster cluster = SwimCluster.of(3, 14);
    Roster roster =
        new Roster(
            cluster.node(0).core.self(), cluster.timing, Lifeguard.ON, new LocalHealth(8));
    Member stranger =
        new Member(
            NodeId.of("x"), new Address("h", 1), 1, 1, MemberState.ALIVE, Member.checked(Map.of()));

    for (MemberState state : List.of(MemberState.SUSPECT, MemberState.DEAD, MemberState.LEFT)) {
      roster.hear(new Rumor(stranger.with(state), NodeId.of("n2")), 0);
    }

    assertThat(roster.other(stranger.id())).isEmpty();
  }

  @Test
  void metadata_reaches_all_and_is_an_update() {
    SwimCluster cluster = SwimCluster.of(10, 15);
    Node speaker = cluster.node(2);

    speaker.step(new SwimCore.SetMetadata(Member.checked(Map.of("zone", "b"))));
    cluster.run(Duration.ofSeconds(2));

    for (Node node : cluster.nodes) {
      assertThat(node.core.members().get(speaker.id).metadata()).containsEntry("zone", "b");
      assertThat(node.told).anyMatch(effect -> effect instanceof SwimCore.Changed changed
          && changed.kind() == MembershipEvent.Kind.UPDATED);
    }
  }

  @Test
  void a_replayed_datagram_changes_nothing() {
    SwimCluster cluster = SwimCluster.of(5, 16);
    Node victim = cluster.node(1);
    Member member = victim.core.members().get(NodeId.of("n3"));
    byte[] suspicion =
        victim.codec.encode(
            new Datagram(
                NodeId.of("n2"),
                3,
                new Message.Gossip(),
                List.of(new Rumor(member.with(MemberState.SUSPECT), NodeId.of("n2")))));
    cluster.inject(cluster.node(2).address, victim, suspicion);
    cluster.run(Duration.ofSeconds(10));
    assertThat(victim.stateOf(cluster.node(3))).isEqualTo(MemberState.ALIVE);

    for (int i = 0; i < 100; i++) {
      cluster.inject(cluster.node(2).address, victim, suspicion);
    }
    cluster.run(Duration.ofSeconds(30));

    assertThat(victim.stateOf(cluster.node(3))).isEqualTo(MemberState.ALIVE);
    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void an_answer_recorded_in_an_earlier_life_matches_no_question_of_this_one() {
    SwimCluster cluster = SwimCluster.of(5, 25);
    Node victim = cluster.node(1);
    Node hung = cluster.node(2);
    hung.stalledUntilNanos = Long.MAX_VALUE;

    for (int i = 0; i < 100; i++) {
      for (long sequence = 0; sequence < 100; sequence++) {
        Datagram ack =
            new Datagram(hung.id, hung.boot, new Message.Ack(sequence), List.of());
        cluster.inject(hung.address, victim, victim.codec.encode(ack));
      }
      cluster.run(Duration.ofMillis(100));
    }

    assertThat(victim.stateOf(hung)).isEqualTo(MemberState.DEAD);
  }

  @Test
  void a_recording_of_the_rival_does_not_drive_a_restarted_node_out() {
    SwimCluster cluster = SwimCluster.of(5, 26);
    Node old = cluster.node(2);
    byte[] recorded =
        old.codec.encode(new Datagram(old.id, old.boot, new Message.Gossip(), List.of()));
    old.crashed = true;
    cluster.run(Duration.ofSeconds(10));

    // The same name at another address: it asks the old one, which is gone.
    Node moved = cluster.start("n2", 9_000, 50);
    for (int i = 0; i < 20; i++) {
      cluster.inject(old.address, moved, recorded);
      cluster.run(Duration.ofMillis(100));
    }

    assertThat(moved.told).doesNotHaveAnyElementsOfTypes(SwimCore.NameTaken.class);
    assertThat(cluster.node(0).stateOf(moved)).isEqualTo(MemberState.ALIVE);
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
  void seeds_that_do_not_answer_are_asked_again_until_one_does() {
    SwimCluster cluster = new SwimCluster(17, MembershipOptions.Timing.lan());
    Node first = cluster.start("n0", 1_000, 1);
    first.stalledUntilNanos = cluster.nowNanos + Duration.ofSeconds(20).toNanos();
    Node second = cluster.start("n1", 1_001, 2);

    cluster.run(Duration.ofSeconds(19));
    assertThat(second.told).doesNotContain(new SwimCore.Joined());
    cluster.run(Duration.ofSeconds(5));

    assertThat(second.told).contains(new SwimCore.Joined());
    cluster.runUntilAllSee(2, Duration.ofSeconds(5));
  }

  @Test
  void an_idle_member_costs_the_same_however_large_the_cluster() {
    for (int size : new int[] {10, 50, 200}) {
      SwimCluster cluster = SwimCluster.of(size, 18);
      cluster.run(Duration.ofSeconds(10));
      long before = cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum();

      cluster.run(Duration.ofSeconds(40));

      long after = cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum();
      assertThat((after - before) / 40 / size)
          .as("bytes a second and member of %d", size)
          .isLessThan(5_000);
    }
  }

  @Test
  void the_same_seed_gives_the_same_story() {
    assertThat(story(19)).isEqualTo(story(19)).isNotEqualTo(story(20));
  }

  private static String story(long seed) {
    SwimCluster cluster = SwimCluster.of(10, seed);
    cluster.loss = 0.2;
    cluster.node(3).crashed = true;
    cluster.run(Duration.ofSeconds(30));
    StringBuilder story = new StringBuilder();
    cluster.nodes.forEach(node -> story.append(node.id).append(node.bytesSent).append(node.told));
    return story.toString();
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
      assertMalformed(ours, java.util.Arrays.copyOf(good, length));
    }
  }

  private static void assertMalformed(DatagramCodec codec, byte[] bytes) {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> codec.decode(bytes))
        .isInstanceOf(io.quorate.core.codec.MalformedException.class);
  }
}
