package io.quorate.core;

import io.quorate.core.storage.Storage;
import io.quorate.core.transport.Datagrams;
import io.quorate.core.transport.Network;
import io.quorate.core.transport.Transport;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The world as it is: this machine's clocks, threads, sockets and files. */
final class RealEnvironment implements Environment {
  private final EnvironmentOptions options;
  private final Clock clock = new SystemClock();
  private final SecureRandom seeds = new SecureRandom();
  private final BlockingExecutors blocking;
  private final Network network;
  private final LoopWatchdog watchdog;
  private final Optional<Storage> storage;
  private final AtomicBoolean closed = new AtomicBoolean();

  RealEnvironment(EnvironmentOptions options, Function<Network.Node, Network> join) {
    this.options = options;
    this.storage = options.dataDirectory().map(Storage::directory);
    String threadPrefix = "quorate-" + options.self() + "-";
    this.blocking = new BlockingExecutors(threadPrefix, closed::get);
    this.network =
        join.apply(
            new Network.Node(
                options.self(),
                options.cluster(),
                options.loops(),
                clock,
                options.metrics(),
                seeds));
    this.watchdog =
        new LoopWatchdog(threadPrefix + "watchdog", network.eventLoops(), clock, options.metrics());
  }

  @Override
  public NodeId self() {
    return options.self();
  }

  @Override
  public Clock clock() {
    return clock;
  }

  @Override
  public EventLoop eventLoop(String name) {
    return network.eventLoop(name);
  }

  @Override
  public Executor blockingExecutor(String name) {
    return blocking.get(name);
  }

  @Override
  public Transport transport() {
    return network.transport();
  }

  @Override
  public Datagrams datagrams() {
    return network.datagrams();
  }

  @Override
  public Storage storage() {
    return storage.orElseThrow(
        () ->
            new IllegalStateException(
                "node " + self() + " has no data directory: EnvironmentOptions.withDataDirectory"));
  }

  @Override
  public RandomGenerator random(String use) {
    return new SplittableRandom(seeds.nextLong());
  }

  @Override
  public Metrics metrics() {
    return options.metrics();
  }

  @Override
  public Faults faults() {
    return Faults.NONE;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      watchdog.close();
      network.close();
      blocking.close();
      storage.ifPresent(Storage::close);
    }
  }
}
