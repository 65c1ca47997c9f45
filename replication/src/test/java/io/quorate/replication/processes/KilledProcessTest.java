package io.quorate.replication.processes;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.Tag;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.replication.quorum.WriteOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real processes, sockets and disks: one of three nodes is killed under load and comes back. */
class KilledProcessTest {
  private static final ReadOptions READ =
      ReadOptions.at(Consistency.LINEARIZABLE).withTimeout(Duration.ofSeconds(20));
  private static final WriteOptions WRITE =
      WriteOptions.at(Consistency.LINEARIZABLE).withTimeout(Duration.ofSeconds(20));

  private final List<Process> processes = new ArrayList<>();

  @Test
  void killing_one_of_three_processes_fails_no_operation_and_loses_no_acknowledged_write(
      @TempDir Path directory) throws Exception {
    SortedMap<NodeId, Address> members = new TreeMap<>();
    for (int i = 1; i <= 3; i++) {
      members.put(NodeId.of("n" + i), new Address("127.0.0.1", freePort()));
    }
    try {
      start("n2", directory, members);
      Process third = start("n3", directory, members);
      QuorumStore<String, String> store =
          StoreProcess.open(NodeId.of("n1"), directory.resolve("n1"), members);
      while (!store.status().get(60, TimeUnit.SECONDS).caughtUp()) {
        Thread.onSpinWait();
      }
      Map<String, Tag> acknowledged = new TreeMap<>();
      load(store, acknowledged, 0, 300);

      third.destroyForcibly().waitFor();
      load(store, acknowledged, 300, 600);
      third = start("n3", directory, members);
      load(store, acknowledged, 600, 800);
      // The other one now: what n3 missed must not be missed by a quorum with it.
      processes.get(0).destroyForcibly().waitFor();

      for (Map.Entry<String, Tag> write : acknowledged.entrySet()) {
        assertThat(store.get(write.getKey(), READ).get(60, TimeUnit.SECONDS).tag())
            .as(write.getKey())
            .isEqualTo(write.getValue());
      }
      store.shutdown().get(30, TimeUnit.SECONDS);
    } finally {
      for (Process process : processes) {
        process.destroyForcibly().waitFor();
      }
    }
  }

  private static void load(
      QuorumStore<String, String> store, Map<String, Tag> acknowledged, int from, int to)
      throws Exception {
    for (int i = from; i < to; i++) {
      String key = "k" + i % 250;
      acknowledged.put(key, store.put(key, "v" + i, WRITE).get(60, TimeUnit.SECONDS));
      String read = "k" + (i * 7) % 250;
      if (acknowledged.containsKey(read)) {
        assertThat(store.get(read, READ).get(60, TimeUnit.SECONDS).tag())
            .isEqualTo(acknowledged.get(read));
      }
    }
  }

  private Process start(String id, Path directory, SortedMap<NodeId, Address> members)
      throws IOException {
    List<String> peers = new ArrayList<>();
    members.forEach((node, address) -> peers.add(node + "=" + address));
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StoreProcess.class.getName(),
                id,
                directory.resolve(id).toString(),
                String.join(",", peers))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    processes.add(process);
    BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    assertThat(out.readLine()).as("%s", id).isEqualTo("ready");
    return process;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
