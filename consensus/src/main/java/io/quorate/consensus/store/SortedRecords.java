package io.quorate.consensus.store;

import java.util.Arrays;

/**
 * A map from keys to records, ordered by the unsigned bytes of the keys. Belongs to one thread at a
 * time; what {@link #freeze} returns may be read by another.
 *
 * <p>A B+-tree whose nodes hold up to {@value #MAX_ITEMS} items. The first eight bytes of each key
 * stand beside it in an array of their own, so that finding a key touches few lines of memory. Each
 * node has an owner, and only the map that is that owner alters it; any other copies it first.
 * Freezing makes both sides new owners: it costs nothing, and between two freezes each node is
 * copied at most once.
 *
 * <p>In an inner node a key is a lower bound of what hangs beside it, except the first, which is
 * taken as lower than all.
 */
final class SortedRecords {
  static final int MAX_ITEMS = 64;
  private static final int FEW_ITEMS = MAX_ITEMS / 4;

  private Object owner = new Object();
  private Node root;

  /**
   * A value and what belongs to it.
   *
   * @param version the index of the entry that wrote it
   * @param expiryMillis the log time at which it goes; 0 for never
   */
  record Record(byte[] value, long version, long expiryMillis) {}

  /** Looks at one item. */
  interface Visitor {
    /** Returns whether to go on. */
    boolean visit(byte[] key, Record record);
  }

  SortedRecords() {
    this.root = new Node(owner, true);
  }

  private SortedRecords(Node root) {
    this.root = root;
  }

  /** The record of {@code key}, or null. */
  Record get(byte[] key) {
    long prefix = prefix(key);
    Node node = root;
    while (!node.leaf) {
      node = (Node) node.items[node.childOf(prefix, key)];
    }
    int at = node.floor(prefix, key);
    return at >= 0 && Arrays.equals(node.keys[at], key) ? (Record) node.items[at] : null;
  }

  void put(byte[] key, Record record) {
    root = own(root);
    Node right = put(root, prefix(key), key, record);
    if (right != null) {
      Node top = new Node(owner, false);
      top.add(root.prefixes[0], root.keys[0], root);
      top.add(right.prefixes[0], right.keys[0], right);
      root = top;
    }
  }

  /** Removes {@code key}, if it is there. */
  void remove(byte[] key) {
    if (get(key) == null) {
      return;
    }
    root = own(root);
    remove(root, prefix(key), key);
    while (!root.leaf && root.count == 1) {
      root = (Node) root.items[0];
    }
    if (root.count == 0) {
      root = new Node(owner, true);
    }
  }

  /** The map as it is now, whatever becomes of this one. */
  SortedRecords freeze() {
    owner = new Object();
    return new SortedRecords(root);
  }

  /**
   * Visits keys of {@code [from, to)} in their order until {@code visitor} says no.
   *
   * @param to null for no end
   * @return false if the visitor said no
   */
  boolean visit(byte[] from, byte[] to, Visitor visitor) {
    return visit(root, from, to, visitor);
  }

  /** Levels of the tree. */
  int height() {
    int height = 1;
    for (Node node = root; !node.leaf; node = (Node) node.items[0]) {
      height++;
    }
    return height;
  }

  /** The first eight bytes, so that their order as unsigned numbers is that of the keys. */
  private static long prefix(byte[] key) {
    long prefix = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      prefix = prefix << 8 | (i < key.length ? key[i] & 0xff : 0);
    }
    return prefix;
  }

  private Node own(Node node) {
    return node.owner == owner ? node : new Node(node, owner);
  }

  /** Puts into an own node; returns what was split off to its right, or null. */
  private Node put(Node node, long prefix, byte[] key, Record record) {
    if (node.leaf) {
      int at = node.floor(prefix, key);
      if (at >= 0 && Arrays.equals(node.keys[at], key)) {
        node.items[at] = record;
        return null;
      }
      return node.insert(at + 1, prefix, key, record);
    }
    int at = node.childOf(prefix, key);
    Node child = own((Node) node.items[at]);
    node.items[at] = child;
    Node right = put(child, prefix, key, record);
    return right == null
        ? null
        : node.insert(at + 1, right.prefixes[0], right.keys[0], right);
  }

  /** Removes a key that is there from an own node. */
  private void remove(Node node, long prefix, byte[] key) {
    if (node.leaf) {
      node.removeAt(node.floor(prefix, key));
      return;
    }
    int at = node.childOf(prefix, key);
    Node child = own((Node) node.items[at]);
    node.items[at] = child;
    remove(child, prefix, key);
    if (child.count == 0) {
      node.removeAt(at);
    } else if (child.count < FEW_ITEMS && node.count > 1) {
      merge(node, at == 0 ? 0 : at - 1);
    }
  }

  /** Joins the children {@code at} and {@code at + 1} of an own node if both fit into one. */
  private void merge(Node node, int at) {
    Node left = (Node) node.items[at];
    Node right = (Node) node.items[at + 1];
    if (left.count + right.count > MAX_ITEMS) {
      return;
    }
    left = own(left);
    node.items[at] = left;
    for (int i = 0; i < right.count; i++) {
      // The first key of an inner node says nothing; its bound stands in the node above.
      boolean bound = i == 0 && !right.leaf;
      left.add(
          bound ? node.prefixes[at + 1] : right.prefixes[i],
          bound ? node.keys[at + 1] : right.keys[i],
          right.items[i]);
    }
    node.removeAt(at + 1);
  }

  private static boolean visit(Node node, byte[] from, byte[] to, Visitor visitor) {
    int at = Math.max(0, node.floor(prefix(from), from));
    for (; at < node.count; at++) {
      boolean bounded = node.leaf || at > 0;
      if (bounded && to != null && Arrays.compareUnsigned(node.keys[at], to) >= 0) {
        return true;
      }
      if (!node.leaf) {
        if (!visit((Node) node.items[at], from, to, visitor)) {
          return false;
        }
      } else if (Arrays.compareUnsigned(node.keys[at], from) >= 0
          && !visitor.visit(node.keys[at], (Record) node.items[at])) {
        return false;
      }
    }
    return true;
  }

  /** A leaf, whose items are records, or an inner node, whose items are nodes. */
  private static final class Node {
    final Object owner;
    final boolean leaf;
    final long[] prefixes;
    final byte[][] keys;
    final Object[] items;
    int count;

    Node(Object owner, boolean leaf) {
      this.owner = owner;
      this.leaf = leaf;
      this.prefixes = new long[MAX_ITEMS];
      this.keys = new byte[MAX_ITEMS][];
      this.items = new Object[MAX_ITEMS];
    }

    Node(Node other, Object owner) {
      this.owner = owner;
      this.leaf = other.leaf;
      this.prefixes = other.prefixes.clone();
      this.keys = other.keys.clone();
      this.items = other.items.clone();
      this.count = other.count;
    }

    /** The place of the highest key that is at or before {@code key}; -1 if there is none. */
    int floor(long prefix, byte[] key) {
      int low = 0;
      int high = count;
      while (low < high) {
        int middle = (low + high) >>> 1;
        int order = Long.compareUnsigned(prefixes[middle], prefix);
        if (order == 0) {
          order = Arrays.compareUnsigned(keys[middle], key);
        }
        if (order <= 0) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }
      return low - 1;
    }

    int childOf(long prefix, byte[] key) {
      return Math.max(0, floor(prefix, key));
    }

    void add(long prefix, byte[] key, Object item) {
      prefixes[count] = prefix;
      keys[count] = key;
      items[count++] = item;
    }

    /** Inserts an item; returns what had to be split off to the right, or null. */
    Node insert(int at, long prefix, byte[] key, Object item) {
      if (count < MAX_ITEMS) {
        move(at, at + 1);
        prefixes[at] = prefix;
        keys[at] = key;
        items[at] = item;
        return null;
      }
      Node right = new Node(owner, leaf);
      // Keys that come in ascending order leave full nodes behind.
      int middle = at == count ? count : count / 2;
      for (int i = middle; i < count; i++) {
        right.add(prefixes[i], keys[i], items[i]);
      }
      Arrays.fill(keys, middle, count, null);
      Arrays.fill(items, middle, count, null);
      count = middle;
      if (at > middle || middle == MAX_ITEMS) {
        right.insert(at - middle, prefix, key, item);
      } else {
        insert(at, prefix, key, item);
      }
      return right;
    }

    void removeAt(int at) {
      move(at + 1, at);
      keys[count] = null;
      items[count] = null;
    }

    private void move(int from, int to) {
      System.arraycopy(prefixes, from, prefixes, to, count - from);
      System.arraycopy(keys, from, keys, to, count - from);
      System.arraycopy(items, from, items, to, count - from);
      count += to - from;
    }
  }
}
