package io.quorate.core;

import io.quorate.core.storage.Storage;
import io.quorate.core.transport.Datagrams;
import io.quorate.core.transport.InMemoryNetwork;
import io.quorate.core.transport.Network;
import io.quorate.core.transport.Transport;
import java.util.concurrent.Executor;
import java.util.random.RandomGenerator;

/**
 * One node's only door to the world: time, threads, network, files, chance and metrics.
 *
 * <p>Every factory of this library takes it first. With {@code Environment.real(...)} a component
 * runs on real threads, sockets and files; with the simulator's it runs, unchanged, on virtual time
 * from one seed. Code that reaches the world in no other way can be tested under every fault that
 * the simulator knows.
 *
 * <p>Safe for use by many threads. Closing it stops what it gave out: loops refuse tasks, sockets
 * and files are closed; it may be closed twice.
 */
public interface Environment extends AutoCloseable {
  /**
   * The world as it is: this machine's clocks, threads, sockets and files. Listens for peers from
   * now on.
   *
   * @throws IllegalArgumentException if the listen address is not loopback and neither TLS nor
   *     {@code insecure()} is configured, or the TLS files cannot be used
   * @throws IllegalStateException if the listen address is in use
   */
  static Environment real(EnvironmentOptions options) {
    return new RealEnvironment(options, node -> Network.sockets(node, options.transport()));
  }

  /**
   * As {@link #real}, except that messages and datagrams go through {@code network} within this
   * JVM, without sockets. Threads, clocks and files are real.
   *
   * @throws IllegalStateException if the listen address is in use
   */
  static Environment inMemory(EnvironmentOptions options, InMemoryNetwork network) {
    return new RealEnvironment(
        options, node -> Network.inMemory(node, options.transport(), network));
  }

  /** The node this environment belongs to. */
  NodeId self();

  Clock clock();

  /**
   * The event loop of the component called {@code name}: the same for the same name. Several names
   * may share one thread, so tasks must not wait for each other.
   */
  EventLoop eventLoop(String name);

  /**
   * An executor for work that blocks (files), called {@code name}: the same for the same name. Runs
   * one task at a time, in order, on a thread of its own; never an event loop's.
   */
  Executor blockingExecutor(String name);

  /** Messages to and from other nodes. */
  Transport transport();

  /** Small messages that may be lost, duplicated or reordered: what gossip is made of. */
  Datagrams datagrams();

  /** The files of this node, below its data directory. */
  Storage storage();

  /**
   * A new stream of chance for {@code use}. In the simulator it depends on the seed, the node, how
   * often the node was started, and {@code use} alone; in production it is seeded from the system.
   * Not safe for use by several threads.
   */
  RandomGenerator random(String use);

  Metrics metrics();

  Faults faults();

  @Override
  void close();
}
