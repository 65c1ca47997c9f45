package io.quorate.replication.processes;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import io.quorate.replication.Tag;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.MoveOptions;
import io.quorate.replication.quorum.MoveProgress;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.PlacementChange;
import io.quorate.replication.quorum.PlacementRegister;
import io.quorate.replication.quorum.PlacementState;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real sockets and disks: a cluster of three grows to four and shrinks again, under load. */
class GrowingClusterTest {
  private static final int KEYS = 400;
  private static final int CLIENTS = 8;

  private final List<Environment> environments = new ArrayList<>();
  private final List<QuorumStore<String, String>> stores = new ArrayList<>();
  private final Map<NodeId, Address> addresses = new TreeMap<>();
  private final Map<String, Tag> acknowledged = new ConcurrentHashMap<>();
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger operations = new AtomicInteger();
  private final PlacementRegister register = PlacementRegister.inProcess();
  private volatile boolean ended;

  @Test
  void p13_growing_from_three_to_four_and_back_under_load_fails_no_operation_and_loses_no_write(
      @TempDir Path directory) throws Exception {
    try {
      register.form(Placement.everywhere(1, List.of(id(1), id(2), id(3)))).join();
      for (int i = 1; i <= 4; i++) {
        open(i, directory);
      }
      for (int i = 0; i < 3; i++) {
        while (!stores.get(i).status().get(60, TimeUnit.SECONDS).caughtUp()) {
          Thread.onSpinWait();
        }
      }
      for (int i = 0; i < KEYS; i++) {
        write(i).get(60, TimeUnit.SECONDS);
      }
      List<CompletableFuture<Void>> clients = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        clients.add(load(client, new CompletableFuture<>()));
      }
      Queue<MoveProgress> told = new ConcurrentLinkedQueue<>();

      PlacementState grown =
          stores.get(0).change(PlacementChange.add(id(4)), told::add).get(120, TimeUnit.SECONDS);
      int between = operations.get();
      PlacementState shrunk =
          stores.get(1).change(PlacementChange.remove(id(1))).get(120, TimeUnit.SECONDS);
      ended = true;
      for (CompletableFuture<Void> client : clients) {
        client.get(60, TimeUnit.SECONDS);
      }

      assertThat(grown.current().nodes()).hasSize(4);
      assertThat(shrunk.current().nodes()).containsExactly(id(2), id(3), id(4));
      assertThat(failures).isEmpty();
      assertThat(operations.get()).isGreaterThan(between);
      assertThat(told).isNotEmpty();
      // n4 has to stand in for n2 now: without what it received there is no quorum that knows.
      stores.get(1).shutdown().get(60, TimeUnit.SECONDS);
      for (Map.Entry<String, Tag> write : acknowledged.entrySet()) {
        Tag found =
            stores.get(3).get(write.getKey(), READ).get(60, TimeUnit.SECONDS).tag();
        assertThat(found.compareTo(write.getValue())).as(write.getKey()).isNotNegative();
      }
    } finally {
      for (QuorumStore<String, String> store : stores) {
        store.shutdown().get(60, TimeUnit.SECONDS);
      }
      environments.forEach(Environment::close);
    }
  }

  private static final ReadOptions READ =
      ReadOptions.at(Consistency.LINEARIZABLE).withTimeout(Duration.ofSeconds(20));

  private static NodeId id(int i) {
    return NodeId.of("n" + i);
  }

  private void open(int i, Path directory) {
    Environment environment =
        Environment.real(
            EnvironmentOptions.of(id(i), "growing")
                .withDataDirectory(directory.resolve("n" + i))
                .withListen(new Address("127.0.0.1", 0)));
    environments.add(environment);
    addresses.put(id(i), environment.transport().address());
    for (Environment each : environments) {
      addresses.forEach(
          (node, address) -> {
            if (!node.equals(each.self())) {
              each.transport().setPeer(node, address);
            }
          });
    }
    stores.add(
        QuorumStore.open(
                environment,
                register,
                Codec.STRING,
                Codec.STRING,
                QuorumOptions.in("quorum")
                    .withMoves(
                        MoveOptions.defaults().withPollInterval(Duration.ofMillis(100))))
            .join());
  }

  /** One operation after the other on all nodes, the one that joins and the one that leaves too. */
  private CompletableFuture<Void> load(int at, CompletableFuture<Void> done) {
    if (ended) {
      done.complete(null);
      return done;
    }
    CompletableFuture<?> operation = at % 2 == 0 ? write(at) : read(at);
    operation.whenComplete(
        (v, failure) -> {
          operations.incrementAndGet();
          if (failure != null) {
            failures.add(failure);
          }
          load(at + CLIENTS + 1, done);
        });
    return done;
  }

  private CompletableFuture<Tag> write(int at) {
    String key = "k" + at % KEYS;
    Consistency level = at % 3 == 0 ? Consistency.QUORUM : Consistency.LINEARIZABLE;
    return stores
        .get(at % stores.size())
        .put(key, "v" + at, WriteOptions.at(level).withTimeout(Duration.ofSeconds(20)))
        .whenComplete(
            (tag, failure) -> {
              if (failure == null) {
                acknowledged.merge(key, tag, (a, b) -> a.compareTo(b) > 0 ? a : b);
              }
            });
  }

  /** A read must not return less than what was acknowledged before it. */
  private CompletableFuture<?> read(int at) {
    String key = "k" + at % KEYS;
    Tag before = acknowledged.getOrDefault(key, Tag.NONE);
    return stores
        .get(at % stores.size())
        .get(key, READ)
        .thenAccept(
            found -> {
              if (found.tag().compareTo(before) < 0) {
                failures.add(new AssertionError(key + ": " + found + " after " + before));
              }
            });
  }
}
