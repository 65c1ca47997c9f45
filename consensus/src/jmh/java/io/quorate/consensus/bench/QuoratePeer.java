package io.quorate.consensus.bench;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Read;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** This project's store: three nodes over loopback TCP, each with its own log. */
final class QuoratePeer implements Peer {
  private final List<Environment> environments = new ArrayList<>();
  private final List<Raft> rafts = new ArrayList<>();
  private final ConsistentStore<byte[], byte[]> leader;

  QuoratePeer(Path directory, boolean durable, int loops) throws Exception {
    List<NodeId> ids = List.of(NodeId.of("a"), NodeId.of("b"), NodeId.of("c"));
    for (NodeId id : ids) {
      EnvironmentOptions options =
          EnvironmentOptions.of(id, "bench")
              .withLoops(loops)
              .withDataDirectory(directory.resolve(id.value()));
      environments.add(Environment.real(options));
    }
    Mesh.connect(environments);
    // As users have it: each node takes a snapshot for every 64 MiB of log, while it is measured.
    RaftOptions options = RaftOptions.defaults();
    List<ConsistentStore<byte[], byte[]>> stores = new ArrayList<>();
    for (Environment environment : environments) {
      Raft raft = Raft.open(environment, durable ? options : options.unsafeInMemory());
      rafts.add(raft);
      stores.add(ConsistentStore.open(raft, "map", ids, Codec.BYTES, Codec.BYTES));
    }
    stores.get(0).put(new byte[16], new byte[1]).get(30, TimeUnit.SECONDS);
    leader =
        stores.stream()
            .filter(store -> store.node().status().role() == Role.LEADER)
            .findFirst()
            .orElseThrow();
    leader.put(new byte[16], new byte[1]).get(30, TimeUnit.SECONDS);
  }

  @Override
  public CompletableFuture<?> put(byte[] key, byte[] value) {
    return leader.put(key, value);
  }

  @Override
  public CompletableFuture<?> read(byte[] key) {
    return leader.get(key, Read.LINEARIZABLE);
  }

  @Override
  public CompletableFuture<?> leaseRead(byte[] key) {
    return leader.get(key, Read.LEASE);
  }

  /** What the three nodes report. */
  List<MetricsRegistry> metrics() {
    return environments.stream().map(each -> (MetricsRegistry) each.metrics()).toList();
  }

  @Override
  public void close() {
    rafts.forEach(Raft::close);
    environments.forEach(Environment::close);
  }
}
