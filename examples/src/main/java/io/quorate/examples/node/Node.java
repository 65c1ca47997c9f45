package io.quorate.examples.node;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.RaftStatus;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.TransportOptions;
import io.quorate.core.transport.TransportTimeouts;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.eventual.EventualOptions;
import io.quorate.replication.eventual.EventualStore;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** A node of a cluster: its environment, its part in each store, and its HTTP interface. */
final class Node implements AutoCloseable {
  /** Stores give up before the HTTP interface must. */
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static final int CLOSE_SECONDS = 3;
  private static final int REPLICAS = 3;

  /** All nodes must answer alike soon after the last fault: links come back within seconds. */
  private static final TransportTimeouts LINKS =
      TransportTimeouts.defaults()
          .withConnect(Duration.ofSeconds(1))
          .withHandshake(Duration.ofSeconds(2))
          .withIdle(Duration.ofSeconds(6))
          .withBackoff(Duration.ofMillis(50), Duration.ofMillis(500));

  private static final Gson JSON = new GsonBuilder().serializeNulls().create();

  private final NodeOptions options;
  private final MetricsRegistry metrics = new MetricsRegistry();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final ConsistentStore<String, byte[]> strong;
  private final HttpApi http;

  private Node(NodeOptions options) throws IOException {
    this.options = options;
    HttpServer server = HttpApi.listen(options.http());
    try {
      Environment environment = opened(environment());
      new Home(options.id(), new TreeSet<>(options.cluster().keySet()))
          .claim(environment.storage());
      options.cluster().forEach((id, address) -> dial(environment, id, address));
      Raft raft =
          opened(Raft.open(environment, RaftOptions.defaults().withOperationTimeout(TIMEOUT)));
      raft.opened().join();
      this.strong =
          opened(
              ConsistentStore.open(
                  raft, "strong", options.cluster().keySet(), Codec.STRING, Codec.BYTES));
      strong.node().started().join();
      QuorumStore<String, byte[]> quorum =
          QuorumStore.open(
                  environment,
                  placement(options),
                  Codec.STRING,
                  Codec.BYTES,
                  QuorumOptions.in("quorum"))
              .join();
      opened(() -> quorum.shutdown().get(CLOSE_SECONDS, TimeUnit.SECONDS));
      EventualStore<String, byte[]> eventual =
          EventualStore.open(
                  environment,
                  options.cluster().keySet(),
                  Codec.STRING,
                  Codec.BYTES,
                  EventualOptions.in("eventual"))
              .join();
      opened(() -> eventual.shutdown().get(CLOSE_SECONDS, TimeUnit.SECONDS));
      Map<String, KeyValueStore> stores =
          Map.of(
              "strong", new StrongStore(strong),
              "quorum", new QuorumKeys(quorum, TIMEOUT),
              "eventual", new EventualKeys(eventual));
      this.http = opened(new HttpApi(server, stores, this::status, this::metrics));
    } catch (CompletionException e) {
      server.close();
      close();
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    } catch (RuntimeException e) {
      server.close();
      close();
      throw e;
    }
  }

  /**
   * Starts a node; returns once it serves HTTP.
   *
   * @throws io.quorate.core.storage.StorageException if its files are damaged or another node's
   * @throws IOException if an address cannot be bound
   */
  static Node start(NodeOptions options) throws IOException {
    return new Node(options);
  }

  Address httpAddress() {
    return http.address();
  }

  /** Stops accepting, answers what is in flight, then lets go of everything. */
  @Override
  public void close() {
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("a part of the node did not close", e);
      }
    }
  }

  private Environment environment() {
    return Environment.real(
        EnvironmentOptions.of(options.id(), "quorate-example")
            .withTransport(
                TransportOptions.defaults()
                    .withListen(options.listen())
                    .withTimeouts(LINKS)
                    .insecure())
            .withDataDirectory(options.directory())
            .withMetrics(metrics));
  }

  /** Three replicas for each key, chosen by the ring over all members. */
  private static Placement placement(NodeOptions options) {
    int replicas = Math.min(REPLICAS, options.cluster().size());
    return Placement.of(
        ConsistentHashRing.of(
            Member.all(options.cluster().keySet(), NodeId::value),
            RingOptions.defaults().withReplicas(replicas)));
  }

  private void dial(Environment environment, NodeId id, Address address) {
    if (!id.equals(options.id())) {
      environment.transport().setPeer(id, address);
    }
  }

  /** Remembers to close {@code part}, before those that were opened earlier. */
  private <T extends AutoCloseable> T opened(T part) {
    opened.push(part);
    return part;
  }

  private String status() {
    RaftStatus status = strong.node().status();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("id", options.id().value());
    json.put("role", role(status.role()).toLowerCase(Locale.ROOT));
    json.put("term", status.term());
    json.put("leader", status.leader().map(NodeId::value).orElse(null));
    json.put("commitIndex", status.commitIndex());
    json.put("members", options.cluster().keySet().stream().map(NodeId::value).toList());
    return JSON.toJson(json);
  }

  private static String role(Role role) {
    return role == Role.PRE_CANDIDATE ? Role.CANDIDATE.name() : role.name();
  }

  private String metrics() {
    StringBuilder text = new StringBuilder();
    try {
      metrics.writePrometheus(text);
    } catch (IOException e) {
      throw new UncheckedIOException("a string has no room", e);
    }
    return text.toString();
  }
}
