package io.quorate.consensus.store;

import java.util.Arrays;
import java.util.function.Predicate;

/**
 * A map from keys to records, ordered by the unsigned bytes of the keys. Immutable: a change makes a
 * new map that shares all but the path to the change, so that a snapshot costs nothing to take.
 *
 * <p>An AVL tree: the heights of two siblings differ by at most one. The empty map is {@code null}.
 */
final class SortedRecords {
  final byte[] key;
  final Record record;
  final SortedRecords left;
  final SortedRecords right;
  private final int height;

  /**
   * A value and what belongs to it.
   *
   * @param version the index of the entry that wrote it
   * @param expiryMillis the log time at which it goes; 0 for never
   */
  record Record(byte[] value, long version, long expiryMillis) {}

  private SortedRecords(byte[] key, Record record, SortedRecords left, SortedRecords right) {
    this.key = key;
    this.record = record;
    this.left = left;
    this.right = right;
    this.height = 1 + Math.max(height(left), height(right));
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

  static SortedRecords with(SortedRecords map, byte[] key, Record record) {
    if (map == null) {
      return new SortedRecords(key, record, null, null);
    }
    int order = Arrays.compareUnsigned(key, map.key);
    if (order == 0) {
      return new SortedRecords(map.key, record, map.left, map.right);
    }
    return order < 0
        ? balanced(map, with(map.left, key, record), map.right)
        : balanced(map, map.left, with(map.right, key, record));
  }

  static SortedRecords without(SortedRecords map, byte[] key) {
    if (map == null) {
      return null;
    }
    int order = Arrays.compareUnsigned(key, map.key);
    if (order < 0) {
      return balanced(map, without(map.left, key), map.right);
    }
    if (order > 0) {
      return balanced(map, map.left, without(map.right, key));
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
    return balanced(next, map.left, without(map.right, next.key));
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

  private static int height(SortedRecords map) {
    return map == null ? 0 : map.height;
  }

  /** The node of {@code top} over subtrees whose heights may differ by two. */
  private static SortedRecords balanced(
      SortedRecords top, SortedRecords left, SortedRecords right) {
    int tilt = height(left) - height(right);
    if (tilt > 1) {
      SortedRecords tall =
          height(left.left) >= height(left.right) ? left : rotatedLeft(left);
      return join(tall, tall.left, join(top, tall.right, right));
    }
    if (tilt < -1) {
      SortedRecords tall =
          height(right.right) >= height(right.left) ? right : rotatedRight(right);
      return join(tall, join(top, left, tall.left), tall.right);
    }
    return join(top, left, right);
  }

  private static SortedRecords rotatedLeft(SortedRecords map) {
    return join(map.right, join(map, map.left, map.right.left), map.right.right);
  }

  private static SortedRecords rotatedRight(SortedRecords map) {
    return join(map.left, map.left.left, join(map, map.left.right, map.right));
  }

  private static SortedRecords join(
      SortedRecords top, SortedRecords left, SortedRecords right) {
    return new SortedRecords(top.key, top.record, left, right);
  }
}
