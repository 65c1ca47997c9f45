package io.quorate.replication.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.replication.Tag;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every engine under the replicated stores must do, in the simulator. */
abstract class LocalStoreConformance {
  static final NodeId NODE = NodeId.of("n1");
  static final Duration SECOND = Duration.ofSeconds(1);

  /** Opens the engine under test; small files, so that a test crosses their edges. */
  abstract CompletableFuture<LocalStore> open(Environment environment, EventLoop loop);

  /** One node whose store is opened again at each start. */
  final class Machine implements AutoCloseable {
    final Simulation simulation;
    final SimNode<CompletableFuture<LocalStore>> node;

    Machine(long seed) {
      simulation = Simulation.seeded(seed);
      node = simulation.node(NODE, env -> open(env, env.eventLoop("store")));
    }

    LocalStore store() {
      return simulation.await(node.service(), Duration.ofSeconds(60));
    }

    void onLoop(Runnable task) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      node.environment()
          .eventLoop("store")
          .execute(
              () -> {
                task.run();
                done.complete(null);
              });
      simulation.await(done, SECOND);
    }

    void put(Key key, Cell cell) {
      onLoop(() -> store().put(key, cell));
    }

    void putDurably(Key key, Cell cell) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      onLoop(
          () -> {
            LocalStore store = node.service().join();
            store.whenDurable(store.put(key, cell), () -> done.complete(null));
          });
      simulation.await(done, Duration.ofSeconds(10));
    }

    Optional<Cell> read(Key key) {
      CompletableFuture<Optional<Cell>> result = new CompletableFuture<>();
      onLoop(
          () ->
              node.service()
                  .join()
                  .read(key)
                  .whenComplete(
                      (cell, failure) -> {
                        if (failure == null) {
                          result.complete(cell);
                        } else {
                          result.completeExceptionally(failure);
                        }
                      }));
      return simulation.await(result, SECOND);
    }

    @Override
    public void close() {
      simulation.close();
    }
  }

  static Key key(int i) {
    return new Key(("key-" + i).getBytes(StandardCharsets.UTF_8));
  }

  static Cell cell(long version, int bytes) {
    byte[] value = new byte[bytes];
    java.util.Arrays.fill(value, (byte) version);
    return Cell.value(new Tag(version, NODE, 1), 0, value);
  }

  @Test
  void what_was_put_is_read_and_found_and_replaced() {
    try (Machine machine = new Machine(1)) {
      machine.store();
      machine.putDurably(key(1), cell(1, 10));
      machine.putDurably(key(1), cell(2, 20));
      machine.putDurably(key(2), Cell.tombstone(new Tag(3, NODE, 1)));

      assertThat(machine.read(key(1))).contains(cell(2, 20));
      assertThat(machine.read(key(3))).isEmpty();
      machine.onLoop(
          () -> {
            LocalStore store = machine.node.service().join();
            assertThat(store.size()).isEqualTo(2);
            assertThat(store.find(key(2)).orElseThrow().isTombstone()).isTrue();
            assertThat(store.find(key(1)).orElseThrow().tag().time()).isEqualTo(2);
          });
    }
  }

  @Test
  void what_is_not_durable_yet_is_read_all_the_same() {
    try (Machine machine = new Machine(2)) {
      LocalStore store = machine.store();
      machine.onLoop(
          () -> {
            long sequence = store.put(key(1), cell(1, 10));
            assertThat(store.durableSequence()).isLessThan(sequence);
            assertThat(store.sequenceOf(key(1))).isEqualTo(sequence);
            assertThat(store.read(key(1)).join()).contains(cell(1, 10));
          });
    }
  }

  @Test
  void what_was_durable_survives_a_crash_and_a_clean_end() {
    try (Machine machine = new Machine(3)) {
      machine.store();
      for (int i = 0; i < 50; i++) {
        machine.putDurably(key(i % 20), cell(i + 1, 100));
      }
      machine.onLoop(() -> machine.node.service().join().forget(key(5)));
      machine.simulation.run(SECOND);

      for (int round = 0; round < 2; round++) {
        if (round == 0) {
          machine.node.crash();
        } else {
          machine.simulation.await(machine.store().shutdown(), SECOND);
          machine.node.kill();
        }
        machine.node.restart();
        machine.store();
        for (int i = 0; i < 20; i++) {
          long newest = i < 10 ? i + 41 : i + 21;
          assertThat(machine.read(key(i)))
              .isEqualTo(i == 5 ? Optional.empty() : Optional.of(cell(newest, 100)));
        }
      }
    }
  }

  @Test
  void writes_that_wait_together_share_the_wait() {
    try (Machine machine = new Machine(4)) {
      LocalStore store = machine.store();
      List<Long> sequences = new ArrayList<>();
      machine.onLoop(
          () -> {
            for (int i = 0; i < 100; i++) {
              sequences.add(store.put(key(i), cell(1, 10)));
            }
          });

      assertThat(sequences.stream().distinct()).hasSize(1);
    }
  }

  @Test
  void p29_crashes_at_any_moment_lose_nothing_that_was_durable() {
    for (int seed = 0; seed < 60; seed++) {
      try (Machine machine = new Machine(seed)) {
        RandomGenerator random = machine.simulation.random("workload");
        Map<Key, Long> durable = new HashMap<>();
        Map<Key, Long> put = new HashMap<>();
        long version = 0;
        for (int life = 0; life < 4; life++) {
          LocalStore store = machine.store();
          if (random.nextInt(4) > 0) {
            // In the middle of a write or before its force, not only between two tasks.
            machine.node.disk().crashBefore(1 + random.nextInt(60));
          }
          for (int i = 0; i < 60 && machine.node.isRunning(); i++) {
            Key key = key(random.nextInt(25));
            long its = ++version;
            int bytes = random.nextInt(400);
            machine
                .node
                .environment()
                .eventLoop("store")
                .execute(
                    () -> {
                      put.put(key, its);
                      store.whenDurable(
                          store.put(key, cell(its, bytes)),
                          () -> durable.merge(key, its, Math::max));
                    });
            machine.simulation.run(Duration.ofNanos(1 + random.nextInt(2_000_000)));
          }
          machine.node.crash();
          machine.node.disk().disarmCrash();
          machine.node.restart();
          LocalStore again = machine.store();
          for (int i = 0; i < 25; i++) {
            Key key = key(i);
            long found = again.find(key).map(stored -> stored.tag().time()).orElse(0L);
            assertThat(found)
                .as("seed %d, life %d, %s", seed, life, key)
                .isBetween(durable.getOrDefault(key, 0L), put.getOrDefault(key, 0L));
            if (found > 0) {
              assertThat(machine.read(key).orElseThrow().tag().time()).isEqualTo(found);
            }
            durable.put(key, found);
            put.put(key, found);
          }
        }
      }
    }
  }

  @Test
  void p25_after_a_failed_force_nothing_more_is_written_and_reads_go_on() {
    try (Machine machine = new Machine(5)) {
      LocalStore store = machine.store();
      machine.putDurably(key(1), cell(1, 10));
      List<String> said = new ArrayList<>();
      machine.node.disk().failNextSync();
      machine.onLoop(
          () -> {
            store.onFailure(failure -> said.add("failed"));
            store.whenDurable(store.put(key(2), cell(2, 10)), () -> said.add("durable"));
          });
      machine.simulation.run(SECOND);

      assertThat(said).containsExactly("failed");
      machine.onLoop(
          () -> {
            assertThat(store.isWritable()).isFalse();
            assertThatThrownBy(() -> store.put(key(3), cell(3, 10)))
                .isInstanceOf(RefusedException.class);
          });
      assertThat(machine.read(key(1))).contains(cell(1, 10));
    }
  }

  @Test
  void p28_a_full_disk_refuses_writes_serves_reads_and_recovers_with_room() {
    try (Machine machine = new Machine(6)) {
      LocalStore store = machine.store();
      machine.putDurably(key(1), cell(1, 10));
      machine.node.disk().freeBytes(4_000);
      int accepted = 0;
      for (int i = 0; i < 100 && store.isWritable(); i++) {
        machine.putDurably(key(2), cell(2 + i, 300));
        accepted++;
      }
      machine.simulation.run(Duration.ofSeconds(3));

      assertThat(store.isWritable()).as("after %d writes", accepted).isFalse();
      assertThat(machine.read(key(1))).contains(cell(1, 10));
      machine.node.disk().heal();
      machine.simulation.run(Duration.ofSeconds(3));
      machine.putDurably(key(3), cell(200, 10));
      assertThat(machine.read(key(3))).contains(cell(200, 10));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 3000", "7, 3000", "60, 3000", "9, 40000"})
  void p28_what_a_filling_disk_accepts_becomes_durable_however_much_comes_at_once(
      int burst, int valueBytes) {
    for (int capacity = 400_000; capacity < 440_000; capacity += 7_993) {
      try (Machine machine = new Machine(capacity)) {
        machine.node.disk().capacityBytes(capacity);
        LocalStore store = machine.store();
        List<Integer> accepted = new ArrayList<>();
        List<Integer> durable = new ArrayList<>();
        for (int round = 0; round < 200; round++) {
          int first = round * burst;
          machine.onLoop(() -> putAll(store, first, burst, valueBytes, accepted, durable));
          machine.simulation.run(Duration.ofMillis(20));
        }
        machine.simulation.run(Duration.ofSeconds(3));

        assertThat(accepted).hasSizeBetween(1, 200 * burst - 1);
        assertThat(durable).as("capacity %d", capacity).isEqualTo(accepted);
        for (int i : accepted) {
          assertThat(machine.read(key(i))).contains(cell(1 + i, valueBytes));
        }
      }
    }
  }

  private static void putAll(
      LocalStore store,
      int first,
      int count,
      int valueBytes,
      List<Integer> accepted,
      List<Integer> durable) {
    for (int i = first; i < first + count; i++) {
      int number = i;
      try {
        long sequence = store.put(key(i), cell(1 + i, valueBytes));
        accepted.add(number);
        store.whenDurable(sequence, () -> durable.add(number));
      } catch (RefusedException e) {
        assertThat(e).hasMessageContaining("full");
      }
    }
  }

  @Test
  void garbage_is_collected_and_nothing_is_lost_meanwhile() {
    try (Machine machine = new Machine(7)) {
      LocalStore store = machine.store();
      for (int i = 0; i < 100; i++) {
        machine.putDurably(key(i % 100), cell(1 + i, 200));
      }
      for (int i = 0; i < 1_500; i++) {
        machine.putDurably(key(i % 10), cell(1_000 + i, 200));
      }
      machine.simulation.run(Duration.ofSeconds(20));

      assertThat(store.logBytes()).isLessThan(200_000);
      machine.node.crash();
      machine.node.restart();
      machine.store();
      for (int i = 0; i < 100; i++) {
        assertThat(machine.read(key(i)))
            .contains(i < 10 ? cell(1_000 + 1_490 + i, 200) : cell(1 + i, 200));
      }
    }
  }
}
