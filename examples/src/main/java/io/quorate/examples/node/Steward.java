package io.quorate.examples.node;

import io.quorate.consensus.raft.Configuration;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftStatus;
import io.quorate.consensus.raft.Read;
import io.quorate.consensus.raft.Role;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.quorum.MoveProgress;
import io.quorate.replication.quorum.PlacementChange;
import io.quorate.replication.quorum.PlacementState;
import io.quorate.replication.quorum.QuorumStore;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings about, step by step, what the {@link Registry} says. Every node does what concerns itself;
 * who leads a Raft group changes its members, one at a time, a newcomer as a learner first; and who
 * leads the registry has the keys of the quorum store moved. Whoever dies is followed by another,
 * and each step may be done twice.
 *
 * <p>A thread of its own; it may wait, a few seconds at a time.
 */
final class Steward implements AutoCloseable {
  /** What it acts on. */
  interface World {
    /** Members are to be reached there; called with all that are known. */
    void reach(SortedMap<NodeId, ClusterEntry> entries);

    /** These are the members now. */
    void members(SortedSet<NodeId> members);

    /** The quorum store, once it is open. */
    Optional<QuorumStore<String, byte[]>> quorum();

    /** A newcomer has come so far. */
    void progress(String line);
  }

  private static final Logger log = LoggerFactory.getLogger(Steward.class);
  private static final long PERIOD_MILLIS = 250;
  private static final long WAIT_SECONDS = 5;
  /** A move that failed, as to a node that is down, is not begun again at once. */
  private static final int ROUNDS_AFTER_FAILURE = 20;

  private final NodeId self;
  private final Address listen;
  private final SortedSet<NodeId> founders;
  private final Optional<JoinClient> joining;
  private final Registry registry;
  private final List<RaftNode<?, ?, ?>> groups;
  private final World world;
  private final Thread thread;
  private Optional<CompletableFuture<PlacementState>> moving = Optional.empty();
  private int roundsToWait;
  private boolean entered;
  private volatile Optional<MoveProgress> moved = Optional.empty();
  private volatile boolean closed;

  /**
   * Begins when it is told to {@link #start}.
   *
   * @param listen where this node really accepts its peers
   * @param groups that members take part in, the registry's among them
   */
  Steward(
      Address listen,
      NodeOptions options,
      SortedSet<NodeId> founders,
      Registry registry,
      List<RaftNode<?, ?, ?>> groups,
      World world) {
    this.self = options.id();
    this.listen = listen;
    this.founders = founders;
    this.joining =
        options.joins() ? Optional.of(new JoinClient(options.join())) : Optional.empty();
    this.registry = registry;
    this.groups = groups;
    this.world = world;
    this.thread = new Thread(this::run, "steward");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** How far the keys are that this node has moved; empty if it moves none. */
  Optional<MoveProgress> moved() {
    return moved;
  }

  /** Those that take part, as {@code entries} say. */
  static SortedSet<NodeId> members(
      SortedSet<NodeId> founders, SortedMap<NodeId, ClusterEntry> entries) {
    SortedSet<NodeId> members = new TreeSet<>(founders);
    entries.forEach(
        (id, entry) -> {
          if (entry.phase() == ClusterEntry.Phase.REMOVED) {
            members.remove(id);
          } else {
            members.add(id);
          }
        });
    return members;
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  private void run() {
    while (!closed) {
      try {
        TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
        followRegistry();
        enterSelf();
        for (RaftNode<?, ?, ?> group : groups) {
          alignGroup(group);
        }
        placeKeys();
      } catch (InterruptedException e) {
        return;
      } catch (ExecutionException | TimeoutException | RuntimeException e) {
        // No quorum just now, or another was faster: the next round looks again.
        log.debug("steward goes on next time node={}", self, e);
      }
    }
  }

  private void followRegistry() throws InterruptedException, ExecutionException, TimeoutException {
    SortedMap<NodeId, ClusterEntry> entries = await(registry.entries(Read.LOCAL));
    world.reach(entries);
    world.members(members(founders, entries));
    tellProgress(entries);
  }

  private void enterSelf() throws InterruptedException, ExecutionException, TimeoutException {
    if (joining.isPresent()) {
      joinFurther();
    } else if (!entered) {
      await(registry.enterFounder(self, listen));
      entered = true;
    }
  }

  private void joinFurther() throws InterruptedException, ExecutionException, TimeoutException {
    if (!entered) {
      entered = joining.orElseThrow().enter(self, listen);
      return;
    }
    Optional<ClusterEntry> own =
        Optional.ofNullable(await(registry.entries(Read.LOCAL)).get(self));
    if (own.isPresent() && own.get().phase() == ClusterEntry.Phase.LEARNER && hasLogs()) {
      await(
          registry.advance(self, ClusterEntry.Phase.LEARNER, ClusterEntry.Phase.MEMBER));
    }
  }

  /** A linearizable read on this node is answered once all that was committed is here. */
  private boolean hasLogs() throws InterruptedException, ExecutionException, TimeoutException {
    for (RaftNode<?, ?, ?> group : groups) {
      if (!group.status().configuration().learners().contains(self)) {
        return false;
      }
      await(group.read(machine -> true, Read.LINEARIZABLE));
    }
    return true;
  }

  private void alignGroup(RaftNode<?, ?, ?> group)
      throws InterruptedException, ExecutionException, TimeoutException {
    RaftStatus status = group.status();
    Configuration now = status.configuration();
    if (status.role() != Role.LEADER || now.isJoint()) {
      return;
    }
    SortedMap<NodeId, ClusterEntry> entries = await(registry.entries(Read.LINEARIZABLE));
    for (NodeId id : entries.keySet()) {
      ClusterEntry.Phase phase = entries.get(id).phase();
      if (phase == ClusterEntry.Phase.REMOVED && now.members().contains(id)) {
        await(group.remove(id));
        return;
      }
      if (phase != ClusterEntry.Phase.REMOVED && !now.members().contains(id)) {
        await(group.addLearner(id));
        return;
      }
      if (phase == ClusterEntry.Phase.MEMBER && now.learners().contains(id)) {
        await(group.addVoter(id));
        return;
      }
    }
  }

  private void placeKeys() throws InterruptedException, ExecutionException, TimeoutException {
    Optional<QuorumStore<String, byte[]>> open = world.quorum();
    if (registry.node().status().role() != Role.LEADER || open.isEmpty()) {
      return;
    }
    if (moving.isPresent() && !moving.get().isDone()) {
      return;
    }
    if (moving.isPresent() && moving.get().isCompletedExceptionally() && roundsToWait-- > 0) {
      return;
    }
    moving = Optional.empty();
    moved = Optional.empty();
    QuorumStore<String, byte[]> quorum = open.get();
    PlacementState state = await(quorum.placement());
    if (state.isMoving()) {
      return;
    }
    SortedMap<NodeId, ClusterEntry> entries = await(registry.entries(Read.LINEARIZABLE));
    for (NodeId id : entries.keySet()) {
      boolean placed = state.nodes().contains(id);
      ClusterEntry.Phase phase = entries.get(id).phase();
      if (phase == ClusterEntry.Phase.MEMBER && !placed) {
        move(quorum, state, PlacementChange.add(id));
        return;
      }
      if (phase == ClusterEntry.Phase.LEAVING && placed) {
        move(quorum, state, PlacementChange.remove(id));
        return;
      }
      if (phase == ClusterEntry.Phase.LEAVING) {
        await(registry.advance(id, ClusterEntry.Phase.LEAVING, ClusterEntry.Phase.REMOVED));
        return;
      }
    }
  }

  private void move(
      QuorumStore<String, byte[]> quorum, PlacementState state, PlacementChange change) {
    CompletableFuture<PlacementState> begun =
        quorum.change(state.epoch(), change, progress -> moved = Optional.of(progress));
    moving = Optional.of(begun);
    roundsToWait = ROUNDS_AFTER_FAILURE;
    begun.exceptionally(
        failure -> {
          Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
          log.warn("keys were not moved change={} reason={}", change, cause.getMessage());
          return null;
        });
  }

  private void tellProgress(SortedMap<NodeId, ClusterEntry> entries)
      throws InterruptedException, ExecutionException, TimeoutException {
    if (joining.isEmpty()) {
      return;
    }
    boolean votes =
        groups.stream().allMatch(group -> group.status().configuration().votes(self));
    Optional<QuorumStore<String, byte[]>> quorum = world.quorum();
    Optional<PlacementState> placement =
        quorum.isPresent() ? Optional.of(await(quorum.get().placement())) : Optional.empty();
    boolean placed = placement.map(state -> state.nodes().contains(self)).orElse(false);
    if (!entries.containsKey(self)) {
      world.progress(entered ? "entered, waiting for the logs" : "asking to be entered");
    } else if (entries.get(self).phase() == ClusterEntry.Phase.REMOVED) {
      world.progress("removed");
    } else if (!votes) {
      world.progress("learner, catching up");
    } else if (!placed) {
      world.progress("voter, waiting for keys");
    } else if (placement.orElseThrow().isMoving()) {
      Optional<MoveProgress> progress = await(quorum.orElseThrow().changeInProgress());
      world.progress(
          "voter, keys are moving"
              + progress.map(is -> " " + is.keys() + " of " + is.keysInAll()).orElse(""));
    } else {
      world.progress("done");
    }
  }

  private static <T> T await(CompletableFuture<T> future)
      throws InterruptedException, ExecutionException, TimeoutException {
    return future.get(WAIT_SECONDS, TimeUnit.SECONDS);
  }
}
