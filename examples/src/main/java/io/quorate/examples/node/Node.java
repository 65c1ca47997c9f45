package io.quorate.examples.node;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.RaftStatus;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.storage.StorageException;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.TransportOptions;
import io.quorate.core.transport.TransportTimeouts;
import io.quorate.examples.cluster.StorePlacementRegister;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.eventual.EventualOptions;
import io.quorate.replication.eventual.EventualStore;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/**
 * A node of a cluster: its environment, its part in each store and in the agreement on who is a
 * member, and its HTTP interface.
 */
final class Node implements AutoCloseable {
  /** Stores give up before the HTTP interface must. */
  private static final Duration TIMEOUT = Duration.ofSeconds(3);

  private static final int REPLICAS = 3;
  private static final String PLACEMENT = "placement";

  /** All nodes must answer alike soon after the last fault: links come back within seconds. */
  private static final TransportTimeouts LINKS =
      TransportTimeouts.defaults()
          .withConnect(Duration.ofSeconds(1))
          .withHandshake(Duration.ofSeconds(2))
          .withIdle(Duration.ofSeconds(6))
          .withBackoff(Duration.ofMillis(50), Duration.ofMillis(500));

  private static final Gson JSON = new GsonBuilder().serializeNulls().create();

  private final NodeOptions options;
  private final Consumer<String> progressLine;
  private final MetricsRegistry metrics = new MetricsRegistry();
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final Environment environment;
  private final ConsistentStore<String, byte[]> strong;
  private final EventualKeys eventual;
  private final OpeningQuorum quorum;
  private final HttpApi http;
  private Home home;
  private volatile SortedSet<NodeId> members;
  private volatile String progress = "";

  private Node(
      NodeOptions options, Consumer<String> progressLine, Consumer<StorageException> onDamage)
      throws IOException {
    this.options = options;
    this.progressLine = progressLine;
    HttpServer server = HttpApi.listen(options.http());
    try {
      this.environment = opened(environment());
      this.home = home();
      this.members = home.founders();
      options.cluster().forEach(this::dial);
      home.peers().forEach(this::dial);
      SortedSet<NodeId> founders = home.founders();
      Collection<NodeId> voters = options.joins() ? List.of() : founders;
      Raft raft =
          opened(Raft.open(environment, RaftOptions.defaults().withOperationTimeout(TIMEOUT)));
      raft.opened().join();
      this.strong =
          opened(
              ConsistentStore.open(raft, "strong", voters, Codec.STRING, Codec.BYTES));
      ConsistentStore<String, byte[]> cluster =
          opened(
              ConsistentStore.open(raft, "cluster", voters, Codec.STRING, Codec.BYTES));
      strong.node().started().join();
      cluster.node().started().join();
      StorePlacementRegister register = new StorePlacementRegister(cluster, PLACEMENT);
      this.quorum =
          opened(
              new OpeningQuorum(
                  environment,
                  register,
                  options.joins() ? Optional.empty() : Optional.of(placement(founders)),
                  onDamage));
      this.eventual = opened(new EventualKeys(eventual()));
      Registry registry = new Registry(cluster);
      Map<String, RaftNode<?, ?, ?>> groups =
          new TreeMap<>(Map.of("strong", strong.node(), "cluster", cluster.node()));
      Steward steward =
          opened(
              new Steward(
                  environment.transport().address(),
                  options,
                  founders,
                  registry,
                  List.copyOf(groups.values()),
                  new World()));
      ClusterPages pages =
          new ClusterPages(
              founders, Math.min(REPLICAS, founders.size()), registry, groups, steward);
      Map<String, KeyValueStore> stores =
          Map.of(
              "strong", new StrongStore(strong),
              "quorum", new QuorumKeys(quorum.store(), TIMEOUT),
              "eventual", eventual);
      steward.start();
      this.http =
          opened(
              new HttpApi(
                  server,
                  stores,
                  this::status,
                  this::metrics,
                  request ->
                      ClusterPages.isFor(request)
                          ? Optional.of(pages.answer(request))
                          : Optional.empty()));
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
   * @param progressLine told how far a node has come that joins
   * @param onDamage told if damage shows only after this has returned
   * @throws StorageException if its files are damaged or another node's
   * @throws IOException if an address cannot be bound
   */
  static Node start(
      NodeOptions options, Consumer<String> progressLine, Consumer<StorageException> onDamage)
      throws IOException {
    return new Node(options, progressLine, onDamage);
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

  /** What the directory says of the cluster, or else the command line or a member. */
  private Home home() {
    if (!options.joins()) {
      SortedSet<NodeId> founders = new TreeSet<>(options.cluster().keySet());
      return new Home(options.id(), founders, new TreeMap<>()).claim(environment.storage());
    }
    Optional<Home> known = Home.find(environment.storage());
    JoinClient seeds = new JoinClient(options.join());
    // Before anything else, so that a name that is taken is noticed before it is used.
    seeds.enter(options.id(), environment.transport().address());
    Optional<JoinClient.Cluster> told = seeds.cluster();
    SortedSet<NodeId> founders =
        known
            .map(Home::founders)
            .or(() -> told.map(JoinClient.Cluster::founders))
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "none of --join " + options.join() + " answers for a cluster"));
    Home mine =
        new Home(options.id(), founders, new TreeMap<>()).claim(environment.storage());
    SortedMap<NodeId, Address> peers = new TreeMap<>(mine.peers());
    told.ifPresent(cluster -> peers.putAll(cluster.addresses()));
    peers.remove(options.id());
    Home whole = mine.withPeers(peers);
    whole.write(environment.storage());
    return whole;
  }

  /** Three replicas for each key, chosen by the ring over all members. */
  private static Placement placement(SortedSet<NodeId> founders) {
    int replicas = Math.min(REPLICAS, founders.size());
    return Placement.of(
        ConsistentHashRing.of(
            Member.all(founders, NodeId::value), RingOptions.defaults().withReplicas(replicas)));
  }

  private EventualStore<String, byte[]> eventual() {
    return EventualStore.open(
            environment,
            withSelf(members),
            Codec.STRING,
            Codec.BYTES,
            EventualOptions.in("eventual"))
        .join();
  }

  private SortedSet<NodeId> withSelf(SortedSet<NodeId> others) {
    SortedSet<NodeId> all = new TreeSet<>(others);
    all.add(options.id());
    return all;
  }

  private void dial(NodeId id, Address address) {
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
    json.put("members", members.stream().map(NodeId::value).toList());
    if (options.joins()) {
      json.put("join", progress);
    }
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

  /** What the steward sees and changes; called by its thread alone. */
  private final class World implements Steward.World {
    @Override
    public void reach(SortedMap<NodeId, ClusterEntry> entries) {
      SortedMap<NodeId, Address> peers = new TreeMap<>(home.peers());
      entries.forEach(
          (id, entry) -> {
            boolean told = options.cluster().containsKey(id) || id.equals(options.id());
            if (!told && !entry.address().equals(peers.put(id, entry.address()))) {
              dial(id, entry.address());
            }
          });
      if (!peers.equals(home.peers())) {
        home = home.withPeers(peers);
        home.write(environment.storage());
      }
    }

    @Override
    public void members(SortedSet<NodeId> now) {
      members = now;
      eventual.changeMembers(withSelf(now));
    }

    @Override
    public Optional<QuorumStore<String, byte[]>> quorum() {
      return quorum.store().isDone() && !quorum.store().isCompletedExceptionally()
          ? Optional.of(quorum.store().join())
          : Optional.empty();
    }

    @Override
    public void progress(String line) {
      if (!line.equals(progress)) {
        progress = line;
        progressLine.accept("join " + line);
      }
    }
  }
}
