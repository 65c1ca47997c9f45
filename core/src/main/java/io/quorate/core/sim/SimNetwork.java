package io.quorate.core.sim;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The network between the nodes of a {@link Simulation}, and what may befall it.
 *
 * <p>Blocked means that nothing passes, silently: a connection holds what it has, and delivers it
 * if the blockage goes away before one of its sides has heard nothing for the idle timeout; datagrams
 * are lost. A broken connection loses what is under way.
 */
public final class SimNetwork {
  private final Simulation simulation;
  private final SeededRandom chance;
  private final Map<SimNode<?>, Map<SimNode<?>, Link>> links = new TreeMap<>(SimNetwork::byNumber);
  private final TreeMap<String, SimNode<?>> hosts = new TreeMap<>();
  private final Set<Connection> connections = new LinkedHashSet<>();
  private NetworkOptions options;

  SimNetwork(Simulation simulation, NetworkOptions options) {
    this.simulation = simulation;
    this.options = options;
    this.chance = simulation.random("network", "world");
  }

  /** How messages travel where nothing else was said. */
  public NetworkOptions options() {
    return options;
  }

  /** Changes how messages travel from now on, between all nodes. */
  public void options(NetworkOptions options) {
    this.options = options;
    allLinks().forEach(link -> link.options(options));
  }

  /** Changes how messages travel from now on, one way. */
  public void options(NodeId from, NodeId to, NetworkOptions options) {
    link(from, to).options(options);
  }

  /** Blocks what {@code from} sends to {@code to}, one way. */
  public void block(NodeId from, NodeId to) {
    Link link = link(from, to);
    if (!link.isCut()) {
      boolean wasBlocked = link.isBlocked(simulation.timeNanos());
      link.cut(true, simulation.timeNanos());
      if (!wasBlocked) {
        silence(link);
      }
    }
  }

  /** Ends what {@link #block} began. */
  public void unblock(NodeId from, NodeId to) {
    Link link = link(from, to);
    link.cut(false, simulation.timeNanos());
    link.unclog();
    release(link);
  }

  /** Blocks all ways between nodes of different groups; nodes in no group keep all theirs. */
  @SafeVarargs
  public final void partition(Collection<NodeId>... groups) {
    for (Collection<NodeId> one : groups) {
      for (Collection<NodeId> another : groups) {
        if (one != another) {
          one.forEach(from -> another.forEach(to -> block(from, to)));
        }
      }
    }
  }

  /** Blocks all ways to and from {@code node}. */
  public void isolate(NodeId node) {
    for (SimNode<?> other : simulation.nodes()) {
      if (!other.id().equals(node)) {
        block(node, other.id());
        block(other.id(), node);
      }
    }
  }

  /** Splits the others in two halves, which reach each other through {@code bridge} alone. */
  public void bridge(NodeId bridge) {
    List<NodeId> others = new ArrayList<>();
    simulation.nodes().forEach(node -> others.add(node.id()));
    others.remove(bridge);
    int half = others.size() / 2;
    partition(others.subList(0, half), others.subList(half, others.size()));
  }

  /** Every node keeps a majority in reach, each another one: those next to it in a ring. */
  public void majoritiesRing() {
    List<SimNode<?>> ring = simulation.nodes();
    int reach = (ring.size() / 2 + 1) / 2;
    for (int i = 0; i < ring.size(); i++) {
      for (int j = 0; j < ring.size(); j++) {
        int distance = Math.floorMod(j - i, ring.size());
        if (Math.min(distance, ring.size() - distance) > reach) {
          block(ring.get(i).id(), ring.get(j).id());
        }
      }
    }
  }

  /** Blocks one way for {@code duration}; shorter than the idle timeout, it breaks nothing. */
  public void clog(NodeId from, NodeId to, Duration duration) {
    Link link = link(from, to);
    boolean wasBlocked = link.isBlocked(simulation.timeNanos());
    link.clogUntil(simulation.timeNanos() + duration.toNanos(), simulation.timeNanos());
    if (!wasBlocked) {
      silence(link);
    }
    simulation.at(duration, () -> release(link));
  }

  /** Resets the connections between two nodes; what is under way is lost, both sides know. */
  public void breakConnections(NodeId a, NodeId b) {
    between(a, b).forEach(Connection::reset);
  }

  /** The connections between two nodes stop to carry anything; neither side is told. */
  public void halfOpen(NodeId a, NodeId b) {
    between(a, b).forEach(Connection::vanish);
  }

  /** Ends all blockages. Broken connections are made again as their owners see fit. */
  public void heal() {
    for (Link link : allLinks()) {
      link.cut(false, simulation.timeNanos());
      link.unclog();
      release(link);
    }
  }

  /** Whether nothing passes from {@code from} to {@code to} now. */
  public boolean isBlocked(NodeId from, NodeId to) {
    return link(from, to).isBlocked(simulation.timeNanos());
  }

  Simulation simulation() {
    return simulation;
  }

  Link link(SimNode<?> from, SimNode<?> to) {
    return links
        .computeIfAbsent(from, node -> new TreeMap<>(SimNetwork::byNumber))
        .computeIfAbsent(
            to,
            node ->
                new Link(
                    from, to, simulation.random("link", from.id() + ">" + to.id()), options));
  }

  void addHost(SimNode<?> node) {
    hosts.put(node.address().host(), node);
  }

  /** The machine of that name, or null. */
  SimNode<?> host(String name) {
    return hosts.get(name);
  }

  void add(Connection connection) {
    connections.add(connection);
  }

  void forgetIfGone(Connection connection) {
    if (connection.isGone()) {
      connections.remove(connection);
    }
  }

  /** Back-off between attempts to connect, with jitter. */
  long jitter(long nanos) {
    return nanos / 2 + chance.nextLong(nanos / 2 + 1);
  }

  /** A machine is paused: its peers hear nothing from it. */
  void paused(SimNode<?> node) {
    for (Connection connection : new ArrayList<>(connections)) {
      for (Connection.Side side : connection.sides()) {
        if (side.peer() == node) {
          side.expectSilence();
        }
      }
    }
  }

  /** Has {@code action} happen on a machine, whatever process runs there then. */
  void deliver(SimNode<?> node, long dueNanos, int detail, Runnable action) {
    simulation.enqueue(new Delivery(Event.Kind.NETWORK, node, detail, action), dueNanos);
  }

  /** All connections of a process that dies. */
  List<Connection> connectionsOf(SimTransport transport) {
    List<Connection> mine = new ArrayList<>();
    for (Connection connection : connections) {
      if (connection.dialer.transport == transport || connection.acceptor.transport == transport) {
        mine.add(connection);
      }
    }
    return mine;
  }

  private Link link(NodeId from, NodeId to) {
    return link(simulation.node(from), simulation.node(to));
  }

  private List<Link> allLinks() {
    List<Link> all = new ArrayList<>();
    links.values().forEach(row -> all.addAll(row.values()));
    return all;
  }

  private List<Connection> between(NodeId a, NodeId b) {
    List<Connection> found = new ArrayList<>();
    for (Connection connection : connections) {
      if (connection.touches(simulation.node(a)) && connection.touches(simulation.node(b))) {
        found.add(connection);
      }
    }
    return found;
  }

  private void silence(Link link) {
    for (Connection connection : new ArrayList<>(connections)) {
      for (Connection.Side side : connection.sides()) {
        if (side.incoming == link) {
          side.expectSilence();
        }
      }
    }
  }

  private void release(Link link) {
    if (!link.isBlocked(simulation.timeNanos())) {
      for (Connection connection : new ArrayList<>(connections)) {
        for (Connection.Side side : connection.sides()) {
          if (side.incoming == link) {
            side.releaseStuck();
          }
        }
      }
    }
  }

  private static int byNumber(SimNode<?> a, SimNode<?> b) {
    return Integer.compare(a.number(), b.number());
  }

  static final class Delivery extends Event {
    private final int checksum;
    private final Runnable action;

    Delivery(Kind kind, SimNode<?> node, int checksum, Runnable action) {
      super(kind, null, node);
      this.checksum = checksum;
      this.action = action;
    }

    @Override
    void happen() {
      action.run();
    }

    @Override
    long detail() {
      return checksum;
    }
  }
}
