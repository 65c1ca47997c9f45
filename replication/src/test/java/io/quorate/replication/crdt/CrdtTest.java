package io.quorate.replication.crdt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import org.junit.jupiter.api.Test;

/** Items P4 and P12 for mergeable values, and what each of them promises. */
class CrdtTest {
  private static final Actor A = new Actor(NodeId.of("a"), 1);
  private static final Actor B = new Actor(NodeId.of("b"), 1);

  @Test
  void a_counter_counts_what_each_actor_added_once() {
    GCounter a = GCounter.ZERO.add(A, 3);
    GCounter b = a.add(B, 4);

    assertThat(a.add(A, 2).merge(b).merge(b).value()).isEqualTo(9);
    assertThatThrownBy(() -> a.add(A, -1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_counter_that_would_overflow_says_so() {
    GCounter full = GCounter.ZERO.add(A, Long.MAX_VALUE);

    assertThatThrownBy(() -> full.add(A, 1)).isInstanceOf(ArithmeticException.class);
    assertThatThrownBy(() -> full.add(B, 1).value()).isInstanceOf(ArithmeticException.class);
  }

  @Test
  void p4_a_node_that_lost_its_disk_counts_as_another_actor_and_nothing_is_swallowed() {
    GCounter before = GCounter.ZERO.add(A, 5);
    GCounter afterWipe = GCounter.ZERO.add(new Actor(NodeId.of("a"), 2), 5);

    assertThat(before.merge(afterWipe).value()).isEqualTo(10);
  }

  @Test
  void p4_control_with_the_same_epoch_the_second_count_is_swallowed() {
    assertThat(GCounter.ZERO.add(A, 5).merge(GCounter.ZERO.add(A, 5)).value()).isEqualTo(5);
  }

  @Test
  void an_addition_wins_over_a_concurrent_removal() {
    OrSet<String> both = OrSet.<String>empty().add(A, "x");
    OrSet<String> removed = both.remove("x");
    OrSet<String> addedAgain = both.add(B, "x");

    assertThat(removed.merge(addedAgain).contains("x")).isTrue();
    assertThat(removed.merge(both).contains("x")).isFalse();
  }

  @Test
  void a_removed_element_leaves_nothing_behind_but_the_vector() {
    OrSet<String> set = OrSet.empty();
    for (int i = 0; i < 100; i++) {
      set = set.add(A, "e" + i).remove("e" + i);
    }

    assertThat(set.dots()).isEmpty();
    assertThat(set.seen().counts()).hasSize(1);
  }

  @Test
  void a_map_keeps_the_newest_write_of_each_key_a_removal_included() {
    LwwMap<String, String> map =
        LwwMap.<String, String>empty().put("k", "old", tag(1)).remove("k", tag(3));

    assertThat(map.put("k", "late", tag(2)).find("k")).isEmpty();
    assertThat(map.put("k", "new", tag(4)).find("k")).contains("new");
  }

  @Test
  void concurrent_writes_are_both_kept_until_one_replaces_what_its_writer_had_read() {
    MvRegister<String> base = MvRegister.<String>empty().set(A, "base");
    MvRegister<String> merged = base.set(A, "left").merge(base.set(B, "right"));

    assertThat(merged.siblings()).containsExactlyInAnyOrder("left", "right");
    assertThat(merged.set(A, "resolved").siblings()).containsExactly("resolved");
  }

  @Test
  void two_clients_writing_through_one_node_from_the_same_reading_become_siblings() {
    MvRegister<String> base = MvRegister.<String>empty().set(A, "base");
    VersionVector read = base.context();

    MvRegister<String> both = base.set(A, read, "one").set(A, read, "two");

    assertThat(both.siblings()).containsExactlyInAnyOrder("one", "two");
    assertThat(both.context().counts()).hasSize(1);
  }

  @Test
  void clients_that_write_what_they_have_read_never_make_siblings_explode() {
    MvRegister<String> register = MvRegister.empty();
    for (int i = 0; i < 1_000; i++) {
      register = register.set(i % 2 == 0 ? A : B, register.context(), "v" + i);
    }

    assertThat(register.siblings()).containsExactly("v999");
  }

  private static Tag tag(long time) {
    return new Tag(time, NodeId.of("a"), 1);
  }
}
