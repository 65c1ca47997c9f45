package io.quorate.replication.eventual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.crdt.GCounter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Members that come and go while the stores are open. */
class EventualMembersTest {
  private static EventualCluster<EventualStore<String, String>> cluster(long seed) {
    return EventualCluster.ofTexts(seed, 3, 4);
  }

  private static List<NodeId> members(EventualCluster<?> cluster, int... nodes) {
    List<NodeId> members = new ArrayList<>();
    for (int node : nodes) {
      members.add(cluster.ids.get(node));
    }
    return members;
  }

  @Test
  void a_new_member_gets_all_and_no_write_waits_or_fails_meanwhile() {
    try (var cluster = cluster(20)) {
      for (int i = 0; i < 300; i++) {
        cluster.await(cluster.store(0).put("k" + i, "old"));
      }
      cluster.simulation.run(Duration.ofSeconds(5));
      assertThat(cluster.await(cluster.store(3).get("k7")).value()).isEmpty();
      List<CompletableFuture<Tag>> writes = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        int number = i;
        cluster.simulation.at(
            Duration.ofMillis(i),
            () -> writes.add(cluster.nodes.get(number % 3).service().join()
                .put("w" + number, "new")));
      }
      for (int node = 0; node < 3; node++) {
        int its = node;
        cluster.simulation.at(
            Duration.ofMillis(300 + 100 * node),
            () -> cluster.nodes.get(its).service().join().changeMembers(cluster.ids));
      }

      cluster.simulation.run(Duration.ofSeconds(15));

      assertThat(writes).hasSize(1_000).allMatch(write -> !write.isCompletedExceptionally());
      for (int node = 0; node < 4; node++) {
        for (int i = 0; i < 300; i++) {
          assertThat(cluster.await(cluster.store(node).get("k" + i)).value()).contains("old");
        }
        for (int i = 0; i < 1_000; i++) {
          assertThat(cluster.await(cluster.store(node).get("w" + i)).value()).contains("new");
        }
      }
    }
  }

  @Test
  void a_write_waits_for_the_disk_alone_while_members_change() {
    try (var cluster = cluster(21)) {
      for (int i = 0; i < 2_000; i++) {
        cluster.store(0).put("k" + i, "v");
      }
      cluster.await(cluster.store(0).put("last", "v"));
      cluster.store(3);
      long slowest = slowestPut(cluster);

      CompletableFuture<Void> changed = cluster.store(0).changeMembers(cluster.ids);
      assertThat(changed).isNotDone();
      long slowestMeanwhile = slowestPut(cluster);

      cluster.await(changed);
      assertThat(slowestMeanwhile).isLessThan(slowest * 3);
    }
  }

  /** In virtual time, of some puts one after the other. */
  private static long slowestPut(EventualCluster<EventualStore<String, String>> cluster) {
    long slowest = 0;
    for (int i = 0; i < 20; i++) {
      long begin = cluster.simulation.nowNanos();
      cluster.await(cluster.store(0).put("put" + i, "v"));
      slowest = Math.max(slowest, cluster.simulation.nowNanos() - begin);
    }
    return slowest;
  }

  @Test
  void p19_a_member_that_is_gone_for_good_does_not_keep_tombstones_for_ever() {
    try (var cluster = cluster(22)) {
      cluster.await(cluster.store(0).put("k", "v"));
      cluster.simulation.run(Duration.ofSeconds(3));
      cluster.nodes.get(2).crash();
      cluster.await(cluster.store(0).delete("k"));
      cluster.simulation.run(Duration.ofSeconds(200));
      assertThat(cluster.await(cluster.store(0).get("k")).tag()).isNotEqualTo(Tag.NONE);

      cluster.await(cluster.store(0).changeMembers(members(cluster, 0, 1)));
      cluster.simulation.run(Duration.ofSeconds(200));
      // The other one still counts on the third: nothing is forgotten before both agree.
      assertThat(cluster.await(cluster.store(0).get("k")).tag()).isNotEqualTo(Tag.NONE);
      cluster.await(cluster.store(1).changeMembers(members(cluster, 0, 1)));
      cluster.simulation.run(Duration.ofSeconds(200));

      assertThat(cluster.await(cluster.store(0).get("k")).tag()).isEqualTo(Tag.NONE);
      assertThat(cluster.await(cluster.store(1).get("k")).tag()).isEqualTo(Tag.NONE);
    }
  }

  @Test
  void a_member_that_was_taken_out_is_told_nothing_more_and_tells_nothing() {
    try (var cluster = cluster(23)) {
      cluster.store(2);
      cluster.await(cluster.store(0).changeMembers(members(cluster, 0, 1)));
      cluster.await(cluster.store(1).changeMembers(members(cluster, 0, 1)));
      cluster.await(cluster.store(2).changeMembers(members(cluster, 2)));

      cluster.await(cluster.store(0).put("a", "v"));
      cluster.await(cluster.store(2).put("b", "v"));
      cluster.simulation.run(Duration.ofSeconds(20));

      assertThat(cluster.await(cluster.store(1).get("a")).value()).contains("v");
      assertThat(cluster.await(cluster.store(1).get("b")).value()).isEmpty();
      assertThat(cluster.await(cluster.store(2).get("a")).value()).isEmpty();
      assertThat(cluster.await(cluster.store(0).staleness()).boundNanos())
          .containsOnlyKeys(cluster.ids.get(1));
    }
  }

  @Test
  void changes_that_overlap_end_with_the_last_one() {
    try (var cluster = cluster(24)) {
      EventualStore<String, String> store = cluster.store(0);
      List<CompletableFuture<Void>> changes =
          List.of(
              store.changeMembers(members(cluster, 0, 1)),
              store.changeMembers(cluster.ids),
              store.changeMembers(members(cluster, 0, 3)));
      changes.forEach(cluster::await);

      assertThat(cluster.await(store.staleness()).boundNanos()).containsOnlyKeys(cluster.ids.get(3));
      assertThatThrownBy(() -> store.changeMembers(members(cluster, 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("members must contain this node n1");
      cluster.await(store.shutdown());
      assertThatThrownBy(() -> cluster.await(store.changeMembers(cluster.ids)))
          .hasMessageContaining("the store is closed");
    }
  }

  @Test
  void counters_are_joined_with_a_member_that_came_later() {
    try (var cluster =
        new EventualCluster<MergingStore<String, GCounter>>(
            25,
            3,
            4,
            (environment, members) ->
                MergingStore.open(
                    environment, members, Codec.STRING, GCounter.CODEC, GCounter.ZERO,
                    GCounter::merge, EventualCluster.OPTIONS))) {
      for (int node = 0; node < 4; node++) {
        cluster.await(cluster.store(node).update("hits", (count, actor) -> count.add(actor, 1)));
      }
      for (int node = 0; node < 3; node++) {
        cluster.store(node).changeMembers(cluster.ids);
      }
      cluster.simulation.run(Duration.ofSeconds(15));

      for (int node = 0; node < 4; node++) {
        assertThat(cluster.await(cluster.store(node).get("hits")).value()).isEqualTo(4);
      }
    }
  }
}
