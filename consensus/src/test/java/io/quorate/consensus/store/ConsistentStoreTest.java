package io.quorate.consensus.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Read;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsistentStoreTest {
  private static final List<NodeId> IDS =
      List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Simulation simulation = Simulation.seeded(11);
  private final List<SimNode<ConsistentStore<String, String>>> nodes = new ArrayList<>();

  ConsistentStoreTest() {
    IDS.forEach(id -> nodes.add(simulation.node(id, ConsistentStoreTest::open)));
  }

  @AfterEach
  void close() {
    simulation.close();
  }

  @Test
  void a_value_put_on_one_node_is_read_on_another_with_its_version() {
    long version = await(store(0).put("k", "v"));

    assertThat(await(store(1).get("k"))).contains(new Versioned<>("v", version));
    assertThat(await(store(2).get("other"))).isEmpty();
  }

  @Test
  void conditional_writes_depend_on_absence_and_version() {
    Optional<Long> first = await(store(0).putIfAbsent("k", "1"));
    Optional<Long> second = await(store(1).putIfAbsent("k", "2"));
    Optional<Long> wrong = await(store(0).compareAndSet("k", first.orElseThrow() + 1, "3"));
    Optional<Long> right = await(store(2).compareAndSet("k", first.orElseThrow(), "4"));

    assertThat(second).isEmpty();
    assertThat(wrong).isEmpty();
    assertThat(right).isPresent();
    assertThat(await(store(0).get("k"))).contains(new Versioned<>("4", right.orElseThrow()));
    assertThat(await(store(0).delete("k", first.orElseThrow()))).isEmpty();
    assertThat(await(store(0).delete("k", right.orElseThrow()))).isPresent();
    assertThat(await(store(0).delete("k"))).isEmpty();
  }

  @Test
  void versions_are_not_used_again_after_deletion_and_restart() {
    long put = await(store(0).put("k", "1"));
    long deleted = await(store(0).delete("k")).orElseThrow();
    nodes.forEach(SimNode::crash);
    nodes.forEach(SimNode::restart);
    long again = await(store(1).put("k", "1"));

    assertThat(deleted).isGreaterThan(put);
    assertThat(again).isGreaterThan(deleted);
  }

  @Test
  void scans_come_in_the_order_of_keys() {
    for (String key : List.of("d", "b", "a", "c")) {
      await(store(0).put(key, key));
    }

    Scan<String, String> scan = await(store(1).scan("b", "d", 10, Read.LINEARIZABLE));

    assertThat(scan.items()).extracting(Scan.Item::key).containsExactly("b", "c");
    assertThat(await(store(2).scanAll(3, Read.LINEARIZABLE)).items()).hasSize(3);
  }

  @Test
  void a_value_for_a_time_goes_when_the_time_has_passed_though_nothing_is_written() {
    await(store(0).put("k", "v", Duration.ofSeconds(2)));
    simulation.run(Duration.ofSeconds(1));
    Optional<Versioned<String>> before = await(store(0).get("k"));
    simulation.run(Duration.ofSeconds(2));

    assertThat(before).isPresent();
    assertThat(await(store(0).get("k"))).isEmpty();
  }

  @Test
  void a_transaction_compares_then_changes_all_or_does_the_other_thing() {
    long a = await(store(0).put("a", "1"));
    Transaction.Outcome held =
        await(
            store(1).transaction().ifVersion("a", a).ifAbsent("b").put("a", "2").put("b", "2")
                .otherwise().put("c", "2").commit());
    Transaction.Outcome missed =
        await(
            store(2).transaction().ifVersion("a", a).put("a", "3")
                .otherwise().delete("b").commit());

    assertThat(held.held()).isTrue();
    assertThat(missed.held()).isFalse();
    assertThat(await(store(0).scanAll(10, Read.LINEARIZABLE)).items())
        .containsExactly(new Scan.Item<>("a", "2", held.version()));
  }

  @Test
  void a_watcher_is_told_of_every_change_from_its_index_on() {
    long first = await(store(0).put("a", "1"));
    List<StoreEvent<String, String>> seen = new ArrayList<>();
    store(1).watch(first, seen::add);
    long second = await(store(0).put("b", "2"));
    long third = await(store(2).delete("a")).orElseThrow();
    simulation.run(Duration.ofSeconds(1));

    assertThat(seen)
        .containsExactly(
            new StoreEvent.Put<>("a", "1", first),
            new StoreEvent.Put<>("b", "2", second),
            new StoreEvent.Deleted<>("a", third, false));
  }

  private static ConsistentStore<String, String> open(Environment environment) {
    IDS.stream()
        .filter(id -> !id.equals(environment.self()))
        .forEach(id -> environment.transport().setPeer(id, SimNode.addressOf(id)));
    Raft raft = Raft.open(environment, RaftOptions.defaults());
    return ConsistentStore.open(raft, "store", IDS, Codec.STRING, Codec.STRING);
  }

  private ConsistentStore<String, String> store(int i) {
    return nodes.get(i).service();
  }

  private <T> T await(CompletableFuture<T> future) {
    return simulation.await(future, LIMIT);
  }
}
