package io.quorate.replication.eventual;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import io.quorate.replication.crdt.GCounter;
import io.quorate.replication.crdt.MvRegister;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the store promises, one promise at a time; items P1, P2, P4 and P5 in the store. */
class EventualStoreTest {
  private static EventualCluster<EventualStore<String, String>> cluster(long seed) {
    return EventualCluster.ofTexts(seed, 3, 3);
  }

  @Test
  void a_node_alone_accepts_and_answers_and_after_healing_all_are_alike() {
    try (var cluster = cluster(1)) {
      cluster.store(0);
      cluster.ids.forEach(cluster.simulation.network()::isolate);
      cluster.await(cluster.store(0).put("k", "a"));
      Tag later = cluster.await(cluster.store(1).put("k", "b"));

      assertThat(cluster.await(cluster.store(0).get("k")).value()).contains("a");
      assertThat(cluster.await(cluster.store(1).get("k")).value()).contains("b");
      assertThat(cluster.await(cluster.store(2).get("k")).value()).isEmpty();
      cluster.simulation.network().heal();
      cluster.simulation.run(Duration.ofSeconds(10));

      Versioned<String> winner = cluster.await(cluster.store(2).get("k"));
      for (int node = 0; node < 3; node++) {
        assertThat(cluster.await(cluster.store(node).get("k"))).isEqualTo(winner);
      }
      assertThat(winner.tag()).isGreaterThanOrEqualTo(later);
    }
  }

  @Test
  void news_arrive_at_once_and_what_was_seen_is_superseded_whatever_the_clock_says() {
    try (var cluster = cluster(2)) {
      cluster.nodes.get(0).clock().jumpWall(Duration.ofSeconds(5));
      cluster.await(cluster.store(0).put("k", "first"));
      cluster.simulation.run(Duration.ofSeconds(1));
      assertThat(cluster.await(cluster.store(1).get("k")).value()).contains("first");

      cluster.await(cluster.store(1).put("k", "second"));
      cluster.simulation.run(Duration.ofSeconds(1));

      assertThat(cluster.await(cluster.store(0).get("k")).value()).contains("second");
    }
  }

  @Test
  void p2_a_poisoned_clock_is_not_believed_and_harms_nobody() {
    try (var cluster = cluster(3)) {
      cluster.await(cluster.store(1).put("k", "good"));
      cluster.simulation.run(Duration.ofSeconds(1));
      cluster.nodes.get(0).clock().jumpWall(Duration.ofHours(1));
      // Until it is on disk that such times are given, tags go on below the old ceiling.
      cluster.simulation.run(Duration.ofSeconds(20));
      cluster.await(cluster.store(0).put("k", "poisoned"));
      cluster.simulation.run(Duration.ofSeconds(5));

      assertThat(cluster.await(cluster.store(1).get("k")).value()).contains("good");
      assertThat(cluster.await(cluster.store(1).staleness()).refusedByDrift()).isPositive();
      Tag next = cluster.await(cluster.store(1).put("k", "next"));
      assertThat(next.millis()).isLessThan(cluster.nodes.get(0).clock().wallMillis() - 3_000_000);
    }
  }

  @Test
  void p4_a_node_whose_disk_was_wiped_never_gives_a_version_again() {
    try (var cluster = cluster(4)) {
      Tag before = cluster.await(cluster.store(0).put("k", "v1"));
      cluster.nodes.get(0).wipe();
      cluster.nodes.get(0).clock().jumpWall(Duration.ofSeconds(-20));
      cluster.nodes.get(0).restart();
      Tag after = cluster.await(cluster.store(0).put("other", "v2"));

      assertThat(after.epoch()).isNotEqualTo(before.epoch());
      assertThat(after).isNotEqualTo(before);
    }
  }

  @Test
  void p5_a_tombstone_that_arrives_after_it_was_forgotten_does_not_kill_a_new_key() {
    try (var cluster = cluster(5)) {
      cluster.await(cluster.store(0).put("k", "old"));
      Tag deletion = cluster.await(cluster.store(0).delete("k")).orElseThrow();
      cluster.simulation.run(Duration.ofSeconds(200));
      assertThat(cluster.await(cluster.store(1).get("k")).tag()).isEqualTo(Tag.NONE);

      Tag created = cluster.await(cluster.store(1).put("k", "new"));
      cluster.simulation.run(Duration.ofSeconds(10));

      assertThat(created).isGreaterThan(deletion);
      assertThat(cluster.await(cluster.store(0).get("k")).value()).contains("new");
    }
  }

  @Test
  void p19_no_tombstone_is_forgotten_while_a_member_is_down_and_nothing_comes_back() {
    try (var cluster = cluster(6)) {
      cluster.await(cluster.store(0).put("k", "v"));
      cluster.simulation.run(Duration.ofSeconds(3));
      cluster.nodes.get(2).crash();
      cluster.await(cluster.store(0).delete("k"));
      cluster.simulation.run(Duration.ofSeconds(300));
      assertThat(cluster.await(cluster.store(0).get("k")).tag()).isNotEqualTo(Tag.NONE);
      cluster.nodes.get(2).restart();
      cluster.simulation.run(Duration.ofSeconds(200));

      for (int node = 0; node < 3; node++) {
        assertThat(cluster.await(cluster.store(node).get("k")).value()).isEmpty();
        assertThat(cluster.await(cluster.store(node).get("k")).tag()).isEqualTo(Tag.NONE);
      }
    }
  }

  @Test
  void deleting_what_is_absent_has_no_effect() {
    try (var cluster = cluster(7)) {
      assertThat(cluster.await(cluster.store(0).delete("k"))).isEmpty();
      cluster.await(cluster.store(0).put("k", "v"));
      assertThat(cluster.await(cluster.store(0).delete("k"))).isPresent();
      assertThat(cluster.await(cluster.store(0).delete("k"))).isEmpty();
    }
  }

  @Test
  void staleness_is_bounded_while_members_compare_and_grows_while_they_cannot() {
    try (var cluster = cluster(8)) {
      cluster.store(0);
      cluster.simulation.run(Duration.ofSeconds(10));
      long well = cluster.await(cluster.store(0).staleness()).worstNanos();
      cluster.simulation.network().isolate(cluster.ids.get(0));
      cluster.simulation.run(Duration.ofSeconds(30));

      assertThat(well).isLessThan(Duration.ofSeconds(5).toNanos());
      assertThat(cluster.await(cluster.store(0).staleness()).worstNanos())
          .isGreaterThan(Duration.ofSeconds(25).toNanos());
    }
  }

  @Test
  void counters_changed_on_both_sides_of_a_partition_lose_nothing() {
    try (var cluster =
        new EventualCluster<MergingStore<String, GCounter>>(
            9,
            (environment, members) ->
                MergingStore.open(
                    environment, members, Codec.STRING, GCounter.CODEC, GCounter.ZERO,
                    GCounter::merge, EventualCluster.OPTIONS))) {
      cluster.store(0);
      cluster.simulation.network().isolate(cluster.ids.get(0));
      for (int i = 0; i < 20; i++) {
        cluster.await(cluster.store(i % 3).update("hits", (count, actor) -> count.add(actor, 1)));
      }
      cluster.nodes.get(1).crash();
      cluster.nodes.get(1).restart();
      cluster.await(cluster.store(1).update("hits", (count, actor) -> count.add(actor, 1)));
      cluster.simulation.network().heal();
      cluster.simulation.run(Duration.ofSeconds(10));

      for (int node = 0; node < 3; node++) {
        assertThat(cluster.await(cluster.store(node).get("hits")).value()).isEqualTo(21);
      }
    }
  }

  @Test
  void concurrent_writes_are_siblings_until_somebody_resolves_them() {
    try (var cluster =
        new EventualCluster<MergingStore<String, MvRegister<String>>>(
            10,
            (environment, members) ->
                MergingStore.open(
                    environment, members, Codec.STRING, MvRegister.codec(Codec.STRING),
                    MvRegister.empty(), MvRegister::merge, EventualCluster.OPTIONS))) {
      cluster.store(0);
      cluster.simulation.network().isolate(cluster.ids.get(0));
      cluster.await(cluster.store(0).update("k", (v, actor) -> v.set(actor, "left")));
      cluster.await(cluster.store(1).update("k", (v, actor) -> v.set(actor, "right")));
      cluster.simulation.network().heal();
      cluster.simulation.run(Duration.ofSeconds(10));
      assertThat(cluster.await(cluster.store(2).get("k")).siblings())
          .containsExactlyInAnyOrder("left", "right");

      cluster.await(cluster.store(2).update("k", (v, actor) -> v.set(actor, "both")));
      cluster.simulation.run(Duration.ofSeconds(10));

      assertThat(cluster.await(cluster.store(0).get("k")).siblings()).containsExactly("both");
      assertThat(Optional.of(cluster.await(cluster.store(1).get("k")).siblings().size()))
          .contains(1);
    }
  }
}
