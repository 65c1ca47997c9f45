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
import io.quorate.consensus.raft.Message.Chunk;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.consensus.raft.Message.ReadIndex;
import io.quorate.consensus.raft.Message.ReadIndexReply;
import io.quorate.core.NodeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Items 19 to 22, 25, 26, and 28 to 30 of the correctness checklist. */
class MembershipAndReadsTest {
  private static final Configuration THREE =
      OneCore.inBirth(Configuration.of(List.of(A, B, C)));
  private static final Configuration WITHOUT_C = Configuration.of(List.of(A, B));
  private static final Configuration WITH_D = Configuration.of(List.of(A, B, C, D));

  @Test
  void item_19_no_change_before_an_entry_of_the_current_term_is_committed() {
    OneCore one = OneCore.ofThree().lead(B);

    assertThat(refusal(change(one, WITHOUT_C))).contains(Refusal.NOT_READY);
    one.acknowledge(B, 1);
    assertThat(change(one, WITHOUT_C).effect(Effect.ChangeEnded.class)).isEmpty();
  }

  @Test
  void item_19_no_second_change_while_one_is_under_way() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    change(one, WITHOUT_C);

    assertThat(refusal(change(one, Configuration.of(List.of(A)))))
        .contains(Refusal.CHANGE_UNDER_WAY);
  }

  @Test
  void item_35_a_node_that_was_never_heard_cannot_be_made_a_voter() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    assertThat(refusal(change(one, WITH_D))).contains(Refusal.NOT_READY);

    change(one, Configuration.of(List.of(A, B, C), List.of(D))).sync().acknowledge(B, 2);
    one.acknowledge(D, 2);

    assertThat(change(one, WITH_D).effect(Effect.ChangeEnded.class)).isEmpty();
    assertThat(one.core.log().configuration().births()).containsEntry(D, OneCore.BIRTH);
  }

  @Test
  void item_35_a_new_group_notes_the_births_of_all_who_elect_its_first_leader() {
    OneCore one = new OneCore(A, recoveredOf(Configuration.of(List.of(A, B, C))), 1);
    one.awaitPreVote();
    one.receive(B, new Message.PreVoteReply(0, 1, true)).sync();

    one.receive(new Member(B, 7), new Message.VoteReply(1, true));
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    one.receive(new Member(C, 8), new Message.VoteReply(1, true));

    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    assertThat(one.core.log().configuration().births())
        .isEqualTo(Map.of(A, OneCore.BIRTH, B, 7L, C, 8L));
  }

  @Test
  void item_35_a_new_group_asks_one_that_does_not_answer_again_and_waits_for_four_heartbeats() {
    OneCore one = new OneCore(A, recoveredOf(Configuration.of(List.of(A, B, C))), 1);
    one.awaitPreVote();
    one.receive(B, new Message.PreVoteReply(0, 1, true)).sync();
    one.receive(new Member(B, 7), new Message.VoteReply(1, true));

    one.pass(20);
    assertThat(one.sent(Message.Vote.class)).hasSize(1);
    one.pass(55);
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    one.pass(10);

    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    assertThat(one.core.log().configuration().births())
        .isEqualTo(Map.of(A, OneCore.BIRTH, B, 7L));
  }

  @Test
  void item_35_one_that_has_voted_for_another_is_asked_in_a_new_term_before_a_group_is_founded() {
    OneCore one = new OneCore(A, recoveredOf(Configuration.of(List.of(A, B, C))), 1);
    one.awaitPreVote();
    one.receive(B, new Message.PreVoteReply(0, 1, true)).sync();
    one.receive(new Member(C, 8), new Message.VoteReply(1, false));
    one.receive(new Member(B, 7), new Message.VoteReply(1, true));

    one.pass(50).sync();
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    long term = one.core.term();
    assertThat(term).isGreaterThan(1);
    one.receive(new Member(B, 7), new Message.VoteReply(term, true));
    one.receive(new Member(C, 8), new Message.VoteReply(term, true)).sync();

    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    assertThat(one.core.log().configuration().births())
        .isEqualTo(Map.of(A, OneCore.BIRTH, B, 7L, C, 8L));
  }

  /** It looks like one that has lost its directory, and may be one. */
  @Test
  void item_35_a_first_voter_that_comes_late_counts_once_it_has_caught_up() {
    Configuration founded =
        Configuration.of(List.of(A, B, C))
            .withBirths(Map.of(A, OneCore.BIRTH, B, OneCore.BIRTH));
    OneCore one = new OneCore(A, recoveredOf(founded), 1);
    one.awaitPreVote();
    one.receive(C, new Message.PreVoteReply(0, 1, true));
    assertThat(one.core.role()).isEqualTo(Role.PRE_CANDIDATE);
    one.receive(B, new Message.PreVoteReply(0, 1, true)).sync();
    one.receive(C, new Message.VoteReply(1, true));
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    one.receive(B, new Message.VoteReply(1, true)).sync();
    assertThat(one.core.role()).isEqualTo(Role.LEADER);

    one.acknowledge(C, 1);
    assertThat(one.core.commitIndex()).isZero();
    one.acknowledge(B, 1).pass(5);
    assertThat(one.core.log().configuration().isJoint()).isTrue();
    one.sync().acknowledge(C, 2).acknowledge(B, 2).sync();

    assertThat(one.core.log().configuration().isJoint()).isFalse();
    assertThat(one.core.log().configuration().births()).containsEntry(C, OneCore.BIRTH);
  }

  /** It may campaign, since it does not know yet that it does not count. */
  @Test
  void item_35_a_first_voter_that_does_not_count_leads_without_counting_itself() {
    Configuration first = Configuration.of(List.of(A, B, C));
    Configuration founded = first.withBirths(Map.of(B, OneCore.BIRTH, C, OneCore.BIRTH));
    Entry birth = Entry.of(Proposal.configuration(founded), 1, 0);
    SnapshotMark mark = SnapshotMark.initial(first);
    OneCore one =
        new OneCore(new RaftCore.Recovered(1, null, mark, null, List.of(birth))).awaitPreVote();
    one.receive(B, new Message.PreVoteReply(1, 2, true));
    one.receive(C, new Message.PreVoteReply(1, 2, true)).sync();
    one.receive(B, new Message.VoteReply(2, true));
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    one.receive(C, new Message.VoteReply(2, true)).sync();
    assertThat(one.core.role()).isEqualTo(Role.LEADER);

    assertThat(one.acknowledge(B, 2).core.commitIndex()).isZero();
    assertThat(one.acknowledge(C, 2).core.commitIndex()).isEqualTo(2);
    one.step(new Input.Read(1, false, one.nowNanos));
    one.answerRound(B, one.sent(Append.class).get(0).round(), 2);
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();

    one.pass(5).sync();
    one.acknowledge(B, 3).acknowledge(C, 3);
    assertThat(one.core.log().configuration().births()).containsEntry(A, OneCore.BIRTH);
  }

  @Test
  void item_35_a_first_voter_that_was_never_heard_does_not_campaign() {
    Configuration founded =
        Configuration.of(List.of(A, B, C)).withBirths(Map.of(B, 1L, C, 1L));
    OneCore one = new OneCore(A, recoveredOf(founded), 1);

    one.pass(2_000);

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
  }

  @Test
  void item_35_one_that_has_lost_its_directory_elects_nobody() {
    OneCore one = OneCore.ofThree().awaitPreVote();
    Member reborn = new Member(B, 9);

    one.receive(reborn, new Message.PreVoteReply(0, 1, true));
    assertThat(one.core.role()).isEqualTo(Role.PRE_CANDIDATE);
    one.receive(C, new Message.PreVoteReply(0, 1, true)).sync();
    one.receive(reborn, new Message.VoteReply(1, true));
    assertThat(one.core.role()).isEqualTo(Role.CANDIDATE);
    one.receive(C, new Message.VoteReply(1, true));
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
  }

  @Test
  void item_35_one_that_has_lost_its_directory_does_not_campaign() {
    OneCore one =
        new OneCore(A, recoveredOf(THREE.withBirths(Map.of(A, 8L, B, 1L, C, 1L))), 1);

    one.pass(2_000);

    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
  }

  @Test
  void item_35_one_that_has_lost_its_directory_commits_nothing_until_it_has_caught_up() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.propose("x").sync();
    Member reborn = new Member(B, 9);

    one.receive(reborn, new Message.AppendReply(1, 0, true, 2, 0));
    assertThat(one.core.commitIndex()).isEqualTo(1);
    one.acknowledge(C, 2);
    assertThat(one.core.commitIndex()).isEqualTo(2);

    one.pass(5);
    assertThat(one.core.log().configuration().isJoint()).isTrue();
    one.sync().receive(reborn, new Message.AppendReply(1, 0, true, 3, 0));
    one.acknowledge(C, 3).sync();
    assertThat(one.core.log().configuration().isJoint()).isFalse();
    assertThat(one.core.log().configuration().births()).containsEntry(B, 9L);
  }

  private static RaftCore.Recovered recoveredOf(Configuration configuration) {
    return new RaftCore.Recovered(
        0, null, SnapshotMark.initial(configuration), null, List.of());
  }

  @Test
  void item_19_of_two_changes_made_up_at_one_time_the_second_is_refused() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    one.step(new Input.Change(7, WITH_D, one.nowNanos));

    assertThat(refusal(one)).contains(Refusal.STALE_CONFIGURATION);
  }

  @Test
  void the_last_voter_cannot_be_removed() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);

    assertThat(refusal(change(one, Configuration.of(List.of())))).contains(Refusal.NO_VOTERS);
  }

  @Test
  void item_20_a_joint_configuration_needs_both_majorities() {
    Configuration joint =
        Configuration.of(List.of(A, B, C)).jointWith(Configuration.of(List.of(C, D, E)));

    assertThat(joint.majority((node, birth) -> List.of(A, B, C).contains(node))).isFalse();
    assertThat(joint.majority((node, birth) -> List.of(C, D, E).contains(node))).isFalse();
    assertThat(joint.majority((node, birth) -> List.of(A, C, D).contains(node))).isTrue();
  }

  private static final NodeId E = NodeId.of("e");

  @Test
  void item_20_a_change_is_joint_first_then_settled_and_a_removed_leader_leaves() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);
    change(one, Configuration.of(List.of(B, C))).sync();
    assertThat(one.core.log().configuration().isJoint()).isTrue();

    one.acknowledge(B, 2);
    one.acknowledge(C, 2);
    assertThat(one.core.log().configuration().voters()).containsExactly(B, C);
    assertThat(one.core.log().configuration().isJoint()).isFalse();
    assertThat(one.core.role()).isEqualTo(Role.LEADER);
    one.sync().acknowledge(B, 3);
    assertThat(one.core.commitIndex()).isEqualTo(2);
    one.acknowledge(C, 3);

    assertThat(one.core.commitIndex()).isEqualTo(3);
    assertThat(one.core.role()).isEqualTo(Role.FOLLOWER);
    assertThat(one.sent(Message.TimeoutNow.class)).hasSize(1);
  }

  @Test
  void item_21_a_configuration_goes_back_with_the_log() {
    OneCore one = OneCore.ofThree();
    Entry change = Entry.of(Proposal.configuration(WITH_D), 1, 0);
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of(entry(1, "x"), change)));
    assertThat(one.core.log().configuration()).isEqualTo(WITH_D);

    one.receive(C, new Append(2, 1, 1, 0, 1, List.of(entry(2, "y"))));

    assertThat(one.core.log().configuration()).isEqualTo(THREE);
    assertThat(one.effect(Effect.Reconfigured.class).orElseThrow().configuration())
        .isEqualTo(THREE);
  }

  @Test
  void item_21_a_configuration_is_found_in_the_log_after_a_restart() {
    Entry change = Entry.of(Proposal.configuration(WITH_D), 1, 0);

    OneCore one = new OneCore(recovered(1, null, THREE, entry(1, "x"), change));

    assertThat(one.core.log().configuration()).isEqualTo(WITH_D);
    assertThat(one.core.log().configurationIndex()).isEqualTo(2);
  }

  @Test
  void item_22_a_snapshot_carries_the_configuration_as_of_its_index_with_its_own_index() {
    Entry change = Entry.of(Proposal.configuration(WITH_D), 1, 0);
    OneCore one =
        new OneCore(
            recovered(1, null, THREE, entry(1, "x"), change, entry(1, "y"), entry(1, "z")));

    assertThat(one.core.log().markAt(1, 0).configuration()).isEqualTo(THREE);
    assertThat(one.core.log().markAt(3, 0).configuration()).isEqualTo(WITH_D);
    assertThat(one.core.log().markAt(3, 0).configurationIndex()).isEqualTo(2);
  }

  @Test
  void item_25_a_snapshot_keeps_a_log_that_goes_on_from_it_and_replaces_one_that_does_not() {
    OneCore agreeing = new OneCore(recovered(1, null, THREE, entry(1, "a"), entry(1, "b")));
    OneCore parted = new OneCore(recovered(1, null, THREE, entry(1, "a"), entry(1, "b")));

    install(agreeing, new SnapshotMark(1, 1, 0, 0, THREE));
    install(parted, new SnapshotMark(1, 2, 0, 0, THREE));

    assertThat(agreeing.core.log().lastIndex()).isEqualTo(2);
    assertThat(agreeing.core.commitIndex()).isEqualTo(1);
    assertThat(parted.core.log().lastIndex()).isEqualTo(1);
    assertThat(parted.effect(Effect.Persist.class).orElseThrow().reset()).isPresent();
  }

  @Test
  void item_25_an_old_snapshot_never_moves_the_state_back() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 2, 1, List.of(entry(1, "a"), entry(1, "b"))));

    install(one, new SnapshotMark(1, 1, 0, 0, THREE));

    assertThat(one.effect(Effect.Restore.class)).isEmpty();
    assertThat(one.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void item_26_chunks_are_taken_in_order_and_asked_for_again_after_a_loss() {
    OneCore one = OneCore.ofThree();
    SnapshotId id = new SnapshotId(9, 1, 6, 1);
    one.receive(B, new Chunk(1, id, 0, new byte[3]));
    assertThat(one.effect(Effect.StoreChunk.class)).isPresent();
    one.receive(B, new Chunk(1, id, 0, new byte[3]));
    assertThat(one.effect(Effect.StoreChunk.class)).isEmpty();
    one.step(new Input.ChunkStored(id, 3, one.nowNanos));
    assertThat(one.sent(ChunkReply.class)).containsExactly(new ChunkReply(1, id, 3, false));

    one.receive(B, new Chunk(1, id, 5, new byte[1]));
    assertThat(one.sent(ChunkReply.class)).containsExactly(new ChunkReply(1, id, 3, false));
    one.receive(C, new Chunk(2, id, 0, new byte[3]));
    assertThat(one.sent(ChunkReply.class)).containsExactly(new ChunkReply(2, id, 3, false));
  }

  @Test
  void item_26_a_snapshot_that_arrived_damaged_is_asked_for_from_its_beginning() {
    OneCore one = OneCore.ofThree();
    SnapshotId id = new SnapshotId(9, 1, 3, 1);
    one.receive(B, new Chunk(1, id, 0, new byte[3]));

    one.step(new Input.ChunkStored(id, 0, one.nowNanos));

    assertThat(one.sent(ChunkReply.class)).containsExactly(new ChunkReply(1, id, 0, false));
  }

  @Test
  void item_28_a_read_waits_for_an_entry_of_the_current_term_and_for_a_round_after_it_asked() {
    OneCore one = OneCore.ofThree().lead(B);
    one.step(new Input.Read(1, false, one.nowNanos));
    assertThat(one.sent(Append.class)).isEmpty();
    one.answerRound(B, 1, 1);
    long round = one.sent(Append.class).get(0).round();
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();

    one.answerRound(B, round - 1, 1);
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
    one.answerRound(B, round, 1);
    assertThat(one.effect(Effect.ReadReady.class)).contains(new Effect.ReadReady(1, 1));
  }

  @Test
  void item_28_answers_of_another_term_confirm_nothing() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Read(1, false, one.nowNanos));
    long round = one.sent(Append.class).get(0).round();

    one.receive(B, new AppendReply(one.core.term() - 1, round, true, 1, 0));

    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
  }

  @Test
  void item_28_a_leader_that_steps_down_fails_its_readers() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Read(1, false, one.nowNanos));

    one.receive(B, new Append(9, 0, 0, 0, 1, List.of()));

    assertThat(one.effect(Effect.ReadFailed.class)).contains(new Effect.ReadFailed(1));
  }

  @Test
  void item_28_a_follower_asks_the_leader_and_takes_no_answer_to_another_question() {
    OneCore one = OneCore.ofThree().receive(B, new Append(1, 0, 0, 0, 1, List.of()));
    one.step(new Input.Read(5, false, one.nowNanos));
    long asked = one.sent(ReadIndex.class).get(0).id();

    one.receive(B, new ReadIndexReply(1, asked + 1, true, 3));
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
    one.receive(B, new ReadIndexReply(1, asked, true, 3));
    assertThat(one.effect(Effect.ReadReady.class)).contains(new Effect.ReadReady(5, 3));
    one.receive(B, new ReadIndexReply(1, asked, true, 4));
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
  }

  @Test
  void item_29_a_lease_lasts_from_when_the_round_began_not_from_its_answer() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Read(1, false, one.nowNanos));
    long round = one.sent(Append.class).get(0).round();
    one.nowNanos += 60 * OneCore.MILLI;
    one.answerRound(B, round, 1);

    one.step(new Input.Read(2, true, one.nowNanos));
    assertThat(one.effect(Effect.ReadReady.class)).contains(new Effect.ReadReady(2, 1));
    one.nowNanos += 20 * OneCore.MILLI;
    one.step(new Input.Read(3, true, one.nowNanos));
    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
  }

  @Test
  void item_29_an_answer_to_an_earlier_round_lengthens_no_lease_of_a_later_one() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.step(new Input.Read(1, false, one.nowNanos));
    long round = one.sent(Append.class).get(0).round();
    one.pass(50);
    one.answerRound(B, round, 1);

    one.nowNanos += 30 * OneCore.MILLI;
    one.step(new Input.Read(2, true, one.nowNanos));

    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
  }

  @Test
  void item_29_a_lease_is_shorter_than_the_promise_of_the_voters() {
    CoreOptions options = CoreOptions.defaults();

    assertThat(options.leaseNanos())
        .isLessThanOrEqualTo(options.electionTimeoutNanos() * 3 / 4);
  }

  @Test
  void item_29_after_a_transfer_was_begun_no_lease_holds_in_this_term() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);
    one.step(new Input.Read(1, false, one.nowNanos));
    one.answerRound(B, one.sent(Append.class).get(0).round(), 1);

    one.step(new Input.Transfer(Optional.of(B), one.nowNanos));
    one.step(new Input.Read(2, true, one.nowNanos));

    assertThat(one.effect(Effect.ReadReady.class)).isEmpty();
  }

  @Test
  void item_30_one_dead_peer_does_not_keep_readers_waiting() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    for (int i = 0; i < 20; i++) {
      one.step(new Input.Read(i, false, one.nowNanos));
      long round = one.sent(Append.class).get(0).round();
      one.answerRound(B, round, 1);

      assertThat(one.effect(Effect.ReadReady.class)).contains(new Effect.ReadReady(i, 1));
    }
  }

  private static OneCore change(OneCore one, Configuration target) {
    return one.step(new Input.Change(-1, target, one.nowNanos));
  }

  private static Optional<Refusal> refusal(OneCore one) {
    return one.effect(Effect.ChangeEnded.class).orElseThrow().refusal();
  }

  private static void install(OneCore one, SnapshotMark mark) {
    one.step(
        new Input.SnapshotReceived(
            new SnapshotId(mark.index(), mark.term(), 1, 1), mark, one.nowNanos));
  }
}
