package io.quorate.consensus;

import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.Role;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.sim.DiskOptions;
import io.quorate.core.sim.NetworkOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/**
 * The nodes of a group in a simulation, a storm that comes over them, and what must not be: the
 * part of a campaign that knows nothing of what the group is for.
 *
 * @param <S> what runs on each node
 */
public final class StormyGroup<S> implements AutoCloseable {
  private final Simulation simulation;
  private final RandomGenerator random;
  private final Function<S, RaftNode<?, ?, ?>> raftOf;
  private final List<SimNode<S>> nodes = new ArrayList<>();
  private final Map<Long, String> leaders = new HashMap<>();

  /** Kept, since who calls back swallows what is thrown at it. */
  private final List<String> violations = new ArrayList<>();

  private boolean storming = true;

  /** A group without nodes; some seeds have slow disks, some a bad network. */
  public StormyGroup(long seed, Function<S, RaftNode<?, ?, ?>> raftOf) {
    this.raftOf = raftOf;
    DiskOptions disk = DiskOptions.defaults().withSlowSync(seed % 3 == 0 ? 0.05 : 0.001);
    NetworkOptions network = NetworkOptions.lan();
    if (seed % 4 == 0) {
      network = network.withLoss(0.02).withCorruption(0.0005);
    }
    simulation =
        Simulation.of(SimulationOptions.seeded(seed).withDisk(disk).withNetwork(network));
    random = simulation.random("campaign");
  }

  public Simulation simulation() {
    return simulation;
  }

  public RandomGenerator random() {
    return random;
  }

  public List<SimNode<S>> nodes() {
    return nodes;
  }

  /** What runs on a node, if that is still the process of {@code incarnation}. */
  public Optional<S> service(int node, int incarnation) {
    SimNode<S> at = nodes.get(node);
    boolean same = at.isRunning() && at.incarnation() == incarnation;
    return same ? Optional.of(at.service()) : Optional.empty();
  }

  /** Adds a node, whose clock does not run as fast as others. */
  public void add(NodeId id, Function<Environment, S> open) {
    SimNode<S> node = simulation.node(id, open::apply);
    node.clock().driftPpm(random.nextInt(60_000) - 30_000);
    nodes.add(node);
  }

  /** Tells a node's transport where the others are. */
  public static void connect(Environment environment, Collection<NodeId> ids) {
    ids.stream()
        .filter(id -> !id.equals(environment.self()))
        .forEach(id -> environment.transport().setPeer(id, SimNode.addressOf(id)));
  }

  /** No term has two leaders. */
  public void watchLeaders(NodeId self, RaftNode<?, ?, ?> raft) {
    raft.onChange(
        status -> {
          if (status.role() == Role.LEADER) {
            String other = leaders.putIfAbsent(status.term(), self.value());
            if (other != null && !other.equals(self.value())) {
              violated("two leaders in term " + status.term() + ": " + other + ", " + self);
            }
          }
        });
  }

  /** The node that leads, as far as it knows. */
  public Optional<SimNode<S>> leader() {
    return nodes.stream()
        .filter(SimNode::isRunning)
        .filter(node -> raftOf.apply(node.service()).status().role() == Role.LEADER)
        .findFirst();
  }

  /**
   * Begins the storm: from {@code begin} on, every {@code pauseMillis} and up to {@code
   * spreadMillis} more, {@code fault} does something to two nodes that may be the same; most of
   * what is down starts again.
   */
  public void storm(
      Duration begin,
      int pauseMillis,
      int spreadMillis,
      BiConsumer<SimNode<S>, SimNode<S>> fault) {
    Runnable[] disturb = new Runnable[1];
    disturb[0] =
        () -> {
          if (!storming) {
            return;
          }
          SimNode<S> node = nodes.get(random.nextInt(nodes.size()));
          SimNode<S> other = nodes.get(random.nextInt(nodes.size()));
          fault.accept(node, other);
          for (SimNode<S> down : nodes) {
            if (random.nextInt(3) > 0) {
              down.restart();
            }
          }
          simulation.at(
              Duration.ofMillis(pauseMillis + random.nextInt(spreadMillis)), disturb[0]);
        };
    simulation.at(begin, disturb[0]);
    simulation.every(Duration.ofMillis(100), this::supervise);
  }

  public boolean isStorming() {
    return storming;
  }

  /** One of the faults that every group has to outlive, numbered 0 to 8. */
  public void strike(int which, SimNode<S> node, SimNode<S> other) {
    switch (which) {
      case 0 -> node.pause(Duration.ofMillis(50 + random.nextInt(1_500)));
      case 1 -> simulation.network().isolate(node.id());
      case 2 -> simulation.network().block(node.id(), other.id());
      case 3 -> simulation.network().bridge(node.id());
      case 4 -> simulation.network().breakConnections(node.id(), other.id());
      case 5 -> node.disk().stall(Duration.ofMillis(random.nextInt(2_000)));
      case 6 -> node.disk().failNextSync();
      case 7 -> node.clock().jumpWall(Duration.ofSeconds(random.nextInt(7_200) - 3_600));
      case 8 -> leader().ifPresent(leader -> raftOf.apply(leader.service()).resign());
      default -> throw new IllegalArgumentException("no fault " + which);
    }
  }

  /** Starts a process anew whose group had to stop, as whoever runs it would. */
  private void supervise() {
    for (SimNode<S> node : nodes) {
      if (node.isRunning() && raftOf.apply(node.service()).failure().isPresent()) {
        node.crash();
        node.restart();
      }
    }
  }

  /** Ends the storm: whatever was broken works again. */
  public void heal() {
    storming = false;
    simulation.buggify(false);
    simulation.network().heal();
    simulation.network().options(NetworkOptions.lan());
    for (SimNode<S> node : nodes) {
      node.disk().heal();
      node.resume();
      node.restart();
    }
  }

  /** Whether what failed with {@code error} may have had an effect; operations have to say so. */
  public boolean mayHaveTakenEffect(Throwable error) {
    Throwable cause = error instanceof CompletionException ? error.getCause() : error;
    if (cause instanceof OperationException known) {
      return known.mayHaveTakenEffect();
    }
    violated("not an operation's failure: " + cause);
    return true;
  }

  /** Something was that must not be. */
  public void violated(String violation) {
    violations.add(violation);
  }

  public void checkNothingWasViolated() {
    if (!violations.isEmpty()) {
      throw new AssertionError(violations.get(0));
    }
  }

  @Override
  public void close() {
    simulation.close();
  }
}
