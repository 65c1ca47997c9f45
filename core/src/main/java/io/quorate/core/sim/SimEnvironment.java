package io.quorate.core.sim;

import io.quorate.core.Clock;
import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Faults;
import io.quorate.core.Metrics;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import io.quorate.core.Text;
import io.quorate.core.storage.Storage;
import io.quorate.core.transport.Datagrams;
import io.quorate.core.transport.Transport;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/** What one process of a simulated node sees of the world. Dies with the process. */
final class SimEnvironment implements Environment {
  private final Simulation simulation;
  private final SimNode<?> node;
  private final int incarnation;
  private final TreeMap<String, SimLoop> loops = new TreeMap<>();
  private final TreeMap<String, SimWorker> workers = new TreeMap<>();
  private final Storage storage;
  private final Faults faults;
  private final SimDatagrams datagrams;
  private final Metrics metrics = new MetricsRegistry();
  private SimTransport transport;
  private boolean alive = true;

  SimEnvironment(Simulation simulation, SimNode<?> node) {
    this.simulation = simulation;
    this.node = node;
    this.incarnation = node.incarnation();
    this.storage = node.disk().storage(this::requireAlive);
    this.faults = new ChaosFaults(simulation, stream("buggify"));
    this.datagrams = new SimDatagrams(this);
  }

  Simulation simulation() {
    return simulation;
  }

  SimNode<?> node() {
    return node;
  }

  boolean isAlive() {
    return alive;
  }

  void requireAlive() {
    if (!alive) {
      throw new IllegalStateException("environment of " + node.id() + " is closed");
    }
  }

  /** The transport, if the process has asked for it. */
  SimTransport transportOrNull() {
    return transport;
  }

  SimDatagrams simDatagrams() {
    return datagrams;
  }

  /** The process ends; {@code silently}: its connections are left for the peers to time out. */
  void die(boolean silently) {
    if (!alive) {
      return;
    }
    alive = false;
    datagrams.closeAll();
    if (transport != null) {
      transport.die(silently);
    }
  }

  @Override
  public NodeId self() {
    return node.id();
  }

  @Override
  public Clock clock() {
    return node.clock();
  }

  @Override
  public EventLoop eventLoop(String name) {
    Text.requireName("loop name", name);
    requireAlive();
    return loops.computeIfAbsent(name, key -> new SimLoop(this));
  }

  @Override
  public Executor blockingExecutor(String name) {
    Text.requireName("executor name", name);
    requireAlive();
    return workers.computeIfAbsent(name, key -> new SimWorker(this));
  }

  @Override
  public Transport transport() {
    requireAlive();
    if (transport == null) {
      transport = new SimTransport(this);
    }
    return transport;
  }

  @Override
  public Datagrams datagrams() {
    return datagrams;
  }

  @Override
  public Storage storage() {
    return storage;
  }

  @Override
  public RandomGenerator random(String use) {
    return stream(use);
  }

  private SeededRandom stream(String use) {
    return simulation.random(use, node.id() + "#" + incarnation);
  }

  @Override
  public Metrics metrics() {
    return metrics;
  }

  @Override
  public Faults faults() {
    return faults;
  }

  @Override
  public void close() {
    if (alive) {
      if (transport != null) {
        transport.close();
      }
      die(false);
      node.disk().releaseLocks();
    }
  }
}
