package io.quorate.core.membership;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.membership.SwimCluster.Node;
import io.quorate.core.transport.Address;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The claims of SWIM and Lifeguard. */
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
  void a_member_that_was_stalled_refutes_before_it_hears_of_any_suspicion() {
    SwimCluster cluster = SwimCluster.of(5, 27);
    Node stalled = cluster.node(2);
    Node other = cluster.node(1);
    long before = stalled.core.self().incarnation();
    Datagram ping =
        new Datagram(other.id, other.boot, new Message.Ping(1, stalled.id), List.of());
    long late = stalled.core.dueNanos() + Duration.ofSeconds(1).toNanos();

    // The overdue tick stands behind what has arrived, and what has arrived accuses nobody.
    List<SwimCore.Effect> effects =
        stalled.core.step(new SwimCore.Received(other.address, ping, late));

    Member renewed = stalled.core.self();
    assertThat(renewed.incarnation()).isEqualTo(before + 1);
    assertThat(effects)
        .filteredOn(SwimCore.Send.class::isInstance)
        .extracting(effect -> ((SwimCore.Send) effect).datagram().rumors())
        .hasSizeGreaterThan(MembershipOptions.Timing.lan().gossipFanout())
        .allSatisfy(rumors -> assertThat(rumors).contains(Rumor.alive(renewed)));
  }

  @Test
  void an_accusation_refuted_long_ago_is_taken_for_a_sign_of_newer_ones() {
    Roster roster = roster();
    roster.announce(0);
    Rumor old = new Rumor(roster.self().with(MemberState.SUSPECT), NodeId.of("x"));
    roster.hear(old, 0);
    long refuted = roster.self().incarnation();
    long pause = 2 * MembershipOptions.Timing.lan().gossipInterval().toNanos();

    roster.hear(old, pause - 1);
    assertThat(roster.self().incarnation()).isEqualTo(refuted);
    roster.hear(old, pause);
    assertThat(roster.self().incarnation()).isEqualTo(refuted + 1);

    // However many there are, it does not answer each with a new incarnation.
    for (int i = 0; i < 100; i++) {
      roster.hear(old, pause + i);
    }
    assertThat(roster.self().incarnation()).isEqualTo(refuted + 1);
  }

  @Test
  void who_has_not_joined_or_has_left_does_not_refute() {
    Roster roster = roster();
    long late = Duration.ofSeconds(10).toNanos();

    roster.anticipate(late);
    assertThat(roster.hasRumors()).isFalse();
    roster.announce(0);
    roster.sayGoodbye();
    roster.anticipate(late);

    assertThat(roster.self().state()).isEqualTo(MemberState.LEFT);
    assertThat(roster.self().incarnation()).isEqualTo(1);
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
  void an_idle_member_costs_the_same_however_large_the_cluster() {
    long few = idleBytesPerSecond(10);
    long many = idleBytesPerSecond(200);

    assertThat(few).isLessThan(5_000);
    // The names are longer by two letters.
    assertThat(many).isLessThan(few * 112 / 100);
  }

  private static long idleBytesPerSecond(int size) {
    SwimCluster cluster = SwimCluster.of(size, 18);
    cluster.run(Duration.ofSeconds(60));
    long before = cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum();
    // Long enough for each to have exchanged all it knows once more.
    cluster.run(Duration.ofSeconds(120));
    return (cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum() - before) / 120 / size;
  }

  @Test
  void who_knows_the_same_is_answered_in_a_word_and_who_does_not_with_all() {
    SwimCluster cluster = SwimCluster.of(100, 30);
    cluster.run(Duration.ofSeconds(60));
    Node asked = cluster.node(1);

    assertThat(answer(asked, cluster.node(2), rosterOf(cluster.node(2)).digest()))
        .allMatch(datagram -> datagram.rumors().isEmpty())
        .hasSize(1);
    assertThat(answer(asked, cluster.node(2), rosterOf(cluster.node(2)).digest() + 1))
        .flatExtracting(Datagram::rumors)
        .hasSize(100);
  }

  @Test
  void a_suspicion_is_no_reason_to_tell_all_and_each_other_difference_is_one() {
    Member member = member("x", 5, 7);
    Roster roster = roster();
    long none = roster.digest();
    roster.hear(Rumor.alive(member), 0);
    long alive = roster.digest();
    roster.hear(new Rumor(member.with(MemberState.SUSPECT), NodeId.of("y")), 0);

    assertThat(roster.digest()).isEqualTo(alive).isNotEqualTo(none);
    for (Member other : List.of(member("x", 5, 8), member("x", 6, 7), member("y", 5, 7))) {
      Roster another = roster();
      another.hear(Rumor.alive(other), 0);
      assertThat(another.digest()).isNotEqualTo(alive);
    }
    roster.hear(new Rumor(member.with(MemberState.DEAD), NodeId.of("y")), 0);
    assertThat(roster.digest()).isEqualTo(none);
  }

  @Test
  void who_has_missed_a_death_learns_of_it_by_the_next_exchange() {
    SwimCluster cluster = SwimCluster.of(3, 31);
    Roster missedIt = rosterOf(cluster.node(1));
    cluster.node(2).crashed = true;
    cluster.run(Duration.ofSeconds(20));
    assertThat(cluster.node(0).stateOf(cluster.node(2))).isEqualTo(MemberState.DEAD);

    answer(cluster.node(0), cluster.node(1), missedIt.digest())
        .forEach(datagram -> datagram.rumors().forEach(rumor -> missedIt.hear(rumor, 0)));

    assertThat(missedIt.other(cluster.node(2).id).orElseThrow().state())
        .isEqualTo(MemberState.DEAD);
  }

  @Test
  void a_suspicion_of_a_higher_incarnation_gives_the_whole_time_to_refute_again() {
    Roster roster = roster();
    Member member = member("x", 5, 7);
    long second = Duration.ofSeconds(1).toNanos();
    roster.hear(Rumor.alive(member), 0);
    roster.hear(Rumor.alive(member("y", 6, 1)), 0);
    roster.hear(new Rumor(member.with(MemberState.SUSPECT), NodeId.of("y")), 0);
    long first = roster.expiryDueNanos(0).orElseThrow();
    // Its refutation got lost on the way here, and the next suspicion did not.
    roster.hear(new Rumor(member.with(8, MemberState.SUSPECT), NodeId.of("y")), second);

    assertThat(roster.expiryDueNanos(second)).contains(first + second);
    assertThat(roster.takeChanges())
        .extracting(Roster.Change::kind)
        .filteredOn(MembershipEvent.Kind.SUSPECTED::equals)
        .hasSize(1);
  }

  @Test
  void many_rumors_do_not_make_a_datagram_cost_more() {
    RumorQueue queue = new RumorQueue();
    for (int i = 0; i < 1_000; i++) {
      queue.add(Rumor.alive(member("long-name-" + i, i, 1)));
    }
    int size = Rumor.alive(member("long-name-1", 1, 1)).size();
    queue.add(Rumor.alive(member("s", 1, 1)));
    int shortSize = Rumor.alive(member("s", 1, 1)).size();

    // The newest first, and those that fit beside it; what is too long for the rest waits.
    assertThat(queue.take(1_000, shortSize + 3 * size + size / 2))
        .hasSizeBetween(3, 4)
        .first()
        .isEqualTo(Rumor.alive(member("s", 1, 1)));
  }

  /** What {@code asked} replies to a request by {@code by} for all it knows. */
  private static List<Datagram> answer(Node asked, Node by, long digest) {
    Datagram request = new Datagram(by.id, by.boot, new Message.SyncRequest(digest), List.of());
    return asked.core.step(new SwimCore.Received(by.address, request, 0)).stream()
        .filter(SwimCore.Send.class::isInstance)
        .map(effect -> ((SwimCore.Send) effect).datagram())
        .toList();
  }

  /** All that {@code node} believes, in a roster of the test's own. */
  private static Roster rosterOf(Node node) {
    Roster roster =
        new Roster(
            node.core.self(),
            MembershipOptions.Timing.lan(),
            Lifeguard.ON,
            new LocalHealth(8));
    roster.announce(0);
    node.core.members().values().forEach(member -> roster.hear(Rumor.alive(member), 0));
    return roster;
  }

  private static Roster roster() {
    return new Roster(
        member("self", 1, 1), MembershipOptions.Timing.lan(), Lifeguard.ON, new LocalHealth(8));
  }

  private static Member member(String name, long boot, long incarnation) {
    return new Member(
        NodeId.of(name),
        new Address("10.0.0.1", 1),
        incarnation,
        boot,
        MemberState.ALIVE,
        Member.checked(Map.of()));
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
}
