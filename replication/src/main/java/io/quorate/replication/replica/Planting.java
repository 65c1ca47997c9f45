package io.quorate.replication.replica;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Key;
import io.quorate.replication.local.Stored;
import io.quorate.replication.merkle.MerkleTree;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Makes the forest of another topology, some leaves in each turn of the loop, so that a million
 * keys do not make operations wait. What is written meanwhile goes into both: of leaves that have
 * been planted at once, of the others when their turn comes. Belongs to the loop.
 */
final class Planting {
  private static final int KEYS_PER_TURN = 2_000;
  private static final int LEAVES_PER_TURN = 4_096;

  private final CellTable table;
  private final Forest before;
  private final Forest after;
  private final EventLoop loop;
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  /** Leaves below it are planted. */
  private int nextLeaf;
  private long lastSequence;

  Planting(CellTable table, Forest before, Forest after, EventLoop loop) {
    this.table = table;
    this.before = before;
    this.after = after;
    this.loop = loop;
  }

  CompletableFuture<Void> run() {
    int keys = 0;
    int end = Math.min(MerkleTree.LEAVES, nextLeaf + LEAVES_PER_TURN);
    try {
      while (nextLeaf < end && keys < KEYS_PER_TURN) {
        for (Key key : before.keysOf(nextLeaf)) {
          plant(key);
          keys++;
        }
        nextLeaf++;
      }
    } catch (RefusedException e) {
      done.completeExceptionally(e);
      return done;
    }
    if (nextLeaf < MerkleTree.LEAVES) {
      loop.execute(this::run);
    } else {
      table.store().whenDurable(lastSequence, () -> done.complete(null));
    }
    return done;
  }

  private void plant(Key key) {
    Topology topology = after.topology();
    NodeId self = after.self();
    if (topology.isMoving() && !topology.isSource(self, key.bytes()) && after.shares(key)) {
      lastSequence = Math.max(lastSequence, table.drop(key));
      return;
    }
    Optional<Stored> held = table.find(key);
    held.ifPresent(stored -> after.replace(key, Tag.NONE, stored.tag()));
  }

  void replace(Key key, Tag from, Tag to) {
    if (MerkleTree.leafOf(key.hash()) < nextLeaf) {
      after.replace(key, from, to);
    }
  }

  Forest planted() {
    if (!done.isDone() || done.isCompletedExceptionally()) {
      throw new IllegalStateException("the topology is not prepared: " + nextLeaf + " leaves");
    }
    return after;
  }
}
