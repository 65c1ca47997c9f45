package io.quorate.replication.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** When others may rely on a replica: P14 and P15, decided without a network or a disk. */
class CatchUpTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final NodeId C = NodeId.of("c");
  private static final NodeId D = NodeId.of("d");
  private static final RepairMessage.Standing SERVING =
      new RepairMessage.Standing(true, true, 0);
  private static final RepairMessage.Standing NEW = new RepairMessage.Standing(false, false, 0);
  private static final RepairMessage.Standing LOST = new RepairMessage.Standing(false, true, 0);
  private static final Repair.Quorums MAJORITIES = quorums(0, 0);

  /** Keys are at {@code sources}, and move to {@code targets} if there are any. */
  private record Sets(List<List<NodeId>> sources, List<NodeId> targets) implements Topology {
    static Sets of(NodeId... sources) {
      return new Sets(List.of(List.of(sources)), List.of());
    }

    Sets movingTo(NodeId... targets) {
      return new Sets(sources, List.of(targets));
    }

    @Override
    public long epoch() {
      return 1;
    }

    @Override
    public boolean isMoving() {
      return !targets.isEmpty();
    }

    @Override
    public List<NodeId> nodes() {
      TreeSet<NodeId> nodes = new TreeSet<>(targets);
      sources.forEach(nodes::addAll);
      return List.copyOf(nodes);
    }

    @Override
    public List<List<NodeId>> setsOf(byte[] key) {
      throw new AssertionError("it decides by nodes, not by keys");
    }

    @Override
    public List<List<NodeId>> setsWith(NodeId node) {
      throw new AssertionError("it decides by nodes, not by keys");
    }

    @Override
    public boolean isSource(NodeId node, byte[] key) {
      throw new AssertionError("it decides by nodes, not by keys");
    }
  }

  /** Read and write quorums; 0 for majorities. */
  private static Repair.Quorums quorums(int read, int write) {
    return new Repair.Quorums() {
      @Override
      public int catchUp(int members) {
        int majority = members / 2 + 1;
        return members - (write == 0 ? majority : Math.min(write, majority)) + 1;
      }

      @Override
      public int move(int members) {
        return Math.max(catchUp(members), read == 0 ? 0 : members - read + 1);
      }
    };
  }

  private static CatchUp fresh(NodeId self, Sets sets) {
    return new CatchUp(self, MAJORITIES, sets, false, false);
  }

  private static void compared(CatchUp catchUp, NodeId... peers) {
    for (NodeId peer : peers) {
      catchUp.heard(peer, SERVING);
      catchUp.compared(peer);
    }
    catchUp.consider(true);
  }

  @Test
  void p15_a_new_disk_counts_once_every_write_quorum_had_one_that_it_was_compared_with() {
    CatchUp catchUp = fresh(A, Sets.of(A, B, C));
    compared(catchUp, B);
    assertThat(catchUp.hasCaughtUp()).isFalse();
    compared(catchUp, C);
    assertThat(catchUp.hasCaughtUp()).isTrue();
    assertThat(catchUp.isFormed()).isTrue();
  }

  @Test
  void p15_who_does_not_serve_counts_for_nothing() {
    CatchUp catchUp = fresh(A, Sets.of(A, B, C));
    compared(catchUp, B);
    catchUp.heard(C, LOST);
    catchUp.compared(C);
    catchUp.consider(true);
    assertThat(catchUp.hasCaughtUp()).isFalse();
  }

  @Test
  void a_new_cluster_begins_when_all_are_new_and_not_when_only_a_quorum_is() {
    CatchUp catchUp = fresh(A, Sets.of(A, B, C));
    catchUp.heard(B, NEW);
    catchUp.consider(false);
    assertThat(catchUp.hasCaughtUp()).isFalse();
    catchUp.heard(C, LOST);
    catchUp.consider(false);
    assertThat(catchUp.hasCaughtUp()).isFalse();
    catchUp.heard(C, NEW);
    catchUp.consider(true);
    assertThat(catchUp.hasCaughtUp()).as("its own disk is used").isFalse();
    catchUp.consider(false);
    assertThat(catchUp.hasCaughtUp()).isTrue();
  }

  @Test
  void a_new_cluster_takes_no_writes_before_the_last_one_can_catch_up_with_the_others() {
    CatchUp catchUp = fresh(A, Sets.of(A, B, C));
    catchUp.heard(B, NEW);
    catchUp.heard(C, NEW);
    catchUp.consider(false);
    assertThat(catchUp.hasCaughtUp()).isTrue();
    assertThat(catchUp.isFormed()).isFalse();
    catchUp.heard(B, new RepairMessage.Standing(true, false, 0));
    catchUp.consider(false);
    assertThat(catchUp.isFormed()).isTrue();
  }

  @Test
  void one_node_alone_is_a_cluster() {
    CatchUp catchUp = fresh(A, Sets.of(A));
    catchUp.consider(false);
    assertThat(catchUp.hasCaughtUp()).isTrue();
    assertThat(catchUp.isFormed()).isTrue();
    assertThat(catchUp.isDone()).isTrue();
  }

  @Test
  void p14_keys_have_arrived_once_no_quorum_of_the_old_epoch_is_left() {
    CatchUp joiner = fresh(D, Sets.of(A, B, C).movingTo(A, B, D));
    joiner.heard(A, SERVING);
    assertThat(joiner.isPrepared()).isFalse();
    joiner.heard(B, SERVING);
    assertThat(joiner.isPrepared()).isTrue();
    compared(joiner, A);
    assertThat(joiner.hasReceived()).isFalse();
    compared(joiner, B);
    assertThat(joiner.hasReceived()).isTrue();
    assertThat(joiner.hasCaughtUp()).isTrue();

    joiner.begin(Sets.of(A, B, C).movingTo(A, B, D));
    assertThat(joiner.hasReceived()).as("of another epoch").isFalse();
  }

  @Test
  void p14_a_source_counts_itself_and_a_replica_that_lost_its_disk_does_not() {
    CatchUp source = new CatchUp(A, MAJORITIES, Sets.of(A, B, C).movingTo(A, B, D), true, true);
    compared(source, B);
    assertThat(source.hasReceived()).isTrue();

    CatchUp wiped = fresh(A, Sets.of(A, B, C).movingTo(A, B, D));
    compared(wiped, B);
    assertThat(wiped.hasReceived()).isFalse();
    compared(wiped, D);
    assertThat(wiped.hasReceived()).as("d was no source").isFalse();
    compared(wiped, C);
    assertThat(wiped.hasReceived()).isTrue();
  }

  @Test
  void p14_with_reads_of_one_every_source_must_be_of_the_new_epoch() {
    CatchUp joiner =
        new CatchUp(D, quorums(1, 3), Sets.of(A, B, C).movingTo(A, B, D), false, false);
    compared(joiner, A, B);
    assertThat(joiner.hasReceived()).isFalse();
    compared(joiner, C);
    assertThat(joiner.hasReceived()).isTrue();
  }

  @Test
  void a_node_that_holds_no_keys_has_nothing_to_wait_for() {
    CatchUp outside = fresh(D, Sets.of(A, B, C));
    outside.consider(false);
    assertThat(outside.isDone()).isTrue();
    assertThat(outside.hasCaughtUp()).isFalse();
  }

  /** P13: whoever acknowledged, some source that was compared with had it, and no read escapes. */
  @Test
  void p13_every_old_quorum_has_a_member_that_was_compared_with_whatever_the_sets_and_quorums() {
    Random random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      int size = 1 + random.nextInt(5);
      int write = 1 + random.nextInt(size);
      int read = size - write + 1 + random.nextInt(write);
      List<NodeId> set = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        set.add(NodeId.of("s" + i));
      }
      CatchUp joiner =
          new CatchUp(
              D,
              quorums(read, write),
              new Sets(List.of(set), List.of(D)),
              false,
              false);
      List<NodeId> order = new ArrayList<>(set);
      java.util.Collections.shuffle(order, random);
      List<NodeId> done = new ArrayList<>();
      while (!joiner.hasReceived()) {
        NodeId next = order.get(done.size());
        compared(joiner, next);
        done.add(next);
      }
      int left = size - done.size();
      assertThat(left).isLessThan(Math.min(Math.min(read, write), size / 2 + 1));
    }
  }
}
