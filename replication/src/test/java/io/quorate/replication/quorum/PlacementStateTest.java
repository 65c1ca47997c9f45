package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.PlacementOptions;
import io.quorate.partitioning.RendezvousPartitioner;
import io.quorate.partitioning.RingOptions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** States, the changes that lead from one to the next, and where they are agreed on. */
class PlacementStateTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final NodeId C = NodeId.of("c");
  private static final NodeId D = NodeId.of("d");
  private static final Placement ABC = Placement.everywhere(1, List.of(C, A, B));

  private static Placement ring(NodeId... nodes) {
    return Placement.of(
        ConsistentHashRing.of(
            Member.all(List.of(nodes), NodeId::value), RingOptions.defaults().withReplicas(3)));
  }

  @Test
  void the_bytes_of_a_state_do_not_change() {
    PlacementState moving =
        PlacementState.first(ABC).moveTo(PlacementChange.add(D).applyTo(ABC));

    assertThat(HexFormat.of().formatHex(PlacementState.CODEC.encode(moving)))
        .isEqualTo("0102010101030161016201630102040161016201630164");
    assertThat(HexFormat.of().formatHex(PlacementState.CODEC.encode(moving.settled())))
        .isEqualTo("010300010204016101620163" + "0164");
  }

  @Test
  void a_state_is_read_as_it_was_written() {
    PlacementState everywhere = PlacementState.first(ABC).moveTo(Placement.everywhere(9, List.of(D)));
    PlacementState ring =
        PlacementState.first(ring(A, B, C, D))
            .moveTo(PlacementChange.remove(B).applyTo(ring(A, B, C, D)));

    for (PlacementState state : List.of(everywhere, everywhere.cancelled(), ring, ring.settled())) {
      assertThat(PlacementState.CODEC.decode(PlacementState.CODEC.encode(state))).isEqualTo(state);
    }
  }

  @Test
  void altered_or_truncated_bytes_are_malformed_and_never_a_crash() {
    byte[] bytes =
        PlacementState.CODEC.encode(
            PlacementState.first(ring(A, B, C, D)).moveTo(Placement.everywhere(1, List.of(A))));
    for (int length = 0; length < bytes.length; length++) {
      byte[] shorter = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> PlacementState.CODEC.decode(shorter))
          .isInstanceOf(MalformedException.class);
    }
    byte[] newer = bytes.clone();
    newer[0] = 2;
    assertThatThrownBy(() -> PlacementState.CODEC.decode(newer))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("version 2, 1 expected");
  }

  @Test
  void keys_begin_to_move_and_arrive_or_stay_and_each_step_has_the_next_epoch() {
    PlacementState first = PlacementState.first(ABC);
    PlacementState moving = first.moveTo(PlacementChange.add(D).applyTo(ABC));

    assertThat(moving.epoch()).isEqualTo(2);
    assertThat(moving.nodes()).containsExactly(A, B, C, D);
    assertThat(moving.settled())
        .isEqualTo(
            new PlacementState(3, Placement.everywhere(2, List.of(A, B, C, D)), Optional.empty()));
    assertThat(moving.cancelled()).isEqualTo(new PlacementState(3, ABC, Optional.empty()));
    assertThatThrownBy(() -> moving.moveTo(ABC)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(first::settled).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(first::cancelled).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void a_node_takes_the_place_of_another_with_its_zone_and_weight() {
    assertThat(PlacementChange.replace(B, D).applyTo(ABC).nodes()).containsExactly(A, C, D);
    Placement zoned =
        Placement.of(
            ConsistentHashRing.of(
                List.of(
                    Member.of(A, "a").withZone("x"),
                    Member.of(B, "b").withZone("y").withWeight(2),
                    Member.of(C, "c").withZone("z")),
                RingOptions.defaults().withReplicas(3)));

    PartitionerPlacement after =
        (PartitionerPlacement) PlacementChange.replace(B, D).applyTo(zoned);

    assertThat(after.partitioner().members())
        .contains(Member.of(D, "d").withZone("y").withWeight(2))
        .hasSize(3);
  }

  @Test
  void a_change_that_makes_no_sense_names_the_argument_and_its_value() {
    assertThatThrownBy(() -> PlacementChange.add(B).applyTo(ABC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("node must not be in the placement, was b of [a, b, c]");
    assertThatThrownBy(() -> PlacementChange.remove(D).applyTo(ABC))
        .hasMessage("node must be in the placement, was d, not of [a, b, c]");
    assertThatThrownBy(() -> PlacementChange.replace(D, A).applyTo(ABC))
        .hasMessage("node must be in the placement, was d, not of [a, b, c]");
    assertThatThrownBy(() -> PlacementChange.replace(A, B).applyTo(ABC))
        .hasMessage("node must not be in the placement, was b of [a, b, c]");
    assertThatThrownBy(
            () -> PlacementChange.remove(A).applyTo(Placement.everywhere(1, List.of(A))))
        .hasMessage("node must not be the last one, was a");
    assertThatThrownBy(() -> Placement.everywhere(1, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("nodes must be at least one, were []");
    assertThatThrownBy(() -> PlacementChange.remove(A).applyTo(ring(A, B, C)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("replicas must be at most the members that can own keys, were 3 of");
  }

  @Test
  void any_partitioner_whose_members_are_named_by_their_nodes_can_be_agreed_on() {
    Placement rendezvous =
        Placement.of(
            RendezvousPartitioner.of(Member.all(List.of(A, B, C, D), NodeId::value),
                PlacementOptions.defaults().withReplicas(3)));
    PlacementState state = PlacementState.first(rendezvous);
    assertThat(PlacementState.CODEC.decode(PlacementState.CODEC.encode(state))).isEqualTo(state);

    PlacementState other =
        PlacementState.first(
            Placement.of(
                ConsistentHashRing.of(
                    Member.all(List.of(A, B), node -> "host-" + node), RingOptions.defaults())));
    assertThatThrownBy(() -> PlacementState.CODEC.encode(other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("host-a");
    assertThat(Function.identity().apply(other)).isNotEqualTo(state);
  }

  @Test
  void one_writer_wins_each_epoch_and_a_cluster_is_formed_once() {
    PlacementRegister register = PlacementRegister.inProcess();
    assertThat(register.read().join()).isEmpty();
    PlacementState first = register.form(ABC).join();

    assertThat(register.form(Placement.everywhere(1, List.of(D))).join()).isEqualTo(first);
    assertThat(register.compareAndSet(first.moveTo(Placement.everywhere(2, List.of(A)))).join())
        .isTrue();
    assertThat(register.compareAndSet(first.moveTo(Placement.everywhere(2, List.of(B)))).join())
        .isFalse();
    assertThat(register.read().join().orElseThrow().next().orElseThrow().nodes())
        .containsExactly(A);
  }

  @Test
  void a_listener_is_told_of_what_comes_until_it_is_taken_away() {
    PlacementRegister register = PlacementRegister.inProcess();
    List<Long> told = new java.util.ArrayList<>();
    PlacementRegister.Watch watch = register.watch(state -> told.add(state.epoch()));
    PlacementState first = register.form(ABC).join();
    register.compareAndSet(first.moveTo(ABC)).join();
    watch.close();
    register.compareAndSet(first.moveTo(ABC).settled()).join();

    assertThat(told).containsExactly(1L, 2L);
  }
}
