package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

/** Keys and values as bytes and back; everything else is the node's. */
final class TypedQuorumStore<K, V> implements QuorumStore<K, V> {
  private final QuorumNode node;
  private final Codec<K> keys;
  private final Codec<V> values;
  private final Environment environment;
  private final int maxValueBytes;

  private TypedQuorumStore(
      Environment environment,
      QuorumNode node,
      Codec<K> keys,
      Codec<V> values,
      int maxValueBytes) {
    this.environment = environment;
    this.node = node;
    this.keys = keys;
    this.values = values;
    this.maxValueBytes = maxValueBytes;
  }

  static <K, V> CompletableFuture<QuorumStore<K, V>> open(
      Environment environment,
      Placement placement,
      Codec<K> keys,
      Codec<V> values,
      QuorumOptions options) {
    for (List<NodeId> set : placement.sets()) {
      options.requireIntersection(set.size());
    }
    return new Opening(environment, options)
        .fixed(placement)
        .thenApply(node -> over(environment, node, keys, values, options));
  }

  static <K, V> CompletableFuture<QuorumStore<K, V>> open(
      Environment environment,
      PlacementRegister register,
      Codec<K> keys,
      Codec<V> values,
      QuorumOptions options) {
    return new Opening(environment, options)
        .following(register)
        .thenApply(node -> over(environment, node, keys, values, options));
  }

  private static <K, V> QuorumStore<K, V> over(
      Environment environment,
      QuorumNode node,
      Codec<K> keys,
      Codec<V> values,
      QuorumOptions options) {
    return new TypedQuorumStore<>(
        environment, node, keys, values, options.limits().maxValueBytes());
  }

  private Key keyOf(K key) {
    byte[] bytes = keys.encode(key);
    if (bytes.length == 0) {
      throw new IllegalArgumentException("key must have at least one byte, was " + key);
    }
    return new Key(bytes);
  }

  @Override
  public CompletableFuture<Versioned<V>> get(K key, ReadOptions options) {
    return node.submit(
            Operation.Kind.GET,
            keyOf(key),
            options.consistency(),
            null,
            0,
            options.timeout().toNanos())
        .thenApply(outcome -> versioned(QuorumNode.cellOf(outcome)));
  }

  private Versioned<V> versioned(Cell cell) {
    boolean absent = cell.isAbsentAt(environment.clock().wallMillis());
    return new Versioned<>(
        absent ? Optional.empty() : Optional.of(values.decode(cell.value())), cell.tag());
  }

  @Override
  public CompletableFuture<Tag> put(K key, V value, WriteOptions options) {
    byte[] bytes = values.encode(value);
    if (bytes.length > maxValueBytes) {
      throw new IllegalArgumentException(
          "value must be at most " + maxValueBytes + " bytes, was " + bytes.length);
    }
    long ttlMillis = options.timeToLive().map(ttl -> ttl.toMillis()).orElse(0L);
    return node.submit(
            Operation.Kind.PUT,
            keyOf(key),
            options.consistency(),
            bytes,
            ttlMillis,
            options.timeout().toNanos())
        .thenApply(outcome -> QuorumNode.cellOf(outcome).tag());
  }

  @Override
  public CompletableFuture<Optional<Tag>> delete(K key, WriteOptions options) {
    return node.submit(
            Operation.Kind.DELETE,
            keyOf(key),
            options.consistency(),
            null,
            0,
            options.timeout().toNanos())
        .thenApply(QuorumNode::writtenTag);
  }

  @Override
  public Session<K, V> session(int maxKeys) {
    return new MonotonicSession<>(this, maxKeys);
  }

  @Override
  public CompletableFuture<Integer> repair() {
    return onLoop(() -> node.repair().all());
  }

  @Override
  public CompletableFuture<Void> acceptLoss() {
    return onLoop(
        () -> {
          node.repair().acceptLoss();
          return CompletableFuture.completedFuture(null);
        });
  }

  @Override
  public CompletableFuture<ReplicaStatus> status() {
    return onLoop(() -> CompletableFuture.completedFuture(node.status()));
  }

  @Override
  public CompletableFuture<PlacementState> change(
      PlacementChange change, Consumer<MoveProgress> listener) {
    Changes changes = node.placing().changes();
    return onLoop(() -> changes.change(OptionalLong.empty(), change, listener));
  }

  @Override
  public CompletableFuture<PlacementState> change(
      long epoch, PlacementChange change, Consumer<MoveProgress> listener) {
    if (epoch < 1) {
      throw new IllegalArgumentException("epoch must be at least 1, was " + epoch);
    }
    Changes changes = node.placing().changes();
    return onLoop(() -> changes.change(OptionalLong.of(epoch), change, listener));
  }

  @Override
  public CompletableFuture<PlacementState> cancelChange() {
    Changes changes = node.placing().changes();
    return onLoop(changes::cancel);
  }

  @Override
  public CompletableFuture<Optional<MoveProgress>> changeInProgress() {
    Changes changes = node.placing().changes();
    return onLoop(() -> CompletableFuture.completedFuture(changes.inProgress()));
  }

  @Override
  public CompletableFuture<PlacementState> placement() {
    return onLoop(() -> CompletableFuture.completedFuture(node.topology().state()));
  }

  private interface Work<T> {
    CompletableFuture<T> run();
  }

  private <T> CompletableFuture<T> onLoop(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    node.loop()
        .execute(
            () ->
                work.run()
                    .whenComplete(
                        (value, failure) -> {
                          if (failure == null) {
                            result.complete(value);
                          } else {
                            result.completeExceptionally(causeOf(failure));
                          }
                        }));
    return result;
  }

  private static Throwable causeOf(Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : failure;
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    return node.shutdown();
  }

  @Override
  public void close() {
    node.shutdown();
  }
}
