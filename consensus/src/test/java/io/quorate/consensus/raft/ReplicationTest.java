package io.quorate.consensus.raft;

import static io.quorate.consensus.raft.OneCore.A;
import static io.quorate.consensus.raft.OneCore.B;
import static io.quorate.consensus.raft.OneCore.C;
import static io.quorate.consensus.raft.OneCore.D;
import static io.quorate.consensus.raft.OneCore.entry;
import static io.quorate.consensus.raft.OneCore.recovered;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Items 10 to 18 and 37 of the correctness checklist, and section 5.3 of the paper. */
class ReplicationTest {
  private static final Configuration THREE = Configuration.of(List.of(A, B, C));

  @Test
  void item_10_an_entry_of_an_earlier_term_is_committed_only_with_one_of_the_current_term() {
    OneCore one = new OneCore(recovered(1, null, THREE, entry(1, "old")));
    one.lead(B);

    one.acknowledge(B, 1);
    assertThat(one.core.commitIndex()).isZero();
    one.acknowledge(B, 2);
    assertThat(one.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void item_10_a_leader_begins_its_term_with_a_no_op() {
    OneCore one = OneCore.ofThree().lead(B);

    assertThat(one.core.log().entry(1).kind).isEqualTo(Entry.NOOP);
    assertThat(one.core.log().entry(1).term).isEqualTo(one.core.term());
  }

  @Test
  void item_11_a_sign_of_life_proves_only_what_it_named() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of(entry(1, "x"), entry(1, "y")))).sync();

    one.receive(B, new Append(1, 1, 1, 0, 2, List.of()));

    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(1, 2, true, 1, 0));
  }

  @Test
  void item_11_a_leader_stops_at_an_acknowledgement_of_what_it_never_had() {
    OneCore one = OneCore.ofThree().lead(B);

    assertThatThrownBy(() -> one.acknowledge(B, 99)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void item_12_an_old_append_does_not_shorten_a_log_that_agrees_with_it() {
    OneCore one = OneCore.ofThree();
    Entry x = entry(1, "x");
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of(x, entry(1, "y"), entry(1, "z"))));

    one.receive(B, new Append(1, 0, 0, 0, 1, List.of(x)));

    assertThat(one.core.log().lastIndex()).isEqualTo(3);
    assertThat(one.effect(Effect.Persist.class)).isEmpty();
  }

  @Test
  void item_12_an_empty_append_is_checked_like_any_other() {
    OneCore one = OneCore.ofThree();

    one.receive(B, new Append(1, 5, 1, 5, 1, List.of()));

    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(1, 1, false, 5, 1));
    assertThat(one.core.commitIndex()).isZero();
  }

  @Test
  void item_12_a_previous_entry_of_another_term_is_rejected_and_nothing_changes() {
    OneCore one = new OneCore(recovered(2, null, THREE, entry(1, "a"), entry(1, "b")));

    one.receive(B, new Append(3, 2, 2, 2, 1, List.of(entry(3, "c"))));

    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(3, 1, false, 2, 1));
    assertThat(one.core.log().lastIndex()).isEqualTo(2);
    assertThat(one.core.commitIndex()).isZero();
  }

  @Test
  void item_16_an_entry_sent_again_before_it_is_durable_is_not_acknowledged_earlier() {
    OneCore one = OneCore.ofThree().receive(B, new Append(1, 0, 0, 0, 1, List.of())).sync();
    Append append = new Append(1, 0, 0, 0, 2, List.of(entry(1, "x")));
    one.receive(B, append);
    long number = one.effect(Effect.Persist.class).orElseThrow().number();

    one.receive(B, append);

    assertThat(one.send(B, AppendReply.class).orElseThrow().barrier()).isEqualTo(number);
  }

  @Test
  void entries_that_conflict_are_replaced_with_all_that_follows_them() {
    OneCore one =
        new OneCore(recovered(2, null, THREE, entry(1, "a"), entry(2, "b"), entry(2, "c")));

    one.receive(B, new Append(3, 1, 1, 0, 1, List.of(entry(3, "d"))));

    assertThat(one.core.log().lastIndex()).isEqualTo(2);
    assertThat(one.core.log().termAt(2)).isEqualTo(3);
    assertThat(one.effect(Effect.Persist.class).orElseThrow().fromIndex()).isEqualTo(2);
  }

  @Test
  void a_leader_that_contradicts_what_is_committed_stops_the_node() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 1, 1, List.of(entry(1, "x"))));

    assertThatThrownBy(() -> one.receive(C, new Append(2, 0, 0, 0, 1, List.of(entry(2, "y")))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("committed");
  }

  @Test
  void item_13_a_follower_commits_no_further_than_the_request_proved() {
    OneCore one =
        new OneCore(recovered(1, null, THREE, entry(1, "a"), entry(1, "b"), entry(1, "c")));

    one.receive(B, new Append(2, 1, 1, 9, 1, List.of()));

    assertThat(one.core.commitIndex()).isEqualTo(1);
  }

  @Test
  void item_14_a_quorum_is_a_majority_of_voters_for_every_size() {
    for (int size = 1; size <= 7; size++) {
      List<NodeId> voters = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        voters.add(NodeId.of("v" + i));
      }
      Configuration configuration = Configuration.of(voters, List.of(NodeId.of("learner")));
      for (int reached = 0; reached <= size; reached++) {
        int count = reached;
        boolean majority =
            configuration.majority(
                (node, birth) ->
                    node.value().equals("learner") || voters.indexOf(node) < count);
        assertThat(majority).isEqualTo(2 * reached > size);
      }
    }
  }

  @Test
  void item_14_learners_and_nodes_outside_the_configuration_do_not_count() {
    OneCore one = new OneCore(Configuration.of(List.of(A, B, C), List.of(D))).lead(B);

    one.acknowledge(D, 1);

    assertThat(one.core.commitIndex()).isZero();
  }

  @Test
  void item_15_a_previous_entry_that_a_snapshot_covers_is_a_match() {
    SnapshotMark mark = new SnapshotMark(10, 2, 0, 0, THREE);
    OneCore one =
        new OneCore(
            new RaftCore.Recovered(2, null, mark, new SnapshotId(10, 2, 9, 9), List.of()));

    one.receive(
        B, new Append(2, 8, 1, 9, 1, List.of(entry(1, "9"), entry(2, "10"), entry(2, "11"))));

    assertThat(one.core.log().lastIndex()).isEqualTo(11);
    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(2, 1, true, 11, 0));
  }

  @Test
  void item_16_an_acknowledgement_waits_for_every_entry_it_names() {
    OneCore one = OneCore.ofThree();
    Append append = new Append(1, 0, 0, 0, 1, List.of(entry(1, "x")));
    one.receive(B, append);
    long first = one.effect(Effect.Persist.class).orElseThrow().number();
    assertThat(one.send(B, AppendReply.class).orElseThrow().barrier()).isEqualTo(first);

    one.receive(B, append);

    assertThat(one.effect(Effect.Persist.class)).isEmpty();
    assertThat(one.send(B, AppendReply.class).orElseThrow().barrier()).isEqualTo(first);
  }

  @Test
  void item_16_a_sign_of_life_claims_only_what_is_durable() {
    OneCore one = OneCore.ofThree();
    one.receive(B, new Append(1, 0, 0, 0, 1, List.of(entry(1, "x"))));

    one.receive(B, new Append(1, 1, 1, 0, 2, List.of()));
    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(1, 2, true, 0, 0));
    one.sync().receive(B, new Append(1, 1, 1, 0, 3, List.of()));
    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(1, 3, true, 1, 0));
  }

  @Test
  void item_16_what_was_truncated_meanwhile_does_not_count_as_durable() {
    OneCore one = OneCore.ofThree();
    one.receive(
        B, new Append(1, 0, 0, 0, 1, List.of(entry(1, "a"), entry(1, "b"), entry(1, "c"))));
    long first = one.effect(Effect.Persist.class).orElseThrow().number();
    one.receive(C, new Append(2, 1, 1, 0, 1, List.of(entry(2, "d"), entry(2, "e"))));

    one.step(new Input.Stored(first, one.nowNanos));
    one.receive(C, new Append(2, 3, 2, 0, 2, List.of()));

    assertThat(one.sent(AppendReply.class)).containsExactly(new AppendReply(2, 2, true, 1, 0));
  }

  @Test
  void item_16_the_leader_sends_before_its_own_disk_and_counts_itself_after_it() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);
    one.propose("x");

    Effect.Persist persist = one.effect(Effect.Persist.class).orElseThrow();
    Effect.Send send = one.send(B, Append.class).orElseThrow();
    assertThat(send.barrier()).isZero();
    assertThat(one.effects.indexOf(send)).isLessThan(one.effects.indexOf(persist));
    one.acknowledge(B, 2);
    assertThat(one.core.commitIndex()).isEqualTo(1);
    one.sync();
    assertThat(one.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void a_majority_of_followers_commits_without_the_leader_s_own_disk() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.propose("x");

    one.acknowledge(B, 2).acknowledge(C, 2);

    assertThat(one.core.commitIndex()).isEqualTo(2);
  }

  @Test
  void item_17_the_term_is_in_the_same_unit_as_the_first_entry_of_it_or_in_an_earlier_one() {
    OneCore one = OneCore.ofThree();

    one.receive(B, new Append(4, 0, 0, 0, 1, List.of(entry(4, "x"))));

    Effect.Persist persist = one.effect(Effect.Persist.class).orElseThrow();
    assertThat(persist.term()).isEqualTo(4);
    assertThat(persist.entries()).hasSize(1);
  }

  @Test
  void entries_are_sent_ahead_of_their_answers_up_to_the_limit_in_bytes() {
    OneCore one = OneCore.ofThree().leadAndCommit(B);
    one.acknowledge(C, 1);
    int sent = 0;
    for (int i = 0; i < 30; i++) {
      one.propose("x".repeat(5_000));
      sent += one.send(B, Append.class).isPresent() ? 1 : 0;
    }

    assertThat(sent).isBetween(19, 21);
    one.acknowledge(B, 11);
    assertThat(one.sent(Append.class)).isNotEmpty();
  }

  @Test
  void a_follower_that_lacks_entries_is_found_out_and_brought_up_to_date() {
    OneCore one =
        new OneCore(recovered(1, null, THREE, entry(1, "a"), entry(1, "b"), entry(1, "c")));
    one.lead(B);

    one.receive(C, new AppendReply(2, 1, false, 3, 1));

    Append repair = (Append) one.send(C, Append.class).orElseThrow().message();
    assertThat(repair.prevIndex()).isZero();
    assertThat(repair.entries()).hasSize(4);
  }

  @Test
  void item_37_a_leader_refuses_more_than_its_share_of_uncommitted_bytes() {
    OneCore one = OneCore.ofThree().lead(B);
    int accepted = 0;
    while (one.propose("x".repeat(50_000)).effect(Effect.Accepted.class).isPresent()) {
      accepted++;
    }

    assertThat(accepted).isBetween(18, 20);
    assertThat(one.effect(Effect.Refused.class).orElseThrow().reason())
        .isEqualTo(Refusal.OVERLOADED);
  }
}
