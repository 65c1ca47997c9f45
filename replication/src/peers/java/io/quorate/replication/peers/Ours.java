package io.quorate.replication.peers;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** The quorum store at one consistency. */
final class Ours implements Candidate {
  private final String name;
  private final ReadOptions reads;
  private final WriteOptions writes;
  private final List<Environment> environments = new ArrayList<>();
  private final List<QuorumStore<String, byte[]>> stores = new ArrayList<>();

  Ours(String name, Consistency level, LocalOptions.Durability durability, Path directory)
      throws Exception {
    this.name = name;
    this.reads = ReadOptions.at(level).withTimeout(Duration.ofSeconds(20));
    this.writes = WriteOptions.at(level).withTimeout(Duration.ofSeconds(20));
    List<NodeId> ids = List.of(NodeId.of("n1"), NodeId.of("n2"), NodeId.of("n3"));
    for (NodeId id : ids) {
      environments.add(
          Environment.real(
              EnvironmentOptions.of(id, "peers")
                  .withDataDirectory(directory.resolve(id.value()))));
    }
    for (Environment one : environments) {
      for (Environment other : environments) {
        if (one != other) {
          one.transport().setPeer(other.self(), other.transport().address());
        }
      }
    }
    QuorumOptions options =
        QuorumOptions.in("quorum")
            .withLocal(LocalOptions.in("quorum/cells").withDurability(durability));
    for (Environment environment : environments) {
      stores.add(
          QuorumStore.open(
                  environment, Placement.everywhere(1, ids), Codec.STRING, Codec.BYTES, options)
              .get(30, TimeUnit.SECONDS));
    }
    for (QuorumStore<String, byte[]> store : stores) {
      while (!store.status().get(30, TimeUnit.SECONDS).caughtUp()) {
        Thread.sleep(20);
      }
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public CompletionStage<?> put(int operation, String key, byte[] value) {
    return stores.get(operation % 3).put(key, value, writes);
  }

  @Override
  public CompletionStage<?> get(int operation, String key) {
    return stores.get(operation % 3).get(key, reads);
  }

  @Override
  public void close() {
    stores.forEach(store -> store.shutdown().join());
    environments.forEach(Environment::close);
  }
}
