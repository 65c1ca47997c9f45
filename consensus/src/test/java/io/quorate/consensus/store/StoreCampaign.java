package io.quorate.consensus.store;

import io.quorate.consensus.StormyGroup;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.raft.Read;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.History;
import io.quorate.core.sim.Register;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * One seed of a whole store, log and codecs included, under crashes, partitions, pauses, bad disks,
 * damaged files, drifting clocks, changes of members and hand-overs. Then everything heals, and it
 * must work again; its history must be linearizable; its replicas must be equal.
 */
final class StoreCampaign implements AutoCloseable {
  private static final Duration STORM = Duration.ofSeconds(6);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private record Service(Raft raft, ConsistentStore<String, String> store) {}

  private final StormyGroup<Service> group;
  private final Simulation simulation;
  private final RandomGenerator random;
  private final History<Register.Input, Register.Output> history;
  private final List<NodeId> ids;
  private final int voters;
  private final List<SimNode<Service>> nodes;
  private final boolean leases;
  private final boolean membership;
  private final boolean expiring;
  private final int keys;
  /** What watchers on any node were told, by version and key. */
  private final Map<String, String> watched = new HashMap<>();
  /** Values that were written for a time. */
  private final Set<String> mortal = new HashSet<>();
  /** Whether a node's files may still be damaged: once, so that a majority keeps what it has. */
  private boolean damageable;
  private int values;

  StoreCampaign(long seed) {
    group = new StormyGroup<>(seed, service -> service.store().node());
    simulation = group.simulation();
    random = group.random();
    nodes = group.nodes();
    history = History.in(simulation);
    voters = random.nextInt(3) == 0 ? 5 : 3;
    membership = random.nextInt(3) == 0;
    leases = random.nextInt(3) == 0;
    expiring = random.nextInt(3) == 0;
    keys = 1 + random.nextInt(5);
    damageable = !membership && random.nextBoolean();
    ids = IntStream.range(0, voters + (membership ? 1 : 0)).mapToObj(i -> NodeId.of("n" + i))
        .toList();
    RaftOptions options =
        RaftOptions.defaults()
            .withOperationTimeout(Duration.ofSeconds(2))
            .withMaxCommandBytes(16 << 10)
            .withRepair(true)
            .withSnapshotLogBytes(random.nextBoolean() ? 2_000 : 1 << 20);
    for (int i = 0; i < ids.size(); i++) {
      List<NodeId> initial = i < voters ? ids.subList(0, voters) : List.of();
      group.add(ids.get(i), env -> open(env, initial, options));
    }
  }

  /** Runs the seed; a failure names it. */
  static StoreCampaign run(long seed) {
    StoreCampaign campaign = new StoreCampaign(seed);
    try {
      campaign.play();
      return campaign;
    } catch (Throwable e) {
      throw new AssertionError("seed " + seed + " (StoreCampaign.run(" + seed + ")): " + e, e);
    }
  }

  int operations() {
    return history.returnedCount();
  }

  /** How many nodes have had to set their log aside. */
  long repairs() {
    return nodes.stream()
        .flatMap(node -> node.disk().paths().stream())
        .filter(path -> path.endsWith("_log.2/manifest"))
        .count();
  }

  long events() {
    return simulation.eventCount();
  }

  long digest() {
    return simulation.digest();
  }

  @Override
  public void close() {
    group.close();
  }

  private void play() {
    for (int i = 0; i < nodes.size(); i++) {
      for (int client = 0; client < 2; client++) {
        int node = i;
        String name = "c" + i + client;
        simulation.at(Duration.ofMillis(random.nextInt(100)), () -> next(node, name));
      }
    }
    group.storm(Duration.ofMillis(300), 20, 400, this::disturb);
    simulation.run(STORM);
    group.heal();
    settle();
    // Whatever the storm left under way ends meanwhile.
    simulation.run(Duration.ofSeconds(5));
    history.check(Register.model());
    compareReplicas();
    group.checkNothingWasViolated();
  }

  private Service open(Environment environment, List<NodeId> initial, RaftOptions options) {
    StormyGroup.connect(environment, ids);
    Raft raft = Raft.open(environment, options);
    ConsistentStore<String, String> store =
        ConsistentStore.open(raft, "store", initial, Codec.STRING, Codec.STRING);
    String self = environment.self().value();
    long[] latest = new long[1];
    store.watch(1, event -> watched(self, event, latest));
    group.watchLeaders(environment.self(), store.node());
    return new Service(raft, store);
  }

  /** Watchers on all nodes are told the same of each version, in the order of versions. */
  private void watched(String node, StoreEvent<String, String> event, long[] latest) {
    long version;
    String key;
    String value;
    if (event instanceof StoreEvent.Put<String, String> put) {
      version = put.version();
      key = put.key();
      value = put.value();
    } else if (event instanceof StoreEvent.Deleted<String, String> deleted) {
      version = deleted.version();
      key = deleted.key();
      value = deleted.expired() ? "(expired)" : "(deleted)";
    } else {
      return;
    }
    // The entry whose time ends a value may also be the one that writes the next.
    boolean expired = value.equals("(expired)");
    String told = watched.putIfAbsent((expired ? "x " : "") + version + " " + key, value);
    if (told != null && !told.equals(value)) {
      group.violated("version " + version + " of " + key + ": " + told + ", " + value);
    }
    if (version < latest[0]) {
      group.violated(node + " was told of " + version + " after " + latest[0]);
    }
    latest[0] = version;
  }

  private void next(int node, String client) {
    if (!group.isStorming()) {
      return;
    }
    Duration pause = Duration.ofMillis(1 + random.nextInt(60));
    if (!nodes.get(node).isRunning()) {
      simulation.at(pause, () -> next(node, client));
      return;
    }
    int incarnation = nodes.get(node).incarnation();
    CompletableFuture<?> done = operate(nodes.get(node).service().store(), client);
    boolean[] went = new boolean[1];
    Runnable goOn =
        () -> {
          if (!went[0]) {
            went[0] = true;
            simulation.at(pause, () -> next(node, client));
          }
        };
    done.whenComplete((result, error) -> goOn.run());
    simulation.at(
        Duration.ofSeconds(4),
        () -> {
          boolean same = group.service(node, incarnation).isPresent();
          if (same && !done.isDone() && !went[0] && nodes.get(node).clock() != null) {
            simulation.at(Duration.ofSeconds(3), goOn);
          } else {
            goOn.run();
          }
        });
  }

  private CompletableFuture<?> operate(ConsistentStore<String, String> store, String client) {
    String key = "k" + random.nextInt(keys);
    String value = client + "-" + values++;
    Read mode = leases && random.nextBoolean() ? Read.LEASE : Read.LINEARIZABLE;
    return switch (random.nextInt(10)) {
      case 4 ->
          call(
              client,
              new Register.CompareAndSet(key, Optional.empty(), Optional.of(value)),
              store
                  .transaction()
                  .ifAbsent(key)
                  .put(key, value)
                  .put("pair1", value)
                  .put("pair2", value)
                  .otherwise()
                  .put("pair1", "not " + value)
                  .put("pair2", "not " + value)
                  .commit(),
              result -> outcome(result.held()));
      case 5 -> store.scan("pair", "paiz", 10, mode).thenAccept(this::checkPair);
      case 6 -> expiring ? putForATime(store, client, key, value) : store.get(key, mode);
      case 0, 1 ->
          call(client, new Register.Write(key, Optional.of(value)), store.put(key, value),
              version -> Register.Output.done());
      case 2 ->
          call(client, new Register.Write(key, Optional.empty()), store.delete(key),
              version -> Register.Output.done());
      case 3 ->
          call(
              client,
              new Register.CompareAndSet(key, Optional.empty(), Optional.of(value)),
              store.putIfAbsent(key, value),
              version -> outcome(version.isPresent()));
      default ->
          call(client, new Register.Read(key), store.get(key, mode),
                  found -> Register.Output.found(found.map(Versioned::value)))
              .thenCompose(found -> swap(store, client, key, value, found));
    };
  }

  /** Both were always written together, so both are seen together. */
  private void checkPair(Scan<String, String> pair) {
    List<Scan.Item<String, String>> items = pair.items();
    boolean whole =
        items.isEmpty()
            || items.size() == 2
                && items.get(0).value().equals(items.get(1).value())
                && items.get(0).version() == items.get(1).version();
    if (!whole) {
      group.violated("half of a transaction: " + pair);
    }
  }

  /** To the history, its end is a deletion that somebody begins now and that may come any time. */
  private CompletableFuture<?> putForATime(
      ConsistentStore<String, String> store, String client, String key, String value) {
    mortal.add(value);
    history.invoke("end of " + value, new Register.Write(key, Optional.empty())).unknown();
    return call(
        client,
        new Register.Write(key, Optional.of(value)),
        store.put(key, value, Duration.ofMillis(20 + random.nextInt(400))),
        version -> Register.Output.done());
  }

  private CompletableFuture<?> swap(
      ConsistentStore<String, String> store,
      String client,
      String key,
      String value,
      Optional<Versioned<String>> found) {
    if (found.isEmpty() || random.nextInt(3) == 0) {
      return CompletableFuture.completedFuture(null);
    }
    return call(
        client,
        new Register.CompareAndSet(
            key, Optional.of(found.get().value()), Optional.of(value)),
        store.compareAndSet(key, found.get().version(), value),
        version -> outcome(version.isPresent()));
  }

  private static Register.Output outcome(boolean applied) {
    return applied ? Register.Output.done() : Register.Output.mismatch();
  }

  private <T> CompletableFuture<T> call(
      String client,
      Register.Input input,
      CompletableFuture<T> operation,
      Function<T, Register.Output> answer) {
    History<Register.Input, Register.Output>.Call call = history.invoke(client, input);
    operation.whenComplete(
        (result, error) -> {
          if (error == null) {
            call.returned(answer.apply(result));
          } else if (group.mayHaveTakenEffect(error)) {
            call.unknown();
          } else {
            call.hadNoEffect();
          }
        });
    return operation;
  }

  private void disturb(SimNode<Service> node, SimNode<Service> other) {
    int dice = random.nextInt(16);
    switch (dice) {
      case 0, 1 -> node.crash();
      case 2 -> node.kill();
      case 12 -> {
        if (membership) {
          group.leader().ifPresent(this::changeMembers);
        }
      }
      case 13 -> nodes.forEach(SimNode::crash);
      case 14 -> damage(node);
      case 15 -> simulation.network().heal();
      default -> group.strike(dice - 3, node, other);
    }
  }

  /** A bit flips in a log, before records that show that it had been synced, or in a snapshot. */
  private void damage(SimNode<Service> node) {
    List<String> files =
        node.disk().paths().stream()
            .filter(path -> path.endsWith(".wal") || path.contains("/snapshot-"))
            .toList();
    if (!damageable || files.isEmpty()) {
      return;
    }
    damageable = false;
    node.crash();
    String path = files.get(random.nextInt(files.size()));
    byte[] bytes = node.disk().visible(path);
    int used = bytes.length;
    while (used > 1 && bytes[used - 1] == 0) {
      used--;
    }
    node.disk().flipBit(path, random.nextInt(used * 4));
  }

  private void changeMembers(SimNode<Service> leader) {
    RaftNode<?, ?, ?> node = leader.service().store().node();
    NodeId spare = ids.get(ids.size() - 1);
    NodeId victim = ids.get(random.nextInt(ids.size()));
    switch (random.nextInt(3)) {
      case 0 -> node.addLearner(spare);
      case 1 -> node.addVoter(spare);
      default -> {
        if (node.status().configuration().voters().size() > 2) {
          node.remove(victim);
        } else {
          node.addVoter(victim);
        }
      }
    }
  }

  /** Liveness: each node that takes part reads and writes again. */
  private void settle() {
    for (SimNode<Service> node : nodes) {
      if (!takesPart(node)) {
        continue;
      }
      boolean[] done = new boolean[1];
      String client = "after-" + node.id();
      Runnable[] attempt = new Runnable[1];
      attempt[0] =
          () -> {
            String value = client + "-" + values++;
            call(client, new Register.Write("k0", Optional.of(value)),
                    node.service().store().put("k0", value),
                    version -> Register.Output.done())
                .thenRun(() -> done[0] = true);
            simulation.at(
                Duration.ofSeconds(3),
                () -> {
                  if (!done[0]) {
                    attempt[0].run();
                  }
                });
          };
      attempt[0].run();
      simulation.runUntil(() -> done[0], PATIENCE);
    }
  }

  /** Whether the node is a member as far as anybody who leads knows. */
  private boolean takesPart(SimNode<Service> node) {
    simulation.runUntil(() -> group.leader().isPresent(), PATIENCE);
    RaftNode<?, ?, ?> leader = group.leader().orElseThrow().service().store().node();
    return leader.status().configuration().votes(node.id());
  }

  private void compareReplicas() {
    Map<String, Optional<Versioned<String>>> expected = new TreeMap<>();
    for (SimNode<Service> node : nodes) {
      if (!takesPart(node)) {
        continue;
      }
      for (int i = 0; i < keys; i++) {
        String key = "k" + i;
        Optional<Versioned<String>> found =
            simulation.await(node.service().store().get(key), PATIENCE);
        if (found.isPresent() && mortal.contains(found.get().value())) {
          throw new AssertionError(found + " of " + key + " has outlived its time");
        }
        Optional<Versioned<String>> known = expected.putIfAbsent(key, found);
        if (known != null && !known.equals(found)) {
          throw new AssertionError(
              "replica " + node.id() + " has " + found + " for " + key + ", others " + known);
        }
      }
    }
  }
}
