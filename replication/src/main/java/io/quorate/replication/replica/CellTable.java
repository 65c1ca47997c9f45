package io.quorate.replication.replica;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.CorruptionException;
import io.quorate.replication.Tag;
import io.quorate.replication.clock.TagClock;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.LocalStore;
import io.quorate.replication.local.Stored;
import io.quorate.replication.merkle.MerkleTree;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The cells of one replica: a local store in which the newer version stays, with a Merkle tree for
 * each set of nodes that this one replicates with.
 *
 * <p>Versions never go back: whatever arrives, a write, a hint or a repair, is compared first. A
 * forgotten tombstone leaves the {@linkplain #floor floor} behind: a version not above it, of a key
 * that is not held, is too old to be taken from anyone but a replica that still holds it.
 *
 * <p>Belongs to the event loop of its store.
 */
public final class CellTable {
  /** Keys of users have at least one byte; this one holds the floor. */
  private static final Key FLOOR = new Key(new byte[0]);

  private final LocalStore store;
  private final TagClock clock;
  private final NodeId self;
  private Forest forest;
  /** The forest of the topology that is to come, while it is planted. */
  private Planting planting;
  private final Set<Key> damaged = new HashSet<>();
  /** Tombstones and what expires, in the order in which they came. */
  private final Deque<Key> mortal = new ArrayDeque<>();
  private long floor;

  private CellTable(LocalStore store, TagClock clock, Topology topology) {
    this.store = store;
    this.clock = clock;
    this.self = clock.self();
    this.forest = new Forest(topology, self);
  }

  /** A table over {@code store}, which must be open. The future completes on the store's loop. */
  public static CompletableFuture<CellTable> over(
      LocalStore store, TagClock clock, Topology topology) {
    CellTable table = new CellTable(store, clock, topology);
    return store
        .read(FLOOR)
        .thenApply(
            cell -> {
              cell.ifPresent(c -> table.floor = new ByteReader(c.value()).int64());
              clock.restore(new Tag(table.floor, clock.self(), 0));
              table.index();
              return table;
            });
  }

  private void index() {
    store.forEach(
        stored -> {
          if (!stored.key().equals(FLOOR)) {
            clock.restore(stored.tag());
            summarize(stored.key(), Tag.NONE, stored.tag());
            if (stored.isTombstone() || stored.expiryMillis() != 0) {
              mortal.add(stored.key());
            }
          }
        });
  }

  public LocalStore store() {
    return store;
  }

  public Topology topology() {
    return forest.topology();
  }

  /**
   * Makes ready to go over to {@code next}: summarizes all keys anew, some in each turn of {@code
   * loop}, while the table goes on as it is. Copies that would come to be shared anew, though this
   * node is no source of them, are forgotten: they are of an earlier time, and who has seen all
   * since brings better ones. The future completes on the loop, once that is durable, and fails
   * with {@link RefusedException} if the disk takes no writes.
   */
  public CompletableFuture<Void> prepare(Topology next, EventLoop loop) {
    planting = new Planting(this, forest, new Forest(next, self), loop);
    return planting.run();
  }

  /** Goes over to the topology that was prepared. */
  public void adopt() {
    forest = planting.planted();
    planting = null;
  }

  /** Whether this node is one of those that share {@code key}. */
  public boolean shares(Key key) {
    return forest.shares(key);
  }

  /** How many keys are held of which this node is no replica. */
  public int strayCount() {
    return forest.strays().size();
  }

  /**
   * Forgets some of the keys of which this node is no replica.
   *
   * @param leaves how many leaves of the tree to look at, from {@code from} on
   * @throws RefusedException if the store takes no writes
   */
  public void dropStrays(int from, int leaves) {
    for (int leaf = from; leaf < Math.min(MerkleTree.LEAVES, from + leaves); leaf++) {
      forest.strays().keysOf(leaf).forEach(this::drop);
    }
  }

  /** Forgets a copy that counts for nothing; the floor stays. Returns when that is durable. */
  long drop(Key key) {
    Stored held = store.find(key).orElse(null);
    if (held == null) {
      return 0;
    }
    Tag tag = held.tag();
    long sequence = store.forget(key);
    damaged.remove(key);
    summarize(key, tag, Tag.NONE);
    return sequence;
  }

  /** Whether this disk holds anything, or has. */
  boolean isUsed() {
    return store.size() > 0;
  }

  /** Versions of forgotten keys are not above it. */
  public long floor() {
    return floor;
  }

  /**
   * Takes over the floor of a peer, from which this replica has its cells.
   *
   * @return the sequence at which it is durable
   * @throws RefusedException if the store takes no writes
   */
  public long raiseFloor(long floor) {
    if (floor <= this.floor) {
      return store.sequenceOf(FLOOR);
    }
    byte[] bytes = new ByteWriter(Long.BYTES).int64(floor).toByteArray();
    long sequence = store.put(FLOOR, Cell.value(new Tag(Math.max(1, floor), self, 0), 0, bytes));
    this.floor = floor;
    return sequence;
  }

  /** What is held of {@code key}. */
  public Optional<Stored> find(Key key) {
    return store.find(key);
  }

  /** Whether the version came from a place too long ago to be trusted. */
  public boolean isTooOld(Key key, Tag tag) {
    return tag.time() <= floor && store.find(key).isEmpty();
  }

  /**
   * Keeps {@code cell} if it is newer than what is held.
   *
   * @return the sequence at which it, or what is newer, is durable
   * @throws io.quorate.core.RefusedException if the store takes no writes
   */
  public long keep(Key key, Cell cell) {
    Optional<Stored> held = store.find(key);
    int order = held.map(h -> cell.tag().compareTo(h.tag())).orElse(1);
    boolean wins =
        order > 0
            || order == 0 && (damaged.contains(key) || cell.isTombstone() && !held.get().isTombstone());
    if (!wins) {
      return store.sequenceOf(key);
    }
    clock.observe(cell.tag());
    return put(key, held, cell);
  }

  private long put(Key key, Optional<Stored> held, Cell cell) {
    long sequence = store.put(key, cell);
    damaged.remove(key);
    summarize(key, held.map(Stored::tag).orElse(Tag.NONE), cell.tag());
    if (cell.isTombstone() || cell.expiryMillis() != 0) {
      mortal.add(key);
    }
    return sequence;
  }

  /**
   * What a peer holds, as it arrives: kept if it is newer, unless it is a tombstone that was
   * forgotten here, or of a clock that cannot be believed.
   */
  public CompletableFuture<Long> arrive(Key key, Cell cell) {
    if (!isWelcome(key, cell)) {
      return CompletableFuture.completedFuture(0L);
    }
    try {
      return CompletableFuture.completedFuture(keep(key, cell));
    } catch (RefusedException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Whether what a peer holds is not a tombstone forgotten here and is of a believable clock. */
  public boolean isWelcome(Key key, Cell cell) {
    return !(cell.isTombstone() && isTooOld(key, cell.tag())) && clock.believes(cell.tag());
  }

  /**
   * What is held of {@code key}, its value included, once it is durable. If its bytes are damaged
   * the future fails with {@link CorruptionException} and the key is to be repaired.
   */
  public CompletableFuture<Optional<Cell>> read(Key key) {
    CompletableFuture<Optional<Cell>> result = new CompletableFuture<>();
    store.whenDurable(
        store.sequenceOf(key),
        () ->
            store
                .read(key)
                .whenComplete(
                    (cell, failure) -> {
                      if (failure == null) {
                        result.complete(cell);
                      } else {
                        damaged.add(key);
                        result.completeExceptionally(failure);
                      }
                    }));
    return result;
  }

  private void summarize(Key key, Tag before, Tag after) {
    forest.replace(key, before, after);
    if (planting != null) {
      planting.replace(key, before, after);
    }
  }

  /** The sets of nodes that share keys with this one. */
  List<List<NodeId>> sets() {
    return forest.sets();
  }

  /** How many keys are shared with {@code set}. */
  int sizeOf(List<NodeId> set) {
    return forest.treeOf(set).size();
  }

  /** The summary of what is shared with {@code set}. */
  MerkleTree treeOf(List<NodeId> set) {
    return forest.treeOf(set).tree();
  }

  List<Key> keysOf(List<NodeId> set, int leaf) {
    return forest.treeOf(set).keysOf(leaf);
  }

  /** Keys of the tombstones and expiring cells that have not been forgotten. */
  public int mortalCount() {
    return mortal.size();
  }

  /**
   * Forgets tombstones and expired cells that every replica is known to hold.
   *
   * @param heldByAll tells for a set the sequence up to which all its members hold what this one
   *     does
   * @param beforeMillis only those whose tags, and expiries, are of before this wall time
   * @param max how many to look at
   */
  void forgetDead(HeldByAll heldByAll, long beforeMillis, int max) {
    for (int looked = 0; looked < max && !mortal.isEmpty() && store.isWritable(); looked++) {
      Key key = mortal.poll();
      Stored held = store.find(key).orElse(null);
      if (held == null || !held.isTombstone() && held.expiryMillis() == 0) {
        continue;
      }
      boolean dead =
          held.tag().millis() < beforeMillis
              && (held.isTombstone() || held.expiryMillis() < beforeMillis);
      if (dead && isHeldByAll(key, heldByAll)) {
        raiseFloor(held.tag().time());
        store.forget(key);
        damaged.remove(key);
        summarize(key, held.tag(), Tag.NONE);
      } else {
        mortal.add(key);
      }
    }
  }

  /** Up to which sequence of this store all members of a set hold what this one does. */
  interface HeldByAll {
    long sequence(List<NodeId> set);
  }

  private boolean isHeldByAll(Key key, HeldByAll heldByAll) {
    long sequence = store.sequenceOf(key);
    for (List<NodeId> set : forest.topology().setsOf(key.bytes())) {
      if (sequence > heldByAll.sequence(set)) {
        return false;
      }
    }
    return true;
  }
}
