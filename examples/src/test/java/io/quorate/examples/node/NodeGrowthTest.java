package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of real processes that grows and shrinks while it is written to and read. */
class NodeGrowthTest {
  @TempDir private Path directory;

  private NodeCluster cluster;

  @AfterEach
  void stop() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Test
  void a_fourth_node_joins_under_load_by_one_flag_and_an_old_one_is_taken_out() throws Exception {
    cluster = new NodeCluster(directory, 3, 4);
    cluster.startAll();
    for (int i = 0; i < 300; i++) {
      assertThat(cluster.send(1 + i % 3, "PUT", "/quorum/old-" + i, "old").statusCode())
          .isEqualTo(204);
    }
    Writers writers = new Writers();
    writers.start(1, 2, 3);
    writers.awaitMore(100);

    cluster.join(4, 2, 1);
    awaitThat(() -> printed(4, "join done"));
    writers.awaitMore(100);

    // Not one operation has failed, in any store, while the node was added.
    assertThat(writers.failures).isEmpty();
    JsonObject overview = overview(1);
    assertThat(overview.getAsJsonObject("voters").get("strong").toString()).contains("n4");
    assertThat(overview.getAsJsonObject("members").getAsJsonObject("n4").get("phase").getAsString())
        .isEqualTo("member");
    assertThat(cluster.status(1).get("members").toString())
        .isEqualTo("[\"n1\",\"n2\",\"n3\",\"n4\"]");
    assertThat(cluster.status(4).get("join").getAsString()).isEqualTo("done");
    assertThat(cluster.output(4)).contains("join learner, catching up");

    // An old one is killed, and its place is given up: nothing is lost.
    writers.stop();
    cluster.kill(3);
    writers.start(1, 2, 4);
    cluster.awaitStatus(1, "DELETE", "/cluster/n3", "", 204);
    awaitThat(() -> phase(1, "n3").equals("removed") && !voters(1).contains("n3"));
    writers.awaitMore(100);
    writers.stop();

    assertThat(cluster.status(2).get("members").toString()).isEqualTo("[\"n1\",\"n2\",\"n4\"]");
    writers.assertNothingLost(4);
    for (int i = 0; i < 300; i++) {
      assertThat(cluster.awaitStatus(4, "GET", "/quorum/old-" + i, "", 200).body())
          .isEqualTo("old");
    }

    // All are killed, and come back with the flags that they had, without the one that is out.
    for (int node : new int[] {1, 2, 4}) {
      cluster.kill(node);
    }
    cluster.start(1);
    cluster.start(2);
    cluster.join(4, 1, 2);
    for (int node : new int[] {1, 2, 4}) {
      cluster.awaitReady(node);
    }
    writers.assertNothingLost(4);
    cluster.awaitStatus(4, "PUT", "/strong/after", "v", 204);
    cluster.awaitStatus(4, "PUT", "/quorum/after", "v", 204);
  }

  @Test
  void a_newcomer_with_a_name_that_is_taken_is_told_so_and_too_few_may_not_remain()
      throws Exception {
    cluster = new NodeCluster(directory, 3, 4);
    cluster.startAll();
    awaitThat(() -> phase(1, "n3").equals("member"));

    Process taken =
        cluster.launch("taken", "--id", "n2", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0",
            "--dir", directory.resolve("taken").toString(), "--join",
            "127.0.0.1:" + cluster.httpPort(1));
    assertThat(taken.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(taken.exitValue()).isEqualTo(2);
    assertThat(cluster.errors("taken")).singleElement().asString().contains("n2");

    assertThat(cluster.send(1, "DELETE", "/cluster/n3", "").statusCode()).isEqualTo(412);
    assertThat(cluster.send(1, "DELETE", "/cluster/n9", "").statusCode()).isEqualTo(404);
    assertThat(cluster.send(1, "PUT", "/cluster/n9", "nonsense").statusCode()).isEqualTo(400);
    assertThat(cluster.send(1, "POST", "/cluster", "").statusCode()).isEqualTo(405);
  }

  private JsonObject overview(int node) throws Exception {
    return JsonParser.parseString(cluster.send(node, "GET", "/cluster", "").body())
        .getAsJsonObject();
  }

  private String phase(int node, String member) {
    try {
      JsonObject members = overview(node).getAsJsonObject("members");
      return members.has(member)
          ? members.getAsJsonObject(member).get("phase").getAsString()
          : "none";
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private String voters(int node) {
    try {
      return overview(node).getAsJsonObject("voters").toString();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private boolean printed(int node, String line) {
    try {
      return cluster.output(node).contains(line);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void awaitThat(BooleanSupplier condition) throws IOException {
    for (int round = 0; round < 600 && !condition.getAsBoolean(); round++) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    assertThat(condition.getAsBoolean()).as("n4 printed " + cluster.output(1)).isTrue();
  }

  /**
   * Users of all stores, each with keys of its own; a write that is not acknowledged is a failure.
   */
  private final class Writers {
    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopping;
    private int generation;

    void start(int... nodes) {
      stopping = false;
      generation++;
      for (int node : nodes) {
        for (String store : NodeCluster.STORES) {
          String prefix = "/" + store + "/" + node + "-" + generation + "-";
          Thread thread = new Thread(() -> write(node, prefix), "writer");
          thread.setDaemon(true);
          thread.start();
          threads.add(thread);
        }
      }
    }

    void awaitMore(int writes) throws IOException {
      int before = acknowledged.size();
      awaitThat(() -> acknowledged.size() >= before + writes);
    }

    void stop() throws InterruptedException {
      stopping = true;
      for (Thread thread : threads) {
        thread.join();
      }
      threads.clear();
    }

    void assertNothingLost(int reader) throws Exception {
      for (Map.Entry<String, String> written : new TreeMap<>(acknowledged).entrySet()) {
        assertThat(cluster.awaitStatus(reader, "GET", written.getKey(), "", 200).body())
            .isEqualTo(written.getValue());
      }
    }

    private void write(int node, String prefix) {
      for (int i = 0; !stopping; i++) {
        String path = prefix + i;
        try {
          HttpResponse<String> put = cluster.send(node, "PUT", path, "value " + i);
          HttpResponse<String> get = cluster.send(node, "GET", path, "");
          if (put.statusCode() == 204) {
            acknowledged.put(path, "value " + i);
          }
          if (put.statusCode() != 204 || !get.body().equals("value " + i)) {
            failures.add(path + " " + put.statusCode() + " " + put.body() + get.body());
          }
        } catch (IOException | InterruptedException e) {
          failures.add(path + " " + e);
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }
}
