package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * What goes wrong in other rings, shown on a textbook one first, then that it holds here. The
 * defects are from the trackers of widely used libraries; the README has the table.
 */
class PeerDefectsTest {
  /** The ring of the textbooks: a map from a narrow hash to the node, changed in place. */
  private static final class TextbookRing {
    final TreeMap<Integer, String> points = new TreeMap<>();

    private static int point(String label) {
      return label.hashCode() & 0xFFF;
    }

    void add(String node) {
      for (int i = 0; i < 40; i++) {
        points.put(point(node + i), node);
      }
    }

    void remove(String node) {
      for (int i = 0; i < 40; i++) {
        points.remove(point(node + i));
      }
    }

    String owner(String key) {
      Map.Entry<Integer, String> entry = points.ceilingEntry(point(key));
      return (entry == null ? points.firstEntry() : entry).getValue();
    }
  }

  private static ConsistentHashRing<String> narrow(List<Member<String>> members) {
    return ConsistentHashRing.of(members, RingOptions.defaults().withVirtualNodes(40), 1,
        hash -> hash & 0xFFF0_0000_0000_0000L);
  }

  @Test
  void removing_a_node_takes_colliding_points_of_others_along_elsewhere() {
    TextbookRing textbook = new TextbookRing();
    for (int i = 0; i < 50; i++) {
      textbook.add(Samples.name(i));
    }
    long before = textbook.points.values().stream().filter("node-00001"::equals).count();
    textbook.add("x");
    textbook.remove("x");
    textbook.add("node-00002");
    textbook.remove("node-00002");
    List<Long> after = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      String name = Samples.name(i);
      after.add(textbook.points.values().stream().filter(name::equals).count());
    }
    TextbookRing rebuilt = new TextbookRing();
    for (int i = 0; i < 50; i++) {
      if (i != 2) {
        rebuilt.add(Samples.name(i));
      }
    }
    assertThat(textbook.points).as("the textbook ring lost points").isNotEqualTo(rebuilt.points);
    assertThat(before).isPositive();
    assertThat(after.get(2)).isZero();

    Partitioner<String> ours = narrow(Samples.members(50));
    Partitioner<String> same = ours.with(Member.of("x")).after().without("x").after();
    assertThat(((CellPlacement<String>) same).table)
        .isEqualTo(((CellPlacement<String>) ours).table);
  }

  @Test
  void the_order_of_insertion_decides_collisions_elsewhere() {
    TextbookRing up = new TextbookRing();
    TextbookRing down = new TextbookRing();
    List<Member<String>> reversed = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      up.add(Samples.name(i));
      down.add(Samples.name(49 - i));
      reversed.add(Member.of(Samples.name(49 - i)));
    }
    assertThat(up.points).isNotEqualTo(down.points);

    assertThat(narrow(reversed).table).isEqualTo(narrow(Samples.members(50)).table);
  }

  @Test
  void the_most_negative_hash_gives_a_negative_index_elsewhere() {
    assertThat(Math.abs(Integer.MIN_VALUE) % 65_537).isNegative();
    assertThat("polygenelubricants".hashCode()).isEqualTo(Integer.MIN_VALUE);

    for (Partitioner<String> placement : Samples.all(Samples.members(5), 1)) {
      assertThat(placement.ownerOf("polygenelubricants")).isNotNull();
      assertThat(placement.ownerOfHash(Long.MIN_VALUE)).isNotNull();
      assertThat(placement.ownerOfHash(Integer.MIN_VALUE)).isNotNull();
    }
  }

  @Test
  void taking_a_bucket_out_of_the_middle_moves_most_keys_with_bare_jump_hashing() {
    List<String> buckets = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f", "g", "h"));
    long[] hashes = Samples.hashes(20_000, 8);
    Map<Long, String> before = new HashMap<>();
    for (long hash : hashes) {
      before.put(hash, buckets.get(JumpPartitioner.shard(hash, buckets.size())));
    }
    buckets.remove(1);
    int moved = 0;
    for (long hash : hashes) {
      moved += before.get(hash)
          .equals(buckets.get(JumpPartitioner.shard(hash, buckets.size()))) ? 0 : 1;
    }
    assertThat(moved / 20_000.0).as("1/8 would do").isGreaterThan(0.6);

    assertThatThrownBy(() -> Samples.jump(Samples.members(8), 1).without("node-00001"))
        .isInstanceOf(PlacementException.class);
    assertThat(Samples.slots(Samples.members(8), 1).without("node-00001").movedShare())
        .isEqualTo(0.125);
  }

  @Test
  void removing_an_unknown_node_leaves_half_a_change_or_silence_elsewhere() {
    TextbookRing textbook = new TextbookRing();
    textbook.add("a");
    textbook.add("b");
    int before = textbook.points.size();
    textbook.remove("a ");
    for (int i = 0; i < 2000; i++) {
      textbook.remove("stranger" + i);
    }
    assertThat(textbook.points.size()).as("strangers took points along").isLessThan(before);

    Partitioner<String> ours = Samples.ring(Samples.members(2), 1);
    assertThatThrownBy(() -> ours.without("stranger")).isInstanceOf(PlacementException.class);
  }

  @Test
  void a_set_of_next_points_holds_the_same_node_twice_elsewhere() {
    TextbookRing textbook = new TextbookRing();
    textbook.add("a");
    textbook.add("b");
    textbook.add("c");
    List<String> nextThree = textbook.points.values().stream().limit(3).toList();
    long repeats = 0;
    List<String> owners = new ArrayList<>(textbook.points.values());
    for (int i = 1; i < owners.size(); i++) {
      repeats += owners.get(i).equals(owners.get(i - 1)) ? 1 : 0;
    }
    assertThat(nextThree).hasSize(3);
    assertThat(repeats).as("neighbouring points of one node").isPositive();

    ConsistentHashRing<String> ours = Samples.ring(Samples.members(3), 3);
    for (long hash : Samples.hashes(1000, 2)) {
      assertThat(ours.ownersOfHash(hash)).doesNotHaveDuplicates().hasSize(3);
    }
  }

  @Test
  void readers_during_a_change_see_both_placements_mixed_elsewhere_and_never_here()
      throws Exception {
    LivePlacement<String> live = new LivePlacement<>(ConsistentHashRing.of(
        Samples.members(10), RingOptions.defaults().withVirtualNodes(10)));
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    Future<Integer> reader = thread.submit(() -> {
      int lookups = 0;
      while (!done.get() || lookups == 0) {
        Partitioner<String> p = live.current();
        String owner = p.ownerOf("k" + lookups++);
        assertThat(p.members().stream().map(Member::id)).contains(owner);
      }
      return lookups;
    });
    for (int i = 0; i < 500; i++) {
      live.change(p -> p.with(Member.of("x")));
      live.change(p -> p.without("x"));
    }
    done.set(true);

    assertThat(reader.get()).isPositive();
    thread.shutdown();
    assertThat(thread.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }
}
