package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.sim.History;
import io.quorate.core.sim.Register;
import io.quorate.core.sim.SimNode;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/**
 * A cluster under load and under every fault, from one seed: partitions of all shapes, crashes that
 * lose what was not forced, kills, pauses, wall clocks that jump by ten seconds, one wiped disk at
 * a time, full disks. In every second pair of seeds the placement changes all the while: nodes are
 * added, removed and replaced, changes are given up, and the register that agrees on them answers
 * late and fails. What clients saw must be linearizable, key by key; one version must name one
 * value; and once all is healed every change must come to its end and the replicas must be alike.
 *
 * <p>Apart from its tests, so that it can be run against a store with a known bug in it.
 */
public final class QuorumCampaign {
  private static final int CLIENTS = 4;
  private static final int KEYS = 3;
  private static final Duration LOAD = Duration.ofSeconds(12);

  private final QuorumCluster cluster;
  private final int size;
  private final boolean changes;
  private final RandomGenerator random;
  private final Consistency level;
  private final History<Register.Input, Register.Output> history;
  private final Map<Tag, Optional<String>> named = new HashMap<>();
  private long endNanos;
  private int values;
  private int wiped = -1;

  private QuorumCampaign(long seed, Consistency level) {
    this.level = level;
    this.changes = seed % 4 >= 2;
    this.size = changes ? 5 : 3;
    this.cluster =
        changes
            ? QuorumCluster.changing(seed, size, first(seed), QuorumCluster.options())
            : new QuorumCluster(seed, size);
    this.random = cluster.simulation.random("campaign");
    this.history = History.in(cluster.simulation);
  }

  /** All keys everywhere, or each on three nodes of a ring. */
  private static Placement first(long seed) {
    return seed % 8 >= 4
        ? Placement.everywhere(1, QuorumCluster.ids(3))
        : Placement.of(
            ConsistentHashRing.of(
                Member.all(QuorumCluster.ids(4), NodeId::value),
                RingOptions.defaults().withReplicas(3)));
  }

  /** Runs the seeds from the first argument on, as many as the second says. */
  public static void main(String[] arguments) {
    long first = Long.parseLong(arguments[0]);
    long count = Long.parseLong(arguments[1]);
    long answered = 0;
    for (long seed = first; seed < first + count; seed++) {
      answered += run(seed);
    }
    System.out.println(count + " seeds, " + answered + " answers");
  }

  /** Runs one seed; throws an {@link AssertionError} if a promise was broken. */
  public static int run(long seed) {
    Consistency level = seed % 2 == 0 ? Consistency.LINEARIZABLE : Consistency.QUORUM;
    QuorumCampaign campaign = new QuorumCampaign(seed, level);
    try {
      return campaign.run();
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    } finally {
      campaign.cluster.close();
    }
  }

  private int run() {
    cluster.ready();
    endNanos = cluster.simulation.nowNanos() + LOAD.toNanos();
    for (int client = 0; client < CLIENTS; client++) {
      next("client-" + client);
    }
    harm();
    if (changes) {
      change();
    }
    cluster.simulation.run(LOAD.plusSeconds(6));
    cluster.heal();
    cluster.register.heal();
    cluster.endFailed();
    for (SimNode<?> node : cluster.nodes) {
      node.disk().heal();
      node.clock().correctWall();
      node.restart();
    }
    if (changes) {
      cluster.simulation.runUntil(
          () -> !cluster.register.newest().isMoving(), Duration.ofMinutes(2));
    }
    cluster.ready();
    history.check(Register.model());
    converge();
    return history.returnedCount();
  }

  private void next(String client) {
    if (cluster.simulation.nowNanos() >= endNanos) {
      return;
    }
    cluster.simulation.at(
        Duration.ofNanos(1 + random.nextLong(40_000_000)),
        () -> {
          int node = random.nextInt(size);
          if (!cluster.isOpen(node)) {
            next(client);
            return;
          }
          String key = "k" + random.nextInt(KEYS);
          QuorumStore<String, String> store = cluster.nodes.get(node).service().join();
          int what = random.nextInt(10);
          CompletableFuture<?> done =
              what < 5 ? get(client, store, key) : what < 9 ? put(client, store, key) : delete(client, store, key);
          done.whenComplete((value, failure) -> next(client));
        });
  }

  private CompletableFuture<?> get(String client, QuorumStore<String, String> store, String key) {
    var call = history.invoke(client, new Register.Read(key));
    return store
        .get(key, ReadOptions.at(level))
        .whenComplete(
            (found, failure) -> {
              if (failure == null) {
                name(found.tag(), found.value());
                call.returned(Register.Output.found(found.value()));
              } else {
                failed(call, failure);
              }
            });
  }

  private CompletableFuture<?> put(String client, QuorumStore<String, String> store, String key) {
    String value = "v" + values++;
    var call = history.invoke(client, new Register.Write(key, Optional.of(value)));
    return store
        .put(key, value, WriteOptions.at(level))
        .whenComplete(
            (tag, failure) -> {
              if (failure == null) {
                name(tag, Optional.of(value));
                call.returned(Register.Output.done());
              } else {
                failed(call, failure);
              }
            });
  }

  /** A deletion of something is a write, a deletion of nothing a read: the outcome says which. */
  private CompletableFuture<?> delete(
      String client, QuorumStore<String, String> store, String key) {
    var write = history.invoke(client, new Register.Write(key, Optional.empty()));
    var read = history.invoke(client, new Register.Read(key));
    return store
        .delete(key, WriteOptions.at(level))
        .whenComplete(
            (tag, failure) -> {
              if (failure != null) {
                failed(write, failure);
                read.hadNoEffect();
              } else if (tag.isPresent()) {
                name(tag.get(), Optional.empty());
                write.returned(Register.Output.done());
                read.hadNoEffect();
              } else {
                write.hadNoEffect();
                read.returned(Register.Output.found(Optional.empty()));
              }
            });
  }

  private static void failed(
      History<Register.Input, Register.Output>.Call call, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (!(cause instanceof OperationException operation)) {
      throw new AssertionError("an operation failed in another way", cause);
    }
    if (operation.mayHaveTakenEffect()) {
      call.unknown();
    } else {
      call.hadNoEffect();
    }
  }

  /** One version names one value, for ever. */
  private void name(Tag tag, Optional<String> value) {
    Optional<String> before = tag.isNone() ? null : named.put(tag, value);
    if (before != null && !before.equals(value)) {
      throw new AssertionError("version " + tag + " names " + before + " and " + value);
    }
  }

  /** Something goes wrong, and is put right some time later, again and again. */
  private void harm() {
    if (cluster.simulation.nowNanos() >= endNanos) {
      return;
    }
    cluster.simulation.at(
        Duration.ofMillis(50 + random.nextInt(700)),
        () -> {
          int node = random.nextInt(size);
          NodeId id = cluster.ids.get(node);
          SimNode<?> its = cluster.nodes.get(node);
          switch (random.nextInt(14)) {
            case 0 -> cluster.isolate(node);
            case 1 -> cluster.simulation.network().bridge(id);
            case 2 -> cluster.simulation.network().majoritiesRing();
            case 3 -> cluster.simulation.network().block(id, cluster.ids.get((node + 1) % size));
            case 4 -> its.crash();
            case 5 -> its.disk().crashBefore(1 + random.nextInt(40));
            case 6 -> its.kill();
            case 7 -> its.pause(Duration.ofMillis(1 + random.nextInt(1_500)));
            case 8, 9 -> its.clock().jumpWall(Duration.ofMillis(random.nextInt(20_000) - 10_000));
            case 10 -> wipe(node);
            case 11 -> its.disk().freeBytes(random.nextInt(20_000));
            case 12 -> cluster.nodes.forEach(SimNode::crash);
            default -> cluster.heal();
          }
          cluster.simulation.at(Duration.ofMillis(random.nextInt(1_500)), this::mend);
          harm();
        });
  }

  /** The placement is to change, again and again, whatever has become of the change before. */
  private void change() {
    if (cluster.simulation.nowNanos() >= endNanos) {
      return;
    }
    cluster.simulation.at(
        Duration.ofMillis(1 + random.nextInt(1_500)),
        () -> {
          cluster.register.heal();
          cluster.register.failing(random.nextInt(4) == 0);
          if (random.nextBoolean()) {
            // It does not hear of the change, unless from those that refuse it.
            cluster.register.deafen(cluster.ids.get(random.nextInt(size)));
          }
          int node = random.nextInt(size);
          if (cluster.isOpen(node)) {
            QuorumStore<String, String> store = cluster.nodes.get(node).service().join();
            CompletableFuture<PlacementState> done =
                random.nextInt(6) == 0 ? store.cancelChange() : store.change(anyChange());
            done.whenComplete((state, failure) -> ended(failure));
          }
          change();
        });
  }

  private PlacementChange anyChange() {
    NodeId one = cluster.ids.get(random.nextInt(size));
    NodeId other = cluster.ids.get(random.nextInt(size));
    boolean isMember = cluster.register.newest().current().nodes().contains(one);
    if (!isMember) {
      return PlacementChange.add(one);
    }
    boolean few = cluster.register.newest().current().nodes().size() <= 3;
    return few || random.nextBoolean()
        ? PlacementChange.replace(one, other)
        : PlacementChange.remove(one);
  }

  private static void ended(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause != null
        && !(cause instanceof OperationException)
        && !(cause instanceof IllegalArgumentException)) {
      throw new AssertionError("a change failed in another way", cause);
    }
  }

  private void mend() {
    cluster.endFailed();
    switch (random.nextInt(3)) {
      case 0 -> cluster.heal();
      case 1 -> cluster.nodes.forEach(SimNode::restart);
      default -> cluster.nodes.forEach(node -> node.disk().heal());
    }
  }

  /** One disk may be lost at a time: the next one only after its replica has caught up. */
  private void wipe(int node) {
    boolean others = true;
    for (int i = 0; i < size; i++) {
      others &= i == node || !mustServe(i) || cluster.isOpen(i) && hasCaughtUp(i);
    }
    boolean last = wiped < 0 || !holdsKeys(wiped) || cluster.isOpen(wiped) && hasCaughtUp(wiped);
    if (others && last) {
      wiped = node;
      cluster.nodes.get(node).wipe();
    }
  }

  private boolean mustServe(int node) {
    return !changes
        || cluster.register.newest().current().nodes().contains(cluster.ids.get(node));
  }

  /** Whether it holds keys, or is to. */
  private boolean holdsKeys(int node) {
    return !changes || cluster.register.newest().nodes().contains(cluster.ids.get(node));
  }

  private boolean hasCaughtUp(int node) {
    return statusOf(node).map(ReplicaStatus::caughtUp).orElse(false);
  }

  private final Map<Integer, ReplicaStatus> statuses = new HashMap<>();

  /** The last that was told of a replica; asked again for the next time. */
  private Optional<ReplicaStatus> statusOf(int node) {
    ReplicaStatus last = statuses.remove(node);
    cluster.nodes.get(node).service().join().status()
        .thenAccept(status -> statuses.put(node, status));
    return Optional.ofNullable(last);
  }

  private void converge() {
    cluster.simulation.run(Duration.ofSeconds(15));
    for (int key = 0; key < KEYS; key++) {
      String name = "k" + key;
      List<Versioned<String>> found = new ArrayList<>();
      for (int node = 0; node < size; node++) {
        found.add(cluster.get(node, name, Consistency.ONE));
      }
      if (found.stream().map(Versioned::value).distinct().count() != 1) {
        throw new AssertionError("replicas differ in " + name + ": " + found);
      }
      Versioned<String> strong = cluster.get(random.nextInt(size), name, Consistency.LINEARIZABLE);
      if (!strong.value().equals(found.get(0).value())) {
        throw new AssertionError("a quorum says " + strong + ", each replica " + found);
      }
    }
  }
}
