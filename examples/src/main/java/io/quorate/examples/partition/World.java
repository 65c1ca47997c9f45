package io.quorate.examples.partition;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Where the nodes are: on virtual time in one thread, or on this machine's sockets and disks. */
interface World extends AutoCloseable {
  /** Starts a node of each id, which knows the addresses of the others. */
  <T> List<T> start(List<NodeId> ids, Function<Environment, T> boot);

  /** Ends all connections between {@code one} and {@code others}, and lets none be made. */
  void cut(NodeId one, List<NodeId> others);

  /** Ends {@link #cut}. */
  void heal(NodeId one, List<NodeId> others);

  /**
   * Waits, at most a minute.
   *
   * @throws java.util.concurrent.CompletionException if the future failed
   */
  <T> T await(CompletableFuture<T> future);

  /** Lets time pass until {@code condition} holds, at most {@code limit}; whether it does. */
  boolean until(BooleanSupplier condition, Duration limit);

  /** Nanoseconds of this world's time. */
  long nowNanos();

  @Override
  void close();
}
