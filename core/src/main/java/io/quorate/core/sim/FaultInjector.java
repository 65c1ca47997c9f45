package io.quorate.core.sim;

import io.quorate.core.NodeId;
import io.quorate.core.sim.Fault.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/**
 * Carries out a {@link FaultPlan}: first the safety phase, in which everything may happen; then, on
 * {@link #heal}, the liveness phase, in which a healed majority must make progress while the rest
 * stays as broken as it is.
 *
 * <pre>{@code
 * FaultInjector injector = new FaultInjector(sim, plan, number -> client.run(number));
 * injector.run();
 * Set<NodeId> core = injector.heal();
 * sim.runUntil(() -> client.succeedsOn(core), Duration.ofSeconds(30));
 * }</pre>
 */
public final class FaultInjector {
  private final Simulation simulation;
  private final FaultPlan plan;
  private final LongConsumer operation;
  private final FaultAtlas atlas;
  private final NetworkOptions goodNetwork;
  private final SeededRandom chance;
  /** Network faults that last, in the order in which they began. */
  private final List<Fault> blocking = new ArrayList<>();
  private final Set<Way> blocked = new TreeSet<>();
  /** Nodes whose storage calls may have failed. */
  private final Set<NodeId> failedDisks = new TreeSet<>();
  private boolean healed;

  /** An injector that spares, of each node or none, all data. */
  public FaultInjector(Simulation simulation, FaultPlan plan, LongConsumer operation) {
    this(simulation, plan, operation, FaultAtlas.byNode(plan.nodes().size()));
  }

  /**
   * An injector for {@code plan}.
   *
   * @param operation runs the operation of that number; the same number, the same operation
   * @param atlas says which damage may be done
   */
  public FaultInjector(
      Simulation simulation, FaultPlan plan, LongConsumer operation, FaultAtlas atlas) {
    this.simulation = simulation;
    this.plan = plan;
    this.operation = operation;
    this.atlas = atlas;
    this.goodNetwork = simulation.network().options();
    this.chance = simulation.random("injector", "world");
  }

  /** The safety phase: runs the plan to its end. */
  public void run() {
    for (Fault fault : plan.faults()) {
      simulation.at(fault.at(), () -> begin(fault));
    }
    simulation.run(plan.duration());
  }

  /**
   * Begins the liveness phase: ends all faults for a majority drawn by chance from the undamaged
   * nodes, starts those of it that are down, restarts those whose disk has failed them (they may
   * have stopped to trust it), and cuts the others off as they are.
   *
   * @return the majority
   */
  public Set<NodeId> heal() {
    healed = true;
    List<NodeId> candidates = new ArrayList<>(plan.nodes());
    List<NodeId> last = new ArrayList<>();
    candidates.removeIf(node -> atlas.isDamaged(node) && last.add(node));
    Set<NodeId> core = new TreeSet<>();
    int majority = plan.nodes().size() / 2 + 1;
    while (core.size() < majority) {
      List<NodeId> from = candidates.isEmpty() ? last : candidates;
      core.add(from.remove(chance.nextInt(from.size())));
    }
    SimNetwork network = simulation.network();
    network.options(goodNetwork);
    network.heal();
    simulation.buggify(false);
    for (NodeId id : plan.nodes()) {
      if (core.contains(id)) {
        SimNode<?> node = simulation.node(id);
        node.resume();
        node.disk().heal();
        if (failedDisks.contains(id)) {
          node.kill();
        }
        node.clock().driftPpm(0);
        node.clock().correctWall();
        node.restart();
      } else {
        network.isolate(id);
      }
    }
    return core;
  }

  /** Whether damage was done to {@code node}, so that it may rightly refuse to run. */
  public boolean isDamaged(NodeId node) {
    return atlas.isDamaged(node);
  }

  private void begin(Fault fault) {
    if (healed) {
      return;
    }
    SimNode<?> node = simulation.node(fault.node());
    simulation.digestOfTrace().add(fault.kind().ordinal(), node.number(), fault.amount());
    if (fault.kind() != Kind.OPERATION) {
      simulation.probes().hit("fault." + fault.kind());
    }
    switch (fault.kind()) {
      case OPERATION -> operation.accept(fault.amount());
      case CRASH -> {
        node.crash();
        later(fault, node::restart);
      }
      case CRASH_AT_CALL -> {
        if (fault.amount() > 0) {
          node.disk().crashBefore(fault.amount());
        } else {
          node.disk().crashAfter(-fault.amount());
        }
        later(
            fault,
            () -> {
              node.disk().disarmCrash();
              node.restart();
            });
      }
      case KILL -> {
        node.kill();
        later(fault, node::restart);
      }
      case WIPE -> {
        if (atlas.permits(fault.node(), "", 0)) {
          node.wipe();
          later(fault, node::restart);
        }
      }
      case PAUSE -> node.pause(fault.duration());
      case WALL_JUMP -> node.clock().jumpWall(Duration.ofMillis(fault.amount()));
      case DRIFT -> node.clock().driftPpm(fault.amount());
      case PARTITION, ISOLATE, ONE_WAY, BRIDGE, RING -> beginOnNetwork(fault);
      case CLOG, SWIZZLE, BREAK, HALF_OPEN, BAD_NETWORK -> beginOnNetwork(fault);
      default -> beginOnDisk(fault, node.disk());
    }
  }

  private void beginOnNetwork(Fault fault) {
    SimNetwork network = simulation.network();
    boolean hasTwoEnds = !fault.node().equals(fault.other());
    switch (fault.kind()) {
      case CLOG -> {
        if (hasTwoEnds) {
          network.clog(fault.node(), fault.other(), fault.duration());
        }
      }
      case SWIZZLE -> swizzle(fault);
      case BREAK -> network.breakConnections(fault.node(), fault.other());
      case HALF_OPEN -> network.halfOpen(fault.node(), fault.other());
      case BAD_NETWORK -> {
        double loss = fault.amount() / 1_000.0;
        network.options(
            goodNetwork
                .withLoss(loss)
                .withDuplication(loss)
                .withCorruption(loss / 100)
                .withLatency(goodNetwork.minLatency(), Duration.ofMillis(20)));
        later(fault, () -> network.options(goodNetwork));
      }
      default -> {
        blocking.add(fault);
        blockAsNeeded();
        later(
            fault,
            () -> {
              blocking.remove(fault);
              blockAsNeeded();
            });
      }
    }
  }

  private void beginOnDisk(Fault fault, SimDisk disk) {
    if (fault.kind() != Kind.STALL) {
      failedDisks.add(fault.node());
    }
    switch (fault.kind()) {
      case STALL -> disk.stall(fault.duration());
      case SYNC_ERROR -> disk.failNextSync();
      case READ_ERROR -> disk.failNextRead();
      case CALL_ERROR -> disk.failAt(fault.amount());
      case DISK_FULL -> {
        disk.freeBytes(fault.amount());
        later(fault, disk::restoreCapacity);
      }
      case READ_ONLY -> {
        disk.readOnly(true);
        later(fault, () -> disk.readOnly(false));
      }
      case LOST_WRITE -> {
        if (atlas.permits(fault.node(), "", 0)) {
          disk.loseNextWrite();
        }
      }
      case MISDIRECTED_WRITE -> {
        if (atlas.permits(fault.node(), "", 0)) {
          disk.misdirectNextWrite();
        }
      }
      case BIT_FLIP, ZERO_SECTOR, TRUNCATED_TAIL -> damage(fault, disk);
      default -> throw new AssertionError("unhandled fault " + fault);
    }
  }

  private void damage(Fault fault, SimDisk disk) {
    List<String> paths = new ArrayList<>(disk.paths());
    paths.removeIf(path -> disk.visible(path).length == 0);
    if (paths.isEmpty()) {
      return;
    }
    String path = paths.get((int) (fault.amount() % paths.size()));
    long size = disk.visible(path).length;
    long place = fault.amount() / paths.size() % size;
    if (!atlas.permits(fault.node(), path, place / Inode.SECTOR)) {
      return;
    }
    switch (fault.kind()) {
      case BIT_FLIP -> disk.flipBit(path, place * 8 + fault.amount() % 8);
      case ZERO_SECTOR -> disk.zeroSector(path, place / Inode.SECTOR);
      default -> disk.truncateTail(path, size - place);
    }
  }

  private void swizzle(Fault fault) {
    List<NodeId> chosen = new ArrayList<>();
    for (int i = 0; i < plan.nodes().size(); i++) {
      if ((fault.amount() >> i & 1) != 0) {
        chosen.add(plan.nodes().get(i));
      }
    }
    List<NodeId> returning = new ArrayList<>(chosen);
    for (int i = 0; i < chosen.size(); i++) {
      Duration step = fault.duration().dividedBy(2L * chosen.size());
      NodeId back = returning.remove((int) (fault.amount() >>> 32) % returning.size());
      Duration cutOff = step.multipliedBy(chosen.size() + i - chosen.indexOf(back) + 1L);
      Fault isolation = new Fault(fault.at(), Kind.ISOLATE, back, back, cutOff, 0);
      simulation.at(step.multipliedBy(chosen.indexOf(back)), () -> beginUnlessHealed(isolation));
    }
  }

  private void beginUnlessHealed(Fault fault) {
    if (!healed) {
      beginOnNetwork(fault);
    }
  }

  private void later(Fault fault, Runnable action) {
    simulation.at(
        fault.duration(),
        () -> {
          if (!healed) {
            action.run();
          }
        });
  }

  /** Overlapping faults may block the same way: it opens when the last of them ends. */
  private void blockAsNeeded() {
    Set<Way> wanted = new TreeSet<>();
    blocking.forEach(fault -> addBlocked(fault, wanted));
    for (Way way : wanted) {
      if (blocked.add(way)) {
        simulation.network().block(way.from(), way.to());
      }
    }
    for (Way way : List.copyOf(blocked)) {
      if (!wanted.contains(way)) {
        blocked.remove(way);
        simulation.network().unblock(way.from(), way.to());
      }
    }
  }

  private void addBlocked(Fault fault, Set<Way> ways) {
    List<NodeId> nodes = plan.nodes();
    int center = nodes.indexOf(fault.node());
    int reach = (nodes.size() / 2 + 1) / 2;
    for (int i = 0; i < nodes.size(); i++) {
      for (int j = 0; j < nodes.size(); j++) {
        int distance = Math.floorMod(j - i, nodes.size());
        boolean isCut =
            switch (fault.kind()) {
              case PARTITION -> (fault.amount() >> i & 1) != (fault.amount() >> j & 1);
              case ISOLATE -> i == center || j == center;
              case ONE_WAY -> i == center && nodes.get(j).equals(fault.other());
              case BRIDGE ->
                  i != center
                      && j != center
                      && Math.floorMod(i - center, nodes.size()) > nodes.size() / 2
                          != Math.floorMod(j - center, nodes.size()) > nodes.size() / 2;
              case RING -> Math.min(distance, nodes.size() - distance) > reach;
              default -> throw new AssertionError("unhandled fault " + fault);
            };
        if (isCut && i != j) {
          ways.add(new Way(nodes.get(i), nodes.get(j)));
        }
      }
    }
  }

  private record Way(NodeId from, NodeId to) implements Comparable<Way> {
    @Override
    public int compareTo(Way other) {
      int byFrom = from.compareTo(other.from);
      return byFrom != 0 ? byFrom : to.compareTo(other.to);
    }
  }
}
