package io.quorate.replication.replica;

import io.quorate.replication.Tag;
import io.quorate.replication.local.Key;
import io.quorate.replication.merkle.MerkleTree;
import java.util.Arrays;
import java.util.List;

/** A Merkle tree that also knows which keys are in each leaf. Belongs to one thread. */
final class KeyTree {
  private static final Key[] NONE = new Key[0];
  /** Read only: what every tree is before its first key. */
  private static final MerkleTree EMPTY = new MerkleTree();

  private MerkleTree tree = EMPTY;
  private Key[][] leaves;
  private int size;

  /** To be read only. */
  MerkleTree tree() {
    return tree;
  }

  /** Replaces the version of a key; {@link Tag#NONE} stands for none. */
  void replace(Key key, Tag before, Tag after) {
    if (leaves == null) {
      tree = new MerkleTree();
      leaves = new Key[MerkleTree.LEAVES][];
    }
    tree.replace(key.hash(), before, after);
    int leaf = MerkleTree.leafOf(key.hash());
    if (before.isNone() && !after.isNone()) {
      Key[] keys = leaves[leaf] == null ? NONE : leaves[leaf];
      Key[] more = Arrays.copyOf(keys, keys.length + 1);
      more[keys.length] = key;
      leaves[leaf] = more;
      size++;
    } else if (!before.isNone() && after.isNone()) {
      leaves[leaf] =
          Arrays.stream(leaves[leaf]).filter(other -> !other.equals(key)).toArray(Key[]::new);
      size--;
    }
  }

  /** How many keys there are. */
  int size() {
    return size;
  }

  /** The keys of a leaf. */
  List<Key> keysOf(int leaf) {
    return leaves == null || leaves[leaf] == null ? List.of() : List.of(leaves[leaf]);
  }
}
