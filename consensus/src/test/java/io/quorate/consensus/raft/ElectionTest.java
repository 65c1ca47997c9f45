package io.quorate.consensus.raft;

import static io.quorate.consensus.raft.OneCore.A;
import static io.quorate.consensus.raft.OneCore.B;
import static io.quorate.consensus.raft.OneCore.C;
import static io.quorate.consensus.raft.OneCore.D;
import static io.quorate.consensus.raft.OneCore.entry;
import static io.quorate.consensus.raft.OneCore.recovered;
import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.PreVote;
import io.quorate.consensus.raft.Message.PreVoteReply;
import io.quorate.consensus.raft.Message.TimeoutNow;
import io.quorate.consensus.raft.Message.Vote;
import io.quorate.consensus.raft.Message.VoteReply;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Items 1 to 9 of the correctness checklist, and sections 5.1, 5.2 and 5.4.1 of the paper. */
class ElectionTest {
  private static final Configuration THREE = Configuration.of(List.of(A, B, C));

  @Test
  void item_01_a_request_for_votes_waits_until_term_and_vote_are_durable() {
    OneCore one = OneCore.ofThree().awaitPreVote();

    one.receive(B, new PreVoteReply(0, 1, true));

    Effect.Persist persist = one.effect(Effect.Persist.class).orElseThrow();
    assertThat(persist.term()).isEqualTo(1);
    assertThat(persist.vote()).contains(A);
    assertThat(one.send(B, Vote.class).orElseThrow().barrier()).isEqualTo(persist.number());
    assertThat(one.effects.indexOf(persist))
        .isLessThan(one.effects.indexOf(one.send(B, Vote.class).orElseThrow()));
  }

  @Test
  void item_01_a_grant_waits_until_term_and_vote_are_durable_as_one_unit() {
    OneCore one = OneCore.ofThree().receive(B, new Vote(7, 0, 0, false));

    Effect.Persist persist = one.effect(Effect.Persist.class).orElseThrow();
    Effect.Send grant = one.send(B, VoteReply.class).orElseThrow();
    assertThat(grant.message()).isEqualTo(new VoteReply(7, true));
    assertThat(persist.term()).isEqualTo(7);
    assertThat(persist.vote()).contains(B);
    assertThat(grant.barrier()).isEqualTo(persist.number());
  }

  @Test
  void item_02_a_candidate_whose_own_vote_is_not_durable_does_not_lead() {
    OneCore one = OneCore.ofThree().awaitPreVote();
    one.receive(B, new PreVoteReply(0, 1, true));
    one.receive(B, new VoteReply(1, true)).receive(C, new VoteReply(1, true));
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);

    one.sync();

    assertThat(one.core.role()).isEqualTo(Role.LEADER);
  }

  @Test
  void item_03_a_higher_term_clears_the_vote_in_the_same_unit() {
    OneCore one = OneCore.ofThree().receive(B, new Vote(1, 0, 0, false)).sync();

    one.receive(C, new VoteReply(5, false));

    Effect.Persist persist = one.effect(Effect.Persist.class).orElseThrow();
    assertThat(persist.term()).isEqualTo(5);
    assertThat(persist.vote()).isEmpty();
  }

  @Test
  void item_03_a_rejection_with_a_higher_term_is_no_vote() {
    OneCore one = OneCore.ofThree().awaitPreVote();
    one.receive(B, new PreVoteReply(0, 1, true)).sync();

    one.receive(B, new VoteReply(2, false)).receive(C, new VoteReply(2, false)).sync();

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(one.core.term()).isEqualTo(2);
  }

  @Test
  void item_03_a_rejection_of_the_same_term_is_no_vote() {
    OneCore one = OneCore.ofThree().awaitPreVote();
    one.receive(B, new PreVoteReply(0, 1, true)).sync();

    one.receive(B, new VoteReply(1, false)).receive(C, new VoteReply(1, false));

    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
  }

  @Test
  void item_04_logs_are_compared_by_term_before_index() {
    RaftCore.Recovered log = recovered(3, null, THREE, entry(1, "x"), entry(3, "y"));

    assertThat(grants(log, new Vote(4, 9, 2, false))).isFalse();
    assertThat(grants(log, new Vote(4, 1, 3, false))).isFalse();
    assertThat(grants(log, new Vote(4, 2, 3, false))).isTrue();
    assertThat(grants(log, new Vote(5, 1, 4, false))).isTrue();
  }

  @Test
  void one_vote_is_given_in_a_term_also_to_one_that_asks_again() {
    OneCore one = OneCore.ofThree().receive(B, new Vote(1, 0, 0, false)).sync();

    one.receive(C, new Vote(1, 0, 0, false));
    assertThat(one.sent(VoteReply.class)).containsExactly(new VoteReply(1, false));
    one.receive(B, new Vote(1, 0, 0, false));
    assertThat(one.sent(VoteReply.class)).containsExactly(new VoteReply(1, true));
  }

  @Test
  void item_05_a_pre_vote_changes_nothing_at_the_granter() {
    OneCore one = OneCore.ofThree();

    one.receive(B, new PreVote(9, 0, 0));

    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(0, 9, true));
    assertThat(one.effect(Effect.Persist.class)).isEmpty();
    assertThat(one.core.term()).isZero();
    one.receive(C, new PreVote(9, 0, 0));
    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(0, 9, true));
  }

  @Test
  void item_05_no_pre_vote_is_granted_to_one_whose_log_is_behind() {
    OneCore one = new OneCore(recovered(3, null, THREE, entry(1, "x"), entry(3, "y")));

    one.pass(105).receive(B, new PreVote(4, 9, 2));
    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(3, 4, false));
    one.receive(B, new PreVote(4, 2, 3));
    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(3, 4, true));
  }

  @Test
  void followers_of_a_silent_leader_campaign_in_their_turn() {
    for (int seed = 0; seed < 50; seed++) {
      long first = silenceUntilPreVote(A, seed);
      long second = silenceUntilPreVote(C, seed);

      assertThat(first).isBetween(100L, 155L);
      assertThat(second).isBetween(150L, 205L);
    }
  }

  /** Milliseconds from the last sign of life of the leader B until {@code self} speaks up. */
  private static long silenceUntilPreVote(NodeId self, long seed) {
    OneCore one = new OneCore(self, recovered(0, null, THREE), seed);
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of())).sync().pass(5);
    one.receive(B, new Append(1, 0, 0, 0, 2, List.of()));
    long since = one.nowNanos;
    return (one.awaitPreVote().nowNanos - since) / OneCore.MILLI;
  }

  @Test
  void item_05_a_granted_pre_vote_is_no_contact_with_a_leader() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of()));
    one.pass(105);
    one.receive(C, new PreVote(2, 0, 0));
    assertThat(one.sent(PreVoteReply.class).get(0).granted()).isTrue();

    one.receive(C, new Vote(2, 0, 0, false));

    assertThat(one.sent(VoteReply.class)).containsExactly(new VoteReply(2, true));
  }

  @Test
  void item_06_a_rejected_pre_vote_brings_the_requester_to_the_higher_term() {
    OneCore one = OneCore.ofThree().awaitPreVote();

    one.receive(B, new PreVoteReply(6, 1, false));

    assertThat(one.core.term()).isEqualTo(6);
    assertThat(one.sync().awaitPreVote().sent(PreVote.class).get(0).term()).isEqualTo(7);
  }

  @Test
  void item_06_a_pre_vote_for_a_term_that_is_not_new_is_rejected_with_the_term() {
    OneCore one = new OneCore(recovered(6, null, THREE));

    one.pass(105).receive(B, new PreVote(6, 0, 0));

    assertThat(one.sent(PreVoteReply.class)).containsExactly(new PreVoteReply(6, 6, false));
  }

  @Test
  void item_07_a_leader_without_a_quorum_steps_down_and_is_silent() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    one.pass(400);

    assertThat(one.core.role()).isNotEqualTo(Role.LEADER);
    assertThat(one.sent(Append.class)).isEmpty();
  }

  @Test
  void item_07_a_follower_that_hears_its_leader_helps_no_other_candidate() {
    OneCore one = OneCore.ofThree().receive(B, new Append(1, 0, 0, 0, 1, List.of()));

    one.receive(C, new Vote(2, 5, 1, false));
    assertThat(one.sent(VoteReply.class)).isEmpty();
    assertThat(one.core.term()).isEqualTo(1);
    one.receive(C, new PreVote(2, 5, 1));
    assertThat(one.sent(PreVoteReply.class).get(0).granted()).isFalse();
    one.receive(C, new Vote(2, 5, 1, true));
    assertThat(one.sent(VoteReply.class)).containsExactly(new VoteReply(2, true));
  }

  @Test
  void item_29_a_restarted_node_asks_for_votes_once_what_it_may_have_promised_has_ended() {
    OneCore restarted = new OneCore(recovered(1, null, THREE));
    long startedNanos = restarted.nowNanos;

    restarted.awaitPreVote();

    assertThat(restarted.nowNanos - startedNanos)
        .isBetween(OneCore.OPTIONS.electionTimeoutNanos(), 120 * OneCore.MILLI);
    OneCore fresh = OneCore.ofThree().awaitPreVote();
    assertThat(fresh.nowNanos - startedNanos).isLessThan(OneCore.OPTIONS.electionTimeoutNanos());
  }

  @Test
  void item_07_a_node_that_restarts_keeps_the_promise_it_may_have_made_before() {
    OneCore fresh = new OneCore(THREE);
    OneCore restarted = new OneCore(recovered(1, null, THREE));

    assertThat(fresh.receive(B, new Vote(2, 0, 0, false)).sent(VoteReply.class)).hasSize(1);
    assertThat(restarted.receive(B, new Vote(2, 0, 0, false)).sent(VoteReply.class)).isEmpty();
    restarted.pass(105).receive(B, new Vote(2, 0, 0, false));
    assertThat(restarted.sent(VoteReply.class)).containsExactly(new VoteReply(2, true));
  }

  @Test
  void item_08_a_transfer_lets_the_target_campaign_at_once_and_once() {
    OneCore one = OneCore.ofThree().receive(B, new Append(1, 0, 0, 0, 1, List.of())).sync();

    one.receive(B, new TimeoutNow(1));
    assertThat(one.sent(Vote.class)).extracting(Vote::transfer).containsOnly(true);
    one.receive(B, new TimeoutNow(1));
    assertThat(one.sent(Vote.class)).isEmpty();
    one.sync().awaitPreVote().receive(B, new PreVoteReply(2, 3, true));
    assertThat(one.sent(Vote.class)).extracting(Vote::transfer).containsOnly(false);
  }

  @Test
  void item_08_a_transfer_waits_for_the_target_s_log_and_refuses_commands_meanwhile() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    one.step(new Input.Transfer(Optional.of(C), one.nowNanos));
    assertThat(one.sent(TimeoutNow.class)).isEmpty();
    one.propose("x");
    assertThat(one.effect(Effect.Refused.class).orElseThrow().reason())
        .isEqualTo(Refusal.TRANSFERRING);
    one.acknowledge(C, 1);
    assertThat(one.send(C, TimeoutNow.class)).isPresent();
  }

  @Test
  void item_08_a_transfer_that_comes_to_nothing_ends_and_commands_are_taken_again() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Transfer(Optional.of(C), one.nowNanos));
    boolean ended = false;
    for (int i = 0; i < 50 && !ended; i++) {
      one.acknowledge(B, 1).pass(5);
      ended = one.effect(Effect.TransferEnded.class).isPresent();
    }

    assertThat(ended).isTrue();
    assertThat(one.propose("x").effect(Effect.Accepted.class)).isPresent();
  }

  @Test
  void a_leader_that_stops_leaves_office_and_has_the_one_furthest_along_campaign() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    one.step(new Input.Leave(one.nowNanos));

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(one.core.lease()).isNull();
    assertThat(one.send(B, TimeoutNow.class)).isPresent();
    assertThat(one.send(C, TimeoutNow.class)).isEmpty();
  }

  @Test
  void a_leader_that_stops_during_a_transfer_nominates_its_target_and_nobody_twice() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Transfer(Optional.of(C), one.nowNanos));

    one.step(new Input.Leave(one.nowNanos));

    assertThat(one.effect(Effect.TransferEnded.class).orElseThrow().handedOver()).isFalse();
    assertThat(one.send(C, TimeoutNow.class)).isPresent();
    assertThat(one.send(B, TimeoutNow.class)).isEmpty();

    OneCore two = OneCore.ofThree().leadAndCommit(B);
    two.step(new Input.Transfer(Optional.of(B), two.nowNanos));
    assertThat(two.sent(TimeoutNow.class)).hasSize(1);
    assertThat(two.step(new Input.Leave(two.nowNanos)).sent(TimeoutNow.class)).isEmpty();
  }

  @Test
  void a_follower_that_stops_says_nothing() {
    OneCore one = OneCore.ofThree().pass(5);

    assertThat(one.step(new Input.Leave(one.nowNanos)).effects).isEmpty();
  }

  @Test
  void item_09_a_leader_whose_disk_hangs_falls_silent_and_steps_down_and_does_not_campaign() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.propose("x");
    for (int i = 0; i < 100; i++) {
      one.pass(5);
      if (one.core.role() == Role.LEADER) {
        one.acknowledge(B, 1).acknowledge(C, 1);
      }
    }

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    one.pass(1_000);
    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    one.sync().awaitPreVote();
  }

  @Test
  void a_leader_of_a_newer_term_is_followed_and_an_older_one_is_told_the_term() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    one.receive(C, new Append(9, 0, 0, 0, 1, List.of()));
    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(one.core.leader()).contains(C);
    one.receive(B, new Append(2, 0, 0, 0, 1, List.of()));
    assertThat(one.sent(AppendReply.class)).extracting(AppendReply::term).containsExactly(9L);
  }

  @Test
  void item_23_who_is_no_voter_never_campaigns() {
    OneCore waiting = new OneCore(Configuration.of(List.of()));
    OneCore learner = new OneCore(Configuration.of(List.of(B, C, D), List.of(A)));

    waiting.pass(2_000);
    learner.pass(2_000);

    assertThat(waiting.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(learner.core.role()).isEqualTo(Role.FOLLOWER);
  }

  @Test
  void item_23_one_that_a_change_removes_may_be_needed_until_the_change_is_committed() {
    Configuration old = Configuration.of(List.of(A));
    Configuration target = Configuration.of(List.of(B));
    Entry joint = Entry.of(Proposal.configuration(old.jointWith(target)), 1, 0);
    Entry settled = Entry.of(Proposal.configuration(target), 1, 0);

    OneCore one = new OneCore(recovered(1, null, old, joint, settled));

    assertThat(one.awaitPreVote().send(B, PreVote.class)).isPresent();
  }

  @Test
  void item_38_a_follower_that_stood_still_listens_before_it_campaigns() {
    OneCore one = OneCore.ofThree().receive(B, new Append(1, 0, 0, 0, 1, List.of()));

    one.nowNanos += 5_000 * OneCore.MILLI;
    one.step(new Input.Tick(one.nowNanos));

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(one.sent(PreVote.class)).isEmpty();
  }

  @Test
  void item_39_a_single_voter_leads_by_itself_and_commits_only_what_is_durable() {
    OneCore one = new OneCore(Configuration.of(List.of(A)));
    while (one.core.role() != Role.CANDIDATE) {
      one.pass(5);
    }
    one.sync();
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    assertThat(one.core.commitIndex()).isZero();

    one.sync();

    assertThat(one.core.commitIndex()).isEqualTo(1);
  }

  private static boolean grants(RaftCore.Recovered log, Vote request) {
    OneCore one = new OneCore(log);
    one.pass(105).receive(B, request);
    return one.sent(VoteReply.class).get(0).granted();
  }
}
