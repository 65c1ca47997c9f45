package io.quorate.examples.partition;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Nodes with TCP connections over loopback and files in a directory. */
final class RealWorld implements World {
  private final Path directory;
  private final Map<NodeId, Environment> environments = new TreeMap<>();

  RealWorld(Path directory) {
    this.directory = directory;
  }

  @Override
  public <T> List<T> start(List<NodeId> ids, Function<Environment, T> boot) {
    for (NodeId id : ids) {
      environments.put(
          id,
          Environment.real(
              EnvironmentOptions.of(id, "partition-example")
                  .withListen(new Address("127.0.0.1", 0))
                  .insecure()
                  .withDataDirectory(directory.resolve(id.value()))));
    }
    for (NodeId id : ids) {
      connect(id, ids.stream().filter(peer -> !peer.equals(id)).toList());
    }
    return ids.stream().map(id -> boot.apply(environments.get(id))).toList();
  }

  private void connect(NodeId from, List<NodeId> to) {
    for (NodeId peer : to) {
      Address address = environments.get(peer).transport().address();
      environments.get(from).transport().setPeer(peer, address);
    }
  }

  /** What is asked travels on the asker's own connection, so both sides forget each other. */
  @Override
  public void cut(NodeId one, List<NodeId> others) {
    for (NodeId other : others) {
      environments.get(one).transport().removePeer(other);
      environments.get(other).transport().removePeer(one);
    }
  }

  @Override
  public void heal(NodeId one, List<NodeId> others) {
    connect(one, others);
    others.forEach(other -> connect(other, List.of(one)));
  }

  @Override
  public <T> T await(CompletableFuture<T> future) {
    try {
      return future.get(1, TimeUnit.MINUTES);
    } catch (ExecutionException e) {
      throw new CompletionException(e.getCause());
    } catch (InterruptedException | TimeoutException e) {
      throw new IllegalStateException("no answer within a minute", e);
    }
  }

  @Override
  public boolean until(BooleanSupplier condition, Duration limit) {
    long beganNanos = nowNanos();
    while (!condition.getAsBoolean()) {
      if (nowNanos() - beganNanos > limit.toNanos()) {
        return false;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
    return true;
  }

  @Override
  public long nowNanos() {
    return System.nanoTime();
  }

  @Override
  public void close() {
    environments.values().forEach(Environment::close);
  }
}
