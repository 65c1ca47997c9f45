package io.quorate.replication.processes;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/** One node in a JVM of its own: {@code StoreProcess ID DIRECTORY n1=host:port,n2=...}. */
public final class StoreProcess {
  private StoreProcess() {}

  /** Opens the store, says {@code ready}, and serves until it is killed. */
  public static void main(String[] arguments) throws InterruptedException {
    SortedMap<NodeId, Address> members = new TreeMap<>();
    for (String member : arguments[2].split(",")) {
      String[] parts = member.split("=");
      members.put(NodeId.of(parts[0]), Address.parse(parts[1]));
    }
    open(NodeId.of(arguments[0]), Path.of(arguments[1]), members);
    System.out.println("ready");
    new CountDownLatch(1).await();
  }

  /** The store of one of {@code members}; it lives as long as the process. */
  public static QuorumStore<String, String> open(
      NodeId self, Path directory, Map<NodeId, Address> members) {
    Environment environment =
        Environment.real(
            EnvironmentOptions.of(self, "processes")
                .withDataDirectory(directory)
                .withListen(members.get(self)));
    members.forEach(
        (node, address) -> {
          if (!node.equals(self)) {
            environment.transport().setPeer(node, address);
          }
        });
    return QuorumStore.open(
            environment,
            Placement.everywhere(1, members.keySet()),
            Codec.STRING,
            Codec.STRING,
            QuorumOptions.in("quorum"))
        .join();
  }
}
