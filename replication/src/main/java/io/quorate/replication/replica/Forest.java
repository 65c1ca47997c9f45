package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Key;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a replica shares with whom under one topology: a tree for each set of nodes, and one for
 * keys that it holds and is no replica of. Belongs to one thread.
 */
final class Forest {
  private final Topology topology;
  private final NodeId self;
  private final Map<List<NodeId>, KeyTree> trees = new LinkedHashMap<>();
  /** Keys that have moved away from this node, or were brought by who did not know that. */
  private final KeyTree strays = new KeyTree();

  Forest(Topology topology, NodeId self) {
    this.topology = topology;
    this.self = self;
    for (List<NodeId> set : topology.setsWith(self)) {
      trees.put(set, new KeyTree());
    }
  }

  Topology topology() {
    return topology;
  }

  NodeId self() {
    return self;
  }

  KeyTree strays() {
    return strays;
  }

  /** Replaces the version of a key; {@link Tag#NONE} stands for none. */
  void replace(Key key, Tag before, Tag after) {
    boolean shared = false;
    for (List<NodeId> set : topology.setsOf(key.bytes())) {
      if (set.contains(self)) {
        trees.computeIfAbsent(set, s -> new KeyTree()).replace(key, before, after);
        shared = true;
      }
    }
    if (!shared) {
      strays.replace(key, before, after);
    }
  }

  /** Whether this node is one of those that share {@code key}. */
  boolean shares(Key key) {
    return topology.setsOf(key.bytes()).stream().anyMatch(set -> set.contains(self));
  }

  /** The sets of nodes that share keys with this one, in an order that is the same everywhere. */
  List<List<NodeId>> sets() {
    return trees.keySet().stream()
        .sorted((a, b) -> a.toString().compareTo(b.toString()))
        .toList();
  }

  KeyTree treeOf(List<NodeId> set) {
    return trees.computeIfAbsent(set, s -> new KeyTree());
  }

  /** The keys of one leaf of every tree. */
  List<Key> keysOf(int leaf) {
    List<Key> keys = new ArrayList<>(strays.keysOf(leaf));
    for (KeyTree tree : trees.values()) {
      if (tree.size() > 0) {
        keys.addAll(tree.keysOf(leaf));
      }
    }
    return keys;
  }
}
