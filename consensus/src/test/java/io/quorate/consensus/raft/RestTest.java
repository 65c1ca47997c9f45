package io.quorate.consensus.raft;

import static io.quorate.consensus.raft.OneCore.A;
import static io.quorate.consensus.raft.OneCore.B;
import static io.quorate.consensus.raft.OneCore.C;
import static io.quorate.consensus.raft.OneCore.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.PreVote;
import io.quorate.consensus.raft.Message.PreVoteReply;
import io.quorate.consensus.raft.Message.Rest;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A group without work stops its timers, and wakes for whatever comes. */
class RestTest {
  private static final Duration QUIET = Duration.ofSeconds(3);

  @Test
  void a_leader_lets_its_group_rest_only_once_all_members_have_everything() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.pass(60).acknowledge(B, 1);
    one.pass(60).acknowledge(B, 1);

    one.step(new Input.Rest(7, one.nowNanos));
    assertThat(one.core.resting()).isFalse();
    one.acknowledge(C, 1);
    one.step(new Input.Rest(7, one.nowNanos));

    assertThat(one.core.resting()).isTrue();
    assertThat(one.sent(Rest.class)).containsExactly(new Rest(1, 1, 7), new Rest(1, 1, 7));
  }

  @Test
  void a_leader_that_was_just_used_does_not_rest() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);

    one.step(new Input.Rest(7, one.nowNanos));

    assertThat(one.core.resting()).isFalse();
  }

  @Test
  void a_leader_that_rests_says_nothing_until_it_is_used_and_then_all_hear_it() {
    OneCore one = restingLeader();

    for (int i = 0; i < 100; i++) {
      one.pass(10);
      assertThat(one.effects).isEmpty();
    }
    one.propose("x");

    assertThat(one.core.resting()).isFalse();
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    assertThat(one.sent(Append.class)).hasSize(4);
    one.pass(100);
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
  }

  @Test
  void a_leader_that_rests_wakes_for_a_node_that_wants_to_lead() {
    OneCore one = restingLeader().pass(10_000);

    one.receive(C, new PreVote(2, 1, 1));

    assertThat(one.core.resting()).isFalse();
    assertThat(one.sent(Append.class)).hasSize(2);
    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(1, 2, false));
  }

  @Test
  void a_leader_that_wakes_and_hears_nobody_steps_down() {
    OneCore one = restingLeader().pass(10_000);

    one.step(new Input.Wake(true, one.nowNanos));
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    one.pass(500);

    assertThat(one.core.role()).isNotEqualTo(Role.LEADER);
  }

  @Test
  void a_lease_ends_during_a_rest_and_a_read_after_it_asks_a_majority() {
    OneCore one = restingLeader().pass(10_000);
    assertThat(one.core.lease()).isNull();

    one.step(new Input.Read(1, true, one.nowNanos));

    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
    long round = one.sent(Append.class).get(0).round();
    one.answerRound(B, round, 1);
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
    one.answerRound(B, round + 1, 1);
    assertThat(one.effect(Effect.ReadReady.class)).isPresent();
  }

  @Test
  void a_follower_that_rests_never_campaigns_and_helps_no_candidate() {
    OneCore one = restingFollower().pass(10_000);
    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);

    one.receive(C, new PreVote(2, 1, 1));

    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(1, 2, false));
    assertThat(one.core.resting()).isTrue();
    one.receive(C, new Message.Vote(2, 1, 1, false));
    assertThat(one.core.term()).isEqualTo(1);
  }

  @Test
  void a_follower_helps_the_leader_it_rests_under_which_then_leads_no_more() {
    OneCore one = restingFollower().pass(10_000);

    one.receive(B, new PreVote(2, 1, 1));

    assertThat(one.core.resting()).isFalse();
    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(1, 2, true));
  }

  @Test
  void a_follower_whose_leader_s_node_falls_silent_campaigns_soon() {
    OneCore one = restingFollower().pass(10_000);

    one.step(new Input.Wake(true, one.nowNanos));
    one.pass(100);

    assertThat(one.core.role()).isEqualTo(Role.PRE_CANDIDATE);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 2})
  void a_follower_that_lacks_something_does_not_rest(long index) {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 1, 1, List.of(entry(1, "x")))).sync();

    one.receive(B, new Rest(1, index, 7));

    assertThat(one.core.resting()).isFalse();
  }

  @Test
  void a_group_without_work_rests_on_all_nodes_and_serves_whoever_comes() {
    try (CounterCluster cluster = cluster(1)) {
      cluster.add(0, 1);
      cluster.simulation.run(QUIET);
      assertResting(cluster, 1);

      assertThat(cluster.add(1, 1)).isEqualTo(2);
      assertThat(cluster.read(2, Read.LINEARIZABLE)).isEqualTo(2);
      cluster.simulation.run(QUIET);
      assertResting(cluster, 1);
      assertThat(cluster.read(0, Read.LEASE)).isEqualTo(2);
      assertThat(cluster.read(1, Read.stale(Duration.ofMillis(300)))).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void the_death_of_the_leader_of_a_resting_group_is_noticed(long seed) {
    try (CounterCluster cluster = cluster(seed)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = restingLeader(cluster);

      leader.crash();
      cluster.simulation.run(QUIET);

      // Nobody has asked for anything: the nodes themselves have noticed.
      SimNode<CounterCluster.Service> next = cluster.awaitLeader();
      assertThat(next.id()).isNotEqualTo(leader.id());
      assertThat(cluster.add(cluster.nodes.indexOf(next), 1)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void a_leader_of_a_resting_group_that_restarts_at_once_is_noticed(long seed) {
    try (CounterCluster cluster = cluster(seed)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = restingLeader(cluster);

      leader.crash();
      leader.restart();

      assertThat(cluster.add(cluster.nodes.indexOf(leader), 1)).isEqualTo(2);
      cluster.simulation.run(QUIET);
      assertResting(cluster, 1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void a_resting_leader_that_is_cut_off_steps_down_and_the_others_go_on(long seed) {
    try (CounterCluster cluster = cluster(seed)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = restingLeader(cluster);

      cluster.simulation.network().isolate(leader.id());
      cluster.simulation.run(QUIET);

      assertThat(leader.service().counter().status().role()).isNotEqualTo(Role.LEADER);
      SimNode<CounterCluster.Service> next = cluster.awaitLeader();
      assertThat(cluster.add(cluster.nodes.indexOf(next), 1)).isEqualTo(2);
      cluster.simulation.network().heal();
      assertThat(cluster.read(cluster.nodes.indexOf(leader), Read.LINEARIZABLE)).isEqualTo(2);
      cluster.simulation.run(QUIET);
      assertResting(cluster, 1);
    }
  }

  @Test
  void a_group_with_a_dead_member_does_not_rest() {
    try (CounterCluster cluster = cluster(9)) {
      cluster.add(0, 1);
      SimNode<CounterCluster.Service> leader = restingLeader(cluster);
      int dead = cluster.nodes.get(0) == leader ? 1 : 0;
      int other = 3 - dead - cluster.nodes.indexOf(leader);

      cluster.nodes.get(dead).crash();
      cluster.simulation.run(QUIET);

      assertThat(leader.service().raft().pulse().restingGroups()).isZero();
      assertThat(cluster.add(other, 1)).isEqualTo(2);
    }
  }

  private static CounterCluster cluster(long seed) {
    return new CounterCluster(Simulation.seeded(seed), 3, RaftOptions.defaults());
  }

  private static SimNode<CounterCluster.Service> restingLeader(CounterCluster cluster) {
    cluster.simulation.run(QUIET);
    assertResting(cluster, 1);
    return cluster.awaitLeader();
  }

  private static void assertResting(CounterCluster cluster, int groups) {
    for (SimNode<CounterCluster.Service> node : cluster.nodes) {
      assertThat(node.service().raft().pulse().restingGroups()).isEqualTo(groups);
    }
  }

  private static OneCore restingLeader() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);
    for (NodeId peer : List.of(B, C, B, C, B, C)) {
      one.pass(20).acknowledge(peer, 1);
    }
    one.step(new Input.Rest(7, one.nowNanos));
    assertThat(one.core.resting()).isTrue();
    return one;
  }

  private static OneCore restingFollower() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 1, 1, List.of(entry(1, "x")))).sync();
    one.receive(B, new Rest(1, 1, 7));
    assertThat(one.core.resting()).isTrue();
    assertThat(one.core.leader()).contains(B);
    assertThat(B).isNotEqualTo(A);
    return one;
  }
}
