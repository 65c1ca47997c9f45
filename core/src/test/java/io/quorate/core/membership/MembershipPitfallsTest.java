package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.membership.SwimCluster.Node;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What other implementations fell into, P22 to P24 among it, and input that is bad. */
class MembershipPitfallsTest {
  @Test
  void p22_a_starved_member_is_not_dead_and_kills_nobody() {
    SwimCluster cluster = SwimCluster.of(50, 2);
    cluster.node(3).starvedByNanos = Duration.ofMillis(2_000).toNanos();

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
    cluster.node(3).starvedByNanos = Duration.ofMillis(2_000).toNanos();

    cluster.run(Duration.ofSeconds(60));

    assertThat(cluster.deaths()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5, 20})
  void p22_a_member_that_is_starved_from_its_start_and_new_to_its_work_is_never_dead(
      long workMillis) {
    for (long seed = 0; seed < 5; seed++) {
      SwimCluster cluster = starvedFromTheStart(seed, workMillis, Lifeguard.ON);

      assertThat(cluster.deaths()).as("seed %d", seed).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 5, 20})
  void control_without_anticipation_a_member_that_is_starved_from_its_start_would_be_dead(
      long workMillis) {
    Lifeguard on = Lifeguard.ON;
    Lifeguard waiting =
        new Lifeguard(
            on.worstHealth(), on.suspicionStretch(), on.forgiving(), on.calling(), false);

    SwimCluster cluster = starvedFromTheStart(1, workMillis, waiting);

    assertThat(cluster.deaths()).isPositive();
  }

  /**
   * A newcomer gets slices of 0.1 to 0.2 s, between which more arrives than it can work off: what
   * others say of it reaches it seconds later.
   */
  private static SwimCluster starvedFromTheStart(
      long seed, long workMillis, Lifeguard lifeguard) {
    SwimCluster cluster = SwimCluster.of(9, seed, lifeguard);
    Node slow = cluster.start("slow", 5_000, 1_000);
    slow.workNanos = Duration.ofMillis(workMillis).toNanos();
    slow.slice(() -> cluster.random.nextInt(500, 1_500), () -> cluster.random.nextInt(100, 200));
    cluster.run(Duration.ofSeconds(60));
    // Its view is not empty for want of having come to it.
    assertThat(slow.told).contains(new SwimCore.Joined());
    return cluster;
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
  void p23_the_dead_are_forgotten_although_newcomers_heard_of_them_later() {
    MembershipOptions.Timing lan = MembershipOptions.Timing.lan();
    SwimCluster cluster =
        new SwimCluster(
            40,
            new MembershipOptions.Timing(
                lan.probeInterval(),
                lan.probeTimeout(),
                lan.indirectProbes(),
                lan.gossipInterval(),
                lan.gossipFanout(),
                lan.suspicionMultiplier(),
                Duration.ofSeconds(5),
                Duration.ofSeconds(60)));
    for (int i = 0; i < 4; i++) {
      cluster.start("n" + i, 1_000 + i, i + 1);
    }
    cluster.runUntilAllSee(4, Duration.ofSeconds(10));
    Node gone = cluster.node(3);
    gone.crashed = true;
    cluster.runUntilAllSee(3, Duration.ofSeconds(30));
    for (int i = 0; i < 3; i++) {
      cluster.run(Duration.ofSeconds(20));
      cluster.start("m" + i, 2_000 + i, i + 100);
    }
    cluster.nodes.forEach(node -> node.told.clear());

    cluster.run(Duration.ofSeconds(120));

    for (Node node : cluster.nodes) {
      assertThat(node == gone || node.stateOf(gone) == null).as("%s", node.id).isTrue();
      assertThat(node.told)
          .noneMatch(
              effect ->
                  effect instanceof SwimCore.Changed changed
                      && changed.member().id().equals(gone.id));
    }
  }

  @Test
  void p23_who_still_tells_that_a_member_is_alive_is_told_again_that_it_left() {
    SwimCluster cluster = SwimCluster.of(10, 41);
    Node leaver = cluster.node(4);
    Member before = cluster.node(1).core.members().get(leaver.id);
    leaver.leave();
    cluster.run(Duration.ofSeconds(10));
    leaver.crashed = true;

    // Starts late, and hears of nothing but an old recording.
    Node newcomer = cluster.start("newcomer", 5_000, 100);
    cluster.runUntilAllSee(10, Duration.ofSeconds(10));
    Datagram old =
        new Datagram(cluster.node(2).id, 3, new Message.Gossip(), List.of(Rumor.alive(before)));
    cluster.inject(cluster.node(2).address, newcomer, newcomer.codec.encode(old));
    assertThat(newcomer.stateOf(leaver)).isEqualTo(MemberState.ALIVE);
    cluster.run(Duration.ofSeconds(1));

    assertThat(newcomer.stateOf(leaver)).isEqualTo(MemberState.LEFT);
    assertThat(cluster.deaths()).isZero();
  }

  @Test
  void p22_who_was_taken_for_dead_hears_of_it_with_the_first_answer() {
    SwimCluster cluster = SwimCluster.of(10, 42);
    Node paused = cluster.node(4);
    paused.stalledUntilNanos = cluster.nowNanos + Duration.ofSeconds(30).toNanos();
    cluster.run(Duration.ofSeconds(29));
    assertThat(cluster.node(0).stateOf(paused)).isEqualTo(MemberState.DEAD);

    Member dead = cluster.node(0).core.members().get(paused.id);
    Datagram ping =
        new Datagram(
            paused.id, paused.boot, new Message.Ping(1, cluster.node(0).id), List.of());
    List<SwimCore.Effect> effects =
        cluster.node(0).core.step(
            new SwimCore.Received(paused.address, ping, cluster.nowNanos));

    assertThat(effects)
        .filteredOn(SwimCore.Send.class::isInstance)
        .singleElement()
        .satisfies(
            effect ->
                assertThat(((SwimCore.Send) effect).datagram().rumors())
                    .contains(new Rumor(dead, cluster.node(0).id)));
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
}
