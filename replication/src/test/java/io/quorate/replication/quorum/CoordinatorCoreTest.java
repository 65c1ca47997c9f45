package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Clock;
import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The coordinator, decision by decision: items P1, P3, P6 to P10, P12. */
class CoordinatorCoreTest implements CoordinatorCore.Effects {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final NodeId C = NodeId.of("c");
  private static final Key KEY = new Key(new byte[] {1});
  private static final long MILLI = 1_000_000;
  private static final QuorumOptions OPTIONS = QuorumOptions.in("x");

  private record Sent(NodeId to, QuorumMessage.Request request) {}

  private final List<Sent> sent = new ArrayList<>();
  private final List<Long> staleBehind = new ArrayList<>();
  private List<List<NodeId>> sets = List.of(List.of(A, B, C));
  private final List<CoordinatorCore.Outcome> outcomes = new ArrayList<>();
  private final List<NodeId> hinted = new ArrayList<>();
  private final Clock wall =
      new Clock() {
        @Override
        public long monotonicNanos() {
          throw new AssertionError("the core reads no clock");
        }

        @Override
        public long wallMillis() {
          return 1_000;
        }
      };
  private final CoordinatorCore core =
      new CoordinatorCore(
          new TagClock(wall, A, 1, 0, 60_000),
          operation ->
              Plan.of(operation.level, sets, OPTIONS, A, new TreeMap<>()),
          this);

  @Override
  public void send(NodeId to, QuorumMessage.Request request) {
    sent.add(new Sent(to, request));
  }

  @Override
  public void complete(long operation, CoordinatorCore.Outcome outcome) {
    outcomes.add(outcome);
  }

  @Override
  public void isStale(long newerEpoch) {
    staleBehind.add(newerEpoch);
  }

  @Override
  public void hint(NodeId target, Operation operation) {
    hinted.add(target);
  }

  private void start(Operation.Kind kind, Consistency level) {
    core.start(new Operation(2, kind, KEY, level, new byte[] {9}, 0, 0, 2_000 * MILLI), 3);
  }

  private static Cell cell(long time) {
    return Cell.value(new Tag(time, B, 1), 0, new byte[] {7});
  }

  private void held(NodeId from, Cell cell) {
    core.answered(from, new QuorumMessage.Held(2, cell, true, 0, 1_000, true), MILLI);
  }

  private void stored(NodeId from) {
    core.answered(from, new QuorumMessage.Stored(2), 2 * MILLI);
  }

  private List<NodeId> writesTo() {
    return sent.stream()
        .filter(s -> s.request() instanceof QuorumMessage.Write)
        .map(Sent::to)
        .toList();
  }

  @Test
  void p6_quorums_that_need_not_meet_are_refused_and_majorities_of_every_size_are_right() {
    assertThatThrownBy(() -> OPTIONS.withQuorums(1, 2).requireIntersection(3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 + 2 of 3");
    OPTIONS.withQuorums(1, 3).requireIntersection(3);
    OPTIONS.withQuorums(3, 1).requireIntersection(3);
    for (int size = 1; size <= 6; size++) {
      OPTIONS.requireIntersection(size);
      assertThat(Quota.majority(size)).isEqualTo(new int[] {0, 1, 2, 2, 3, 3, 4}[size]);
    }
  }

  @Test
  void a_read_on_which_the_quorum_agrees_takes_one_round_trip() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(A, cell(5));
    held(B, cell(5));

    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(5), false));
    assertThat(writesTo()).isEmpty();
  }

  @Test
  void p8_a_version_that_a_minority_holds_is_written_back_before_it_is_returned() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(A, cell(5));
    held(B, cell(8));

    assertThat(outcomes).isEmpty();
    assertThat(writesTo()).containsExactly(A, C);
    stored(A);
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(8), false));
  }

  @Test
  void p9_a_write_back_needs_a_quorum_and_not_all_so_one_full_disk_fails_no_read() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(A, cell(5));
    held(B, cell(8));
    core.answered(
        A,
        new QuorumMessage.Refused(2, QuorumMessage.Reason.NOT_WRITABLE, 3),
        2 * MILLI);
    stored(C);

    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(8), false));
  }

  @Test
  void p10_a_second_answer_of_one_replica_counts_once_and_late_answers_change_nothing() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(B, cell(5));
    held(B, cell(5));
    assertThat(outcomes).isEmpty();
    held(A, cell(5));
    held(C, cell(9));
    held(C, cell(9));

    assertThat(outcomes).hasSize(1);
  }

  @Test
  void p10_an_answer_of_a_third_replica_asked_in_addition_may_be_the_newest() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(A, cell(5));
    core.tick(60 * MILLI);
    assertThat(sent.stream().map(Sent::to)).containsExactly(A, B, C);
    held(C, cell(9));

    assertThat(outcomes).isEmpty();
    stored(A);
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(9), false));
  }

  @Test
  void p1_a_write_is_above_all_that_its_quorum_holds_whatever_its_clock_says() {
    start(Operation.Kind.PUT, Consistency.LINEARIZABLE);
    Cell future = Cell.value(new Tag(Tag.timeOf(900_000), B, 1), 0, new byte[0]);
    held(A, cell(5));
    held(B, future);

    QuorumMessage.Write write = (QuorumMessage.Write) sent.get(sent.size() - 1).request();
    assertThat(write.cell().tag()).isGreaterThan(future.tag());
    assertThat(writesTo()).containsExactly(A, B, C);
  }

  @Test
  void p7_a_hint_is_left_for_who_has_not_answered_and_counts_for_nothing() {
    start(Operation.Kind.PUT, Consistency.LINEARIZABLE);
    held(A, cell(5));
    held(B, cell(5));
    stored(A);
    core.tick(1_000 * MILLI);
    assertThat(outcomes).isEmpty();
    assertThat(hinted).isEmpty();
    stored(B);
    assertThat(outcomes).hasSize(1);
    core.tick(4_000 * MILLI);

    assertThat(hinted).containsExactly(C);
    assertThat(core.isIdle()).isTrue();
  }

  @Test
  void p12_what_was_not_sent_is_refused_and_what_was_sent_is_indeterminate() {
    start(Operation.Kind.PUT, Consistency.LINEARIZABLE);
    core.tick(3_000 * MILLI);
    assertThat(outcomes.get(0)).isInstanceOf(CoordinatorCore.Outcome.Refused.class);

    core.start(
        new Operation(
            2, Operation.Kind.PUT, KEY, Consistency.LINEARIZABLE, new byte[0], 0, 0, 2_000 * MILLI),
        3);
    held(A, cell(5));
    held(B, cell(5));
    core.tick(3_000 * MILLI);

    assertThat(outcomes.get(1)).isInstanceOf(CoordinatorCore.Outcome.Indeterminate.class);
  }

  @Test
  void p12_a_write_is_repeated_under_the_same_version_and_never_under_another() {
    start(Operation.Kind.PUT, Consistency.LINEARIZABLE);
    held(A, cell(5));
    held(B, cell(5));
    core.tick(500 * MILLI);
    core.tick(1_000 * MILLI);

    assertThat(
            sent.stream()
                .filter(s -> s.request() instanceof QuorumMessage.Write)
                .map(s -> ((QuorumMessage.Write) s.request()).cell().tag())
                .distinct())
        .hasSize(1);
  }

  @Test
  void a_full_disk_on_a_quorum_refuses_a_write_before_anything_is_sent() {
    start(Operation.Kind.PUT, Consistency.LINEARIZABLE);
    for (NodeId node : List.of(A, B)) {
      core.answered(node, new QuorumMessage.Held(2, cell(5), true, 0, 1_000, false), MILLI);
    }

    assertThat(outcomes.get(0)).isInstanceOf(CoordinatorCore.Outcome.Refused.class);
    assertThat(writesTo()).isEmpty();
  }

  @Test
  void p3_two_values_of_one_version_are_chosen_between_alike_everywhere() {
    Tag tag = new Tag(5, B, 1);
    List<Cell> cells =
        List.of(
            Cell.tombstone(tag),
            Cell.value(tag, 9, new byte[] {1}),
            Cell.value(tag, 8, new byte[] {1}),
            Cell.value(tag, 0, new byte[] {2}),
            Cell.value(tag, 0, new byte[] {1}));
    for (int i = 0; i < cells.size(); i++) {
      for (int j = 0; j < cells.size(); j++) {
        assertThat(cells.get(i).supersedes(cells.get(j))).as("%d %d", i, j).isEqualTo(i < j);
      }
    }
  }

  @Test
  void a_local_quorum_is_of_the_zone_and_each_quorum_of_every_zone() {
    NodeId d = NodeId.of("d");
    TreeMap<NodeId, String> zones = new TreeMap<>();
    zones.put(A, "east");
    zones.put(B, "east");
    zones.put(C, "west");
    zones.put(d, "west");
    List<List<NodeId>> sets = List.of(List.of(A, B, C, d));

    Plan local = Plan.of(Consistency.LOCAL_QUORUM, sets, OPTIONS, A, zones);
    Plan each = Plan.of(Consistency.EACH_QUORUM, sets, OPTIONS, A, zones);

    assertThat(local.read()).containsExactly(new Quota(0b0011, 2));
    assertThat(each.write())
        .containsExactly(new Quota(0b0011, 2), new Quota(0b1100, 2));
    assertThat(local.replicas()).containsExactly(A, B, C, d);
  }

  @Test
  void p13_while_keys_move_a_write_needs_a_quorum_before_and_after() {
    NodeId d = NodeId.of("d");
    Plan plan =
        Plan.of(
            Consistency.QUORUM,
            List.of(List.of(A, B, C), List.of(B, C, d)),
            OPTIONS,
            A,
            new TreeMap<>());

    assertThat(Quota.allMet(plan.write(), plan.bitsOf(List.of(A, B)))).isFalse();
    assertThat(Quota.allMet(plan.write(), plan.bitsOf(List.of(A, B, d)))).isTrue();
    assertThat(plan.replicas()).containsExactly(A, B, C, d);
  }

  /** The placement moves from a, b, c to b, c, d from now on. */
  private void move(NodeId d) {
    sets = List.of(List.of(A, B, C), List.of(B, C, d));
    sent.clear();
    core.replan(4, 2 * MILLI);
  }

  private long wireId() {
    return sent.get(sent.size() - 1).request().operation();
  }

  @Test
  void p13_a_read_in_progress_begins_anew_among_the_replicas_before_and_after() {
    NodeId d = NodeId.of("d");
    start(Operation.Kind.GET, Consistency.QUORUM);
    held(A, cell(5));
    move(d);

    assertThat(sent).allMatch(each -> each.request().epoch() == 4);
    // What a said under the epoch before counts for nothing: so late an answer may be a joiner's.
    core.answered(B, new QuorumMessage.Held(2, cell(5), true, 0, 1_000, true), 3 * MILLI);
    core.answered(C, new QuorumMessage.Held(2, cell(5), true, 0, 1_000, true), 3 * MILLI);
    assertThat(outcomes).isEmpty();
    long id = wireId();
    core.answered(B, new QuorumMessage.Held(id, cell(5), true, 0, 1_000, true), 4 * MILLI);
    assertThat(outcomes).isEmpty();
    core.answered(C, new QuorumMessage.Held(id, cell(5), true, 0, 1_000, true), 4 * MILLI);
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(5), false));
  }

  @Test
  void p13_a_write_in_progress_goes_on_under_its_tag_and_needs_both_quorums() {
    NodeId d = NodeId.of("d");
    start(Operation.Kind.PUT, Consistency.QUORUM);
    held(A, Cell.NONE);
    held(B, Cell.NONE);
    Cell before = ((QuorumMessage.Write) sent.get(sent.size() - 1).request()).cell();
    core.answered(A, new QuorumMessage.Stored(2), MILLI);
    move(d);

    assertThat(sent).hasSize(4);
    assertThat(((QuorumMessage.Write) sent.get(0).request()).cell()).isEqualTo(before);
    long id = wireId();
    core.answered(A, new QuorumMessage.Stored(id), 3 * MILLI);
    core.answered(B, new QuorumMessage.Stored(id), 3 * MILLI);
    assertThat(outcomes).isEmpty();
    core.answered(d, new QuorumMessage.Stored(id), 3 * MILLI);
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(before, true));
  }

  @Test
  void p13_a_version_that_only_the_replicas_before_hold_is_written_back_to_those_after() {
    NodeId d = NodeId.of("d");
    sets = List.of(List.of(A, B, C), List.of(d));
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    for (NodeId node : List.of(A, B)) {
      held(node, cell(5));
    }
    held(d, Cell.NONE);

    assertThat(outcomes).isEmpty();
    assertThat(sent.get(sent.size() - 1).to()).isEqualTo(d);
    core.answered(d, new QuorumMessage.Stored(2), 2 * MILLI);
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(5), false));
  }

  @Test
  void p13_what_was_sent_under_another_placement_is_never_called_refused() {
    NodeId d = NodeId.of("d");
    start(Operation.Kind.PUT, Consistency.QUORUM);
    held(A, Cell.NONE);
    held(B, Cell.NONE);
    move(d);
    for (NodeId node : List.of(A, B, C, d)) {
      core.answered(
          node,
          new QuorumMessage.Refused(wireId(), QuorumMessage.Reason.NOT_WRITABLE, 4),
          3 * MILLI);
    }
    assertThat(outcomes).hasSize(1);
    assertThat(outcomes.get(0)).isInstanceOf(CoordinatorCore.Outcome.Indeterminate.class);
  }

  @Test
  void p13_a_refusal_tells_of_a_newer_placement_and_one_of_an_older_does_not() {
    start(Operation.Kind.GET, Consistency.QUORUM);
    core.answered(
        A, new QuorumMessage.Refused(2, QuorumMessage.Reason.OTHER_EPOCH, 2), MILLI);
    assertThat(staleBehind).isEmpty();
    core.answered(
        B, new QuorumMessage.Refused(2, QuorumMessage.Reason.OTHER_EPOCH, 4), MILLI);
    assertThat(staleBehind).containsExactly(4L);
    assertThat(outcomes).isEmpty();
  }

  private void lags(NodeId from, long epoch, long nowNanos) {
    core.answered(
        from,
        new QuorumMessage.Refused(2, QuorumMessage.Reason.OTHER_EPOCH, epoch),
        nowNanos);
  }

  @Test
  void p13_a_replica_that_lags_an_epoch_is_asked_again_after_ten_milliseconds_then_more_rarely() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    held(A, cell(5));
    lags(B, 2, MILLI);
    lags(C, 2, MILLI);
    sent.clear();

    core.tick(10 * MILLI);
    assertThat(sent).isEmpty();
    core.tick(11 * MILLI);
    assertThat(sent).extracting(Sent::to).containsExactly(B, C);

    lags(B, 2, 12 * MILLI);
    sent.clear();
    core.tick(31 * MILLI);
    assertThat(sent).isEmpty();
    core.tick(32 * MILLI);
    assertThat(sent).extracting(Sent::to).containsExactly(B);
    held(B, cell(5));
    assertThat(outcomes).containsExactly(new CoordinatorCore.Outcome.Done(cell(5), false));
  }

  @Test
  void p13_a_write_goes_again_to_the_replica_that_lagged_and_to_no_other() {
    start(Operation.Kind.PUT, Consistency.QUORUM);
    held(A, cell(5));
    held(B, cell(5));
    stored(A);
    lags(B, 2, 2 * MILLI);
    sent.clear();

    core.tick(12 * MILLI);

    assertThat(writesTo()).containsExactly(B);
    stored(B);
    assertThat(outcomes).hasSize(1);
  }

  @Test
  void p13_a_replica_that_is_ahead_is_not_asked_again_before_its_placement_is_known() {
    start(Operation.Kind.GET, Consistency.LINEARIZABLE);
    lags(A, 4, MILLI);
    lags(B, 4, MILLI);
    sent.clear();

    core.tick(12 * MILLI);

    assertThat(staleBehind).contains(4L);
    assertThat(sent).noneMatch(its -> its.to().equals(A) || its.to().equals(B));
  }
}
