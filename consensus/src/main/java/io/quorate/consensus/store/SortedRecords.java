package io.quorate.consensus.store;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/**
 * A map from keys to records, ordered by the unsigned bytes of the keys. The empty map is {@code
 * null}.
 *
 * <p>An AVL tree: the heights of two siblings differ by at most one. Each node has an owner, and
 * only a change made by that owner alters it; for any other the path to the change is copied.
 * Whoever takes a new owner thereby freezes the map as it is, at no cost, while changes between two
 * such moments copy nothing.
 */
final class SortedRecords {
  final byte[] key;
  private final Object owner;
  private Record record;
  private SortedRecords left;
  private SortedRecords right;
  private int height;

  /**
   * A value and what belongs to it.
   *
   * @param version the index of the entry that wrote it
   * @param expiryMillis the log time at which it goes; 0 for never
   */
  record Record(byte[] value, long version, long expiryMillis) {}

  private SortedRecords(byte[] key, Record record, Object owner) {
    this.key = key;
    this.record = record;
    this.owner = owner;
    this.height = 1;
  }

  Record record() {
    return record;
  }

  /** The record of {@code key}, or null. */
  static Record get(SortedRecords map, byte[] key) {
    SortedRecords at = map;
    while (at != null) {
      int order = Arrays.compareUnsigned(key, at.key);
      if (order == 0) {
        return at.record;
      }
      at = order < 0 ? at.left : at.right;
    }
    return null;
  }

  /** {@code map} with {@code record}, as changed by {@code owner}. */
  static SortedRecords with(SortedRecords map, byte[] key, Record record, Object owner) {
    SortedRecords at = map;
    while (at != null) {
      int order = Arrays.compareUnsigned(key, at.key);
      if (order == 0) {
        if (at.owner == owner) {
          at.record = record;
          return map;
        }
        break;
      }
      at = order < 0 ? at.left : at.right;
    }
    return put(map, key, record, owner);
  }

  /** {@code map} without {@code key}, as changed by {@code owner}. */
  static SortedRecords without(SortedRecords map, byte[] key, Object owner) {
    if (map == null) {
      return null;
    }
    int order = Arrays.compareUnsigned(key, map.key);
    if (order < 0) {
      return balanced(map, without(map.left, key, owner), map.right, owner);
    }
    if (order > 0) {
      return balanced(map, map.left, without(map.right, key, owner), owner);
    }
    if (map.left == null) {
      return map.right;
    }
    if (map.right == null) {
      return map.left;
    }
    SortedRecords next = map.right;
    while (next.left != null) {
      next = next.left;
    }
    SortedRecords rest = without(map.right, next.key, owner);
    return balanced(next, map.left, rest, owner);
  }

  /**
   * Visits keys of {@code [from, to)} in their order until {@code visitor} says no.
   *
   * @param to null for no end
   * @return false if the visitor said no
   */
  static boolean visit(
      SortedRecords map, byte[] from, byte[] to, Predicate<SortedRecords> visitor) {
    if (map == null) {
      return true;
    }
    boolean behindFrom = Arrays.compareUnsigned(map.key, from) >= 0;
    boolean beforeTo = to == null || Arrays.compareUnsigned(map.key, to) < 0;
    return (!behindFrom || visit(map.left, from, to, visitor))
        && (!behindFrom || !beforeTo || visitor.test(map))
        && (!beforeTo || visit(map.right, from, to, visitor));
  }

  /** All nodes in the order of their keys. */
  static List<SortedRecords> list(SortedRecords map) {
    List<SortedRecords> nodes = new ArrayList<>();
    visit(map, new byte[0], null, nodes::add);
    return nodes;
  }

  private static SortedRecords put(
      SortedRecords map, byte[] key, Record record, Object owner) {
    if (map == null) {
      return new SortedRecords(key, record, owner);
    }
    int order = Arrays.compareUnsigned(key, map.key);
    if (order == 0) {
      SortedRecords own = join(map, map.left, map.right, owner);
      own.record = record;
      return own;
    }
    return order < 0
        ? balanced(map, put(map.left, key, record, owner), map.right, owner)
        : balanced(map, map.left, put(map.right, key, record, owner), owner);
  }

  /** Nodes on the longest path down. */
  static int height(SortedRecords map) {
    return map == null ? 0 : map.height;
  }

  /** The node of {@code top} over subtrees whose heights may differ by two. */
  private static SortedRecords balanced(
      SortedRecords top, SortedRecords left, SortedRecords right, Object owner) {
    int tilt = height(left) - height(right);
    if (tilt > 1) {
      SortedRecords tall =
          height(left.left) >= height(left.right) ? left : rotatedLeft(left, owner);
      SortedRecords outer = tall.left;
      return join(tall, outer, join(top, tall.right, right, owner), owner);
    }
    if (tilt < -1) {
      SortedRecords tall =
          height(right.right) >= height(right.left) ? right : rotatedRight(right, owner);
      SortedRecords outer = tall.right;
      return join(tall, join(top, left, tall.left, owner), outer, owner);
    }
    return join(top, left, right, owner);
  }

  // Subtrees are taken before anything is joined, since joining may alter the node they hang on.

  private static SortedRecords rotatedLeft(SortedRecords map, Object owner) {
    SortedRecords top = map.right;
    SortedRecords inner = top.left;
    SortedRecords outer = top.right;
    return join(top, join(map, map.left, inner, owner), outer, owner);
  }

  private static SortedRecords rotatedRight(SortedRecords map, Object owner) {
    SortedRecords top = map.left;
    SortedRecords inner = top.right;
    SortedRecords outer = top.left;
    return join(top, outer, join(map, inner, map.right, owner), owner);
  }

  /** {@code top} over two subtrees: the node itself if it is the owner's, else a copy that is. */
  private static SortedRecords join(
      SortedRecords top, SortedRecords left, SortedRecords right, Object owner) {
    SortedRecords own =
        top.owner == owner ? top : new SortedRecords(top.key, top.record, owner);
    own.left = left;
    own.right = right;
    own.height = 1 + Math.max(height(left), height(right));
    return own;
  }
}
