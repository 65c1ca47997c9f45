package io.quorate.consensus.store;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.Read;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A map that all its nodes agree on: every operation on it is linearizable, on every node. Writes
 * that were acknowledged survive the loss of any minority of nodes, and of power on all of them.
 *
 * <p>Safe for use by many threads. Futures complete on the node's event loops and fail as those of
 * {@link RaftNode} do. Keys are ordered by the unsigned bytes that their codec makes.
 */
public final class ConsistentStore<K, V> implements AutoCloseable {
  private static final long WATCH_BYTES = 8L << 20;

  private final RaftNode<StoreCommand, StoreResult, StoreMachine> node;
  private final Codec<K> keys;
  private final Codec<V> values;

  private ConsistentStore(
      RaftNode<StoreCommand, StoreResult, StoreMachine> node, Codec<K> keys, Codec<V> values) {
    this.node = node;
    this.keys = keys;
    this.values = values;
  }

  /**
   * This node's part in the store called {@code name}.
   *
   * @param members the voters that the store begins with, the same on each of them; none for a node
   *     that is to be added later
   */
  public static <K, V> ConsistentStore<K, V> open(
      Raft raft, String name, Collection<NodeId> members, Codec<K> keys, Codec<V> values) {
    StoreMachine machine = new StoreMachine(new RecentChanges(WATCH_BYTES));
    return new ConsistentStore<>(
        raft.group(name).members(members).start(machine, StoreCommand.CODEC, StoreResult.CODEC),
        keys,
        values);
  }

  /** The value of {@code key}, linearizably. */
  public CompletableFuture<Optional<Versioned<V>>> get(K key) {
    return get(key, Read.LINEARIZABLE);
  }

  /** The value of {@code key}, as fresh as {@code mode} says. */
  public CompletableFuture<Optional<Versioned<V>>> get(K key, Read mode) {
    byte[] bytes = keys.encode(key);
    return node.read(
        machine ->
            Optional.ofNullable(machine.records().get(bytes))
                .map(found -> new Versioned<>(values.decode(found.value()), found.version())),
        mode);
  }

  /** Writes a value; returns its version. */
  public CompletableFuture<Long> put(K key, V value) {
    return node.submit(single(List.of(), put(key, value, 0))).thenApply(StoreResult::version);
  }

  /**
   * Writes a value that goes by itself; returns its version.
   *
   * @param ttl log time, which passes only while the store has a leader; at least 1 ms
   */
  public CompletableFuture<Long> put(K key, V value, Duration ttl) {
    return node.submit(single(List.of(), put(key, value, millis(ttl))))
        .thenApply(StoreResult::version);
  }

  /** Writes a value if the key has none; returns its version, or empty if the key has one. */
  public CompletableFuture<Optional<Long>> putIfAbsent(K key, V value) {
    return conditional(new Condition(keys.encode(key), Condition.Kind.ABSENT, 0),
        put(key, value, 0));
  }

  /** As {@link #putIfAbsent(Object, Object)}, for a time. */
  public CompletableFuture<Optional<Long>> putIfAbsent(K key, V value, Duration ttl) {
    return conditional(new Condition(keys.encode(key), Condition.Kind.ABSENT, 0),
        put(key, value, millis(ttl)));
  }

  /**
   * Writes a value if the key's version is {@code expectedVersion}; returns the new version, or
   * empty if it is another or the key has no value.
   */
  public CompletableFuture<Optional<Long>> compareAndSet(K key, long expectedVersion, V value) {
    return conditional(version(key, expectedVersion), put(key, value, 0));
  }

  /** As {@link #compareAndSet(Object, long, Object)}, for a time. */
  public CompletableFuture<Optional<Long>> compareAndSet(
      K key, long expectedVersion, V value, Duration ttl) {
    return conditional(version(key, expectedVersion), put(key, value, millis(ttl)));
  }

  /** Deletes the key; returns the version of the deletion, or empty if the key has no value. */
  public CompletableFuture<Optional<Long>> delete(K key) {
    return node.submit(single(List.of(), new Change(keys.encode(key), null, 0)))
        .thenApply(
            result ->
                result.effective() == 0 ? Optional.empty() : Optional.of(result.version()));
  }

  /** Deletes the key if its version is {@code expectedVersion}; otherwise returns empty. */
  public CompletableFuture<Optional<Long>> delete(K key, long expectedVersion) {
    return conditional(version(key, expectedVersion), new Change(keys.encode(key), null, 0));
  }

  /** All items whose keys are at or behind {@code from}, at most {@code limit}. */
  public CompletableFuture<Scan<K, V>> scan(K from, int limit, Read mode) {
    return scan(keys.encode(from), null, limit, mode);
  }

  /** The items with keys of {@code [from, to)} by their bytes, at most {@code limit}. */
  public CompletableFuture<Scan<K, V>> scan(K from, K to, int limit, Read mode) {
    return scan(keys.encode(from), keys.encode(to), limit, mode);
  }

  /** All items, at most {@code limit}. */
  public CompletableFuture<Scan<K, V>> scanAll(int limit, Read mode) {
    return scan(StoreMachine.lowest(), null, limit, mode);
  }

  /** Begins a transaction: compare, then or else. */
  public Transaction<K, V> transaction() {
    return new Transaction<>(this);
  }

  /**
   * Has {@code listener} told of every change from {@code fromIndex} on, in their order, as this
   * node applies them. It is called on the thread that applies: it must be quick and must not
   * throw. What lies too far back is reported as a {@link StoreEvent.Gap}.
   *
   * @return closes the watch
   */
  public AutoCloseable watch(long fromIndex, Consumer<StoreEvent<K, V>> listener) {
    AtomicBoolean closed = new AtomicBoolean();
    CompletableFuture<RecentChanges.Watcher> watching =
        node.read(
            machine ->
                machine
                    .recent()
                    .watch(
                        fromIndex,
                        change -> tell(closed, listener, event(change)),
                        resume -> tell(closed, listener, new StoreEvent.Gap<>(resume))),
            Read.LOCAL);
    return () -> {
      closed.set(true);
      watching.thenAccept(watcher -> node.read(machine -> remove(watcher), Read.LOCAL));
    };
  }

  /** The group underneath, for its status, its members and its snapshots. */
  public RaftNode<?, ?, ?> node() {
    return node;
  }

  @Override
  public void close() {
    node.close();
  }

  CompletableFuture<StoreResult> submit(StoreCommand command) {
    return node.submit(command);
  }

  Change put(K key, V value, long ttlMillis) {
    return new Change(keys.encode(key), values.encode(value), ttlMillis);
  }

  byte[] encode(K key) {
    return keys.encode(key);
  }

  static long millis(Duration ttl) {
    long millis = ttl.toMillis();
    if (millis < 1) {
      throw new IllegalArgumentException("ttl must be at least 1 ms, was " + ttl);
    }
    return millis;
  }

  private Condition version(K key, long version) {
    if (version < 1) {
      throw new IllegalArgumentException("expectedVersion must be at least 1, was " + version);
    }
    return new Condition(keys.encode(key), Condition.Kind.VERSION, version);
  }

  private CompletableFuture<Optional<Long>> conditional(Condition condition, Change change) {
    return node.submit(single(List.of(condition), change))
        .thenApply(result -> result.held() ? Optional.of(result.version()) : Optional.empty());
  }

  private static StoreCommand single(List<Condition> conditions, Change change) {
    return new StoreCommand(conditions, List.of(change), List.of());
  }

  private CompletableFuture<Scan<K, V>> scan(byte[] from, byte[] to, int limit, Read mode) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, was " + limit);
    }
    return node.read(
        machine -> {
          List<Scan.Item<K, V>> items = new ArrayList<>();
          machine
              .records()
              .visit(
                  from,
                  to,
                  (key, record) -> {
                    items.add(
                        new Scan.Item<>(
                            keys.decode(key), values.decode(record.value()), record.version()));
                    return items.size() < limit;
                  });
          return new Scan<>(machine.index(), items);
        },
        mode);
  }

  private StoreEvent<K, V> event(Happening change) {
    K key = keys.decode(change.key());
    return change.value() == null
        ? new StoreEvent.Deleted<>(key, change.index(), change.expired())
        : new StoreEvent.Put<>(key, values.decode(change.value()), change.index());
  }

  private void tell(
      AtomicBoolean closed, Consumer<StoreEvent<K, V>> listener, StoreEvent<K, V> event) {
    if (!closed.get()) {
      listener.accept(event);
    }
  }

  private static boolean remove(RecentChanges.Watcher watcher) {
    watcher.close();
    return true;
  }
}
