package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.node.HttpConnection.Reply;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the node program promises while processes hang, links are cut and all is killed. */
class NodeFaultContractTest {
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long CONVERGENCE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final List<String> PATHS =
      List.of("/strong/k", "/quorum/k", "/quorum/k?consistency=linearizable",
          "/quorum/k?consistency=one", "/eventual/k");

  @TempDir private Path directory;

  private NodeCluster cluster;

  @BeforeEach
  void start() throws Exception {
    cluster = NodeCluster.started(directory, 3);
    for (String path : PATHS) {
      cluster.awaitStatus(1, "PUT", path, "before", 204);
    }
  }

  @AfterEach
  void stop() throws Exception {
    cluster.close();
  }

  @Test
  void every_request_is_answered_within_5_s_while_both_peers_hang() throws Exception {
    cluster.pause(2);
    cluster.pause(3);

    // Twice: what the first round leaves behind must not slow the second.
    for (int round = 0; round < 2; round++) {
      List<CompletableFuture<Timed>> answers = new ArrayList<>();
      for (String path : PATHS) {
        for (String method : List.of("GET", "PUT", "DELETE")) {
          for (int i = 0; i < 20; i++) {
            answers.add(timed(1, method, path));
          }
        }
      }
      for (CompletableFuture<Timed> answer : answers) {
        assertAnswered(answer.get());
      }
    }
    assertThat(cluster.send(1, "PUT", "/eventual/alone", "v").statusCode()).isEqualTo(204);
    assertThat(cluster.send(1, "GET", "/eventual/alone", "").body()).isEqualTo("v");
    assertThat(cluster.send(1, "GET", "/strong/k?consistency=stale", "").statusCode())
        .isEqualTo(200);

    cluster.resume(2);
    cluster.resume(3);
    cluster.awaitStatus(1, "PUT", "/strong/after", "v", 204);
    cluster.awaitStatus(1, "PUT", "/quorum/after", "v", 204);
  }

  @Test
  void while_the_leader_hangs_the_others_answer_and_then_go_on_without_it() throws Exception {
    int leader = cluster.leader(1);
    cluster.pause(leader);

    for (int node = 1; node <= 3; node++) {
      if (node != leader) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(15);
        int status = 0;
        while (status != 204 && System.nanoTime() - end < 0) {
          Timed timed = timed(node, "PUT", "/strong/k").get();
          assertAnswered(timed);
          status = timed.response().statusCode();
        }
        assertThat(status).isEqualTo(204);
        assertAnswered(timed(node, "GET", "/quorum/k?consistency=linearizable").get());
        cluster.awaitStatus(node, "PUT", "/quorum/k?consistency=linearizable", "v", 204);
      }
    }
    cluster.resume(leader);
    assertThat(cluster.awaitStatus(leader, "GET", "/strong/k", "", 200).statusCode())
        .isEqualTo(200);
  }

  @Test
  void every_request_is_answered_within_5_s_however_the_links_of_a_node_are() throws Exception {
    for (String fault : List.of("cut", "one hung", "mixed")) {
      damage(1, fault);
      List<CompletableFuture<Timed>> answers = new ArrayList<>();
      for (int round = 0; round < 3; round++) {
        for (String path : PATHS) {
          for (String method : List.of("PUT", "GET", "DELETE")) {
            answers.add(timed(1 + round, method, path));
          }
        }
      }
      for (CompletableFuture<Timed> answer : answers) {
        assertAnswered(answer.get());
      }
      cluster.around(1).forEach(Relay::heal);
      for (int node = 1; node <= 3; node++) {
        cluster.awaitStatus(node, "PUT", "/strong/k", fault, 204);
        cluster.awaitStatus(node, "PUT", "/quorum/k?consistency=linearizable", fault, 204);
      }
    }
  }

  @Test
  void a_pair_that_cannot_talk_still_answers_through_the_third_or_says_why() throws Exception {
    cluster.between(1, 2).forEach(Relay::cut);

    for (int node = 1; node <= 3; node++) {
      // Two of three replicas are in reach of each node.
      cluster.awaitStatus(node, "PUT", "/quorum/pair-" + node, "v", 204);
      assertThat(cluster.awaitStatus(node, "GET", "/quorum/pair-" + node, "", 200).body())
          .isEqualTo("v");
    }
    // The third reaches everyone: for it nothing may be missing.
    cluster.awaitStatus(3, "PUT", "/strong/pair", "v", 204);
    long end = System.nanoTime() + CONVERGENCE_NANOS;
    cluster.between(1, 2).forEach(Relay::heal);
    for (int node = 1; node <= 3; node++) {
      cluster.awaitStatus(node, "GET", "/strong/pair", "", 200);
    }
    assertThat(System.nanoTime() - end).isNegative();
  }

  @Test
  void all_nodes_answer_alike_within_10_s_of_the_last_fault_and_write() throws Exception {
    for (String fault : List.of("hung", "paused")) {
      if (fault.equals("paused")) {
        cluster.pause(3);
      } else {
        damage(3, fault);
      }
      for (int i = 0; i < 50; i++) {
        assertThat(cluster.send(1, "PUT", "/eventual/e" + i, fault + " 1").statusCode())
            .isEqualTo(204);
        if (!fault.equals("paused") && i % 2 == 0) {
          assertThat(cluster.send(3, "PUT", "/eventual/e" + i, fault + " 3").statusCode())
              .isEqualTo(204);
        }
      }
      assertThat(cluster.send(1, "DELETE", "/eventual/e49", "").statusCode()).isEqualTo(204);
      // Long enough for the links to be given up.
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(7));
      if (fault.equals("paused")) {
        cluster.resume(3);
      } else {
        cluster.around(3).forEach(Relay::heal);
      }
      long begin = System.nanoTime();
      while (!alike()) {
        assertThat(System.nanoTime() - begin).as(fault).isLessThan(CONVERGENCE_NANOS);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
      }
    }
  }

  @Test
  void no_acknowledged_write_is_lost_and_no_version_used_twice_when_all_are_killed()
      throws Exception {
    Map<String, String> newest = new HashMap<>();
    Map<String, Set<String>> tags = new HashMap<>();
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < 40; i++) {
        for (String store : NodeCluster.STORES) {
          int node = store.equals("eventual") ? 1 : 1 + i % 3;
          String path = "/" + store + "/kill-" + i % 8;
          boolean delete = i % 5 == 4;
          HttpResponse<String> reply =
              cluster.send(node, delete ? "DELETE" : "PUT", path, delete ? "" : round + "-" + i);
          if (reply.statusCode() == 204) {
            newest.put(path, delete ? "" : round + "-" + i);
            String tag = reply.headers().firstValue("ETag").orElseThrow();
            assertThat(tags.computeIfAbsent(path, any -> new HashSet<>()).add(tag))
                .as(path + " " + tag)
                .isTrue();
          } else {
            assertThat(delete && reply.statusCode() == 404).as("" + reply.statusCode()).isTrue();
          }
        }
      }
      // In flight while they die: may or may not take effect, under keys of their own.
      List<CompletableFuture<HttpResponse<String>>> inFlight = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        inFlight.add(
            cluster.sendAsync(1 + i % 3, "PUT",
                "/" + NodeCluster.STORES.get(i % 3) + "/flight-" + round + "-" + i, "" + i));
      }
      for (int node = 1; node <= 3; node++) {
        cluster.kill(node);
      }
      Map<Integer, CompletableFuture<HttpResponse<String>>> acknowledged = new HashMap<>();
      for (int i = 0; i < inFlight.size(); i++) {
        HttpResponse<String> reply = inFlight.get(i).exceptionally(failure -> null).get();
        if (reply != null && reply.statusCode() == 204) {
          acknowledged.put(i, inFlight.get(i));
        }
      }
      cluster.startAll();
      for (Map.Entry<String, String> written : newest.entrySet()) {
        boolean deleted = written.getValue().isEmpty();
        HttpResponse<String> read =
            cluster.awaitStatus(1, "GET", written.getKey(), "", deleted ? 404 : 200);
        assertThat(deleted || read.body().equals(written.getValue()))
            .as(written + " read " + read.body())
            .isTrue();
      }
      for (int i : acknowledged.keySet()) {
        String path = "/" + NodeCluster.STORES.get(i % 3) + "/flight-" + round + "-" + i;
        assertThat(cluster.awaitStatus(1 + i % 3, "GET", path, "", 200).body()).isEqualTo("" + i);
      }
    }
  }

  @Test
  void a_told_node_answers_what_is_in_flight_and_exits_with_0_within_10_s() throws Exception {
    cluster.pause(2);
    cluster.pause(3);
    List<HttpConnection> connections = new ArrayList<>();
    for (String path : PATHS) {
      HttpConnection connection = new HttpConnection(cluster.httpPort(1));
      connections.add(connection);
      connection.writeRequest("PUT", path, "v".getBytes(StandardCharsets.US_ASCII));
    }
    HttpConnection stuck = new HttpConnection(cluster.httpPort(1));
    stuck.write(HttpConnection.head("PUT", "/strong/k", "Content-Length", "9") + "\r\nhalf");
    // An answer to a request that was sent after these: they have arrived.
    assertThat(cluster.send(1, "GET", "/status", "").statusCode()).isEqualTo(200);
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(300));

    long begin = System.nanoTime();
    cluster.process(1).destroy();

    for (HttpConnection connection : connections) {
      Reply reply = connection.read(false);
      assertThat(reply.status()).isIn(204, 503);
      connection.close();
    }
    assertThat(cluster.process(1).waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(10));
    assertThat(cluster.process(1).exitValue()).isZero();
    assertThat(cluster.errors("n1")).noneMatch(line -> line.contains("Exception"));
    stuck.close();
  }

  private record Timed(String request, HttpResponse<String> response, long nanos) {}

  private CompletableFuture<Timed> timed(int node, String method, String path) {
    long begin = System.nanoTime();
    return cluster
        .sendAsync(node, method, path, method.equals("PUT") ? "v" : "")
        .thenApply(
            response ->
                new Timed(node + " " + method + " " + path, response, System.nanoTime() - begin));
  }

  private static void assertAnswered(Timed timed) {
    HttpResponse<String> response = timed.response();
    assertThat(timed.nanos()).as(timed.request()).isLessThan(ANSWER_NANOS);
    assertThat(response.statusCode()).as(timed.request()).isIn(200, 204, 404, 503);
    if (response.statusCode() == 503) {
      boolean read = timed.request().contains("GET");
      String outcome = response.headers().firstValue("Quorate-Outcome").orElse("none");
      assertThat(outcome).as(timed.request()).isIn(
          read ? List.of("refused") : List.of("refused", "indeterminate"));
    }
  }

  private void damage(int node, String fault) {
    List<Relay> relays = cluster.around(node);
    for (int i = 0; i < relays.size(); i++) {
      boolean mine = !fault.startsWith("one") || i % 2 == 0;
      if (mine && (fault.contains("cut") || fault.equals("mixed") && i % 2 == 0)) {
        relays.get(i).cut();
      } else if (mine) {
        relays.get(i).hang();
      }
    }
  }

  /** Whether all nodes answer alike for each key of {@code /eventual}, status, tag and value. */
  private boolean alike() throws Exception {
    for (int i = 0; i < 50; i++) {
      Set<String> answers = new HashSet<>();
      for (int node = 1; node <= 3; node++) {
        HttpResponse<String> read = cluster.send(node, "GET", "/eventual/e" + i, "");
        answers.add(
            read.statusCode() + read.body() + read.headers().firstValue("ETag").orElse(""));
      }
      if (answers.size() > 1) {
        return false;
      }
    }
    return true;
  }
}
