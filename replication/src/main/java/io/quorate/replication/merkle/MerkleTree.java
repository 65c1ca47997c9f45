package io.quorate.replication.merkle;

import io.quorate.replication.Tag;
import java.util.ArrayList;
import java.util.List;

/**
 * A Merkle tree whose nodes are the XOR of the entries below them.
 *
 * <p>XOR makes a change O(depth): take the old entry out, put the new one in. Entries are hashes of
 * key and tag together, never of one alone: the same key under two tags, or two keys under one tag,
 * do not cancel. Values are not hashed; a tag names one value. An empty range and an absent one are
 * the same and hash to 0.
 *
 * <p>Fan-out 16. Level 0 is the root, level {@link #DEPTH} the 65,536 leaves; a key's leaf is the top
 * 16 bits of its hash. 8 bytes for each node, about 560 KiB. Belongs to one thread.
 */
public final class MerkleTree {
  /** Levels below the root. */
  public static final int DEPTH = 4;

  /** Children of each inner node. */
  public static final int FAN_OUT = 16;

  /** Leaves of the tree. */
  public static final int LEAVES = 1 << 4 * DEPTH;

  private final long[][] levels = new long[DEPTH + 1][];

  /** The tree of nothing. */
  public MerkleTree() {
    for (int level = 0; level <= DEPTH; level++) {
      levels[level] = new long[1 << 4 * level];
    }
  }

  /** Which leaf holds the key whose {@linkplain #hash(byte[]) hash} is {@code keyHash}. */
  public static int leafOf(long keyHash) {
    return (int) (keyHash >>> 64 - 4 * DEPTH);
  }

  /** A hash of a key: FNV-1a with a final mix, so that the top bits are even over the leaves. */
  public static long hash(byte[] key) {
    long hash = 0xcbf29ce484222325L;
    for (byte b : key) {
      hash = (hash ^ b & 0xff) * 0x100000001b3L;
    }
    return mix(hash ^ key.length);
  }

  private static long entry(long keyHash, Tag tag) {
    return mix(mix(mix(keyHash ^ tag.time()) + tag.epoch()) ^ tag.writer().value().hashCode());
  }

  /** Replaces the entry of a key; {@link Tag#NONE} stands for no entry. */
  public void replace(long keyHash, Tag before, Tag after) {
    long change =
        (before.isNone() ? 0 : entry(keyHash, before)) ^ (after.isNone() ? 0 : entry(keyHash, after));
    int leaf = leafOf(keyHash);
    for (int level = 0; level <= DEPTH; level++) {
      levels[level][leaf >>> 4 * (DEPTH - level)] ^= change;
    }
  }

  /** The summary of everything. */
  public long root() {
    return levels[0][0];
  }

  /** The summary of node {@code index} of {@code level}. */
  public long node(int level, int index) {
    return levels[level][index];
  }

  /** The summaries of the 16 children of node {@code index} of {@code level}, which is no leaf. */
  public long[] children(int level, int index) {
    long[] children = new long[FAN_OUT];
    System.arraycopy(levels[level + 1], index * FAN_OUT, children, 0, FAN_OUT);
    return children;
  }

  /** Which children of node {@code index} of {@code level} differ from {@code theirs}. */
  public List<Integer> differing(int level, int index, long[] theirs) {
    List<Integer> differing = new ArrayList<>();
    for (int i = 0; i < FAN_OUT; i++) {
      int child = index * FAN_OUT + i;
      if (levels[level + 1][child] != theirs[i]) {
        differing.add(child);
      }
    }
    return differing;
  }

  /** The finalizer of SplitMix64. */
  private static long mix(long z) {
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }
}
