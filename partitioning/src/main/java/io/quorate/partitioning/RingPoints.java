package io.quorate.partitioning;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.function.LongUnaryOperator;

/**
 * The points of a ring in a total order: by hash, then by the index of the owner. Colliding points
 * all live, and the order does not depend on how the ring came about.
 *
 * <p>Hashes have their top bit flipped, so that signed comparison orders them as unsigned numbers.
 * The point with number i of a node is the hash of its label: the length of the id, the id's UTF-16
 * code units, i; all little-endian. The length in front makes labels of different nodes differ.
 */
final class RingPoints {
  private static final int MAX_POINTS = 1 << 24;

  /** Ascending; behind the points' stands the largest number, which ends every search. */
  final long[] hashes;
  /** The owner of each point; behind the last stands the first's, which owns what is left. */
  final char[] owners;

  private RingPoints(long[] hashes, char[] owners) {
    this.hashes = hashes;
    this.owners = owners;
    hashes[count()] = Long.MAX_VALUE;
    owners[count()] = owners[0];
  }

  int count() {
    return hashes.length - 1;
  }

  static RingPoints of(Membership<?> membership, RingOptions options, LongUnaryOperator narrow) {
    long[][] perMember = new long[membership.size()][];
    long total = 0;
    for (int i = 0; i < perMember.length; i++) {
      perMember[i] = pointsOf(membership.members.get(i), options, narrow);
      total += perMember[i].length;
      PlacementException.require(total <= MAX_POINTS, "weight", membership.weights[i],
          "makes more than " + MAX_POINTS + " points with virtualNodes " + options.virtualNodes());
    }
    long[] hashes = new long[(int) total + 1];
    hashes[(int) total] = Long.MAX_VALUE;
    int at = 0;
    for (long[] points : perMember) {
      System.arraycopy(points, 0, hashes, at, points.length);
      at += points.length;
    }
    Arrays.sort(hashes, 0, at);
    return new RingPoints(hashes, ownersOf(hashes, perMember));
  }

  /** Members come in order, so the free place that each finds among equal hashes is its own. */
  private static char[] ownersOf(long[] hashes, long[][] perMember) {
    PointIndex index = new PointIndex(hashes, hashes.length - 1);
    char[] owners = new char[hashes.length];
    Arrays.fill(owners, CellPlacement.NONE);
    for (int member = 0; member < perMember.length; member++) {
      for (long point : perMember[member]) {
        int i = index.firstAtOrAfter(hashes, point);
        while (owners[i] != CellPlacement.NONE) {
          i++;
        }
        owners[i] = (char) member;
      }
    }
    return owners;
  }

  /** The points of the next membership, which differs in the member {@code changed} alone. */
  RingPoints successor(Membership<?> before, Membership<?> next, String changed,
      RingOptions options, LongUnaryOperator narrow) {
    int[] nextOf = before.indexesIn(next);
    int removed = before.indexOf(changed);
    int added = next.indexOf(changed);
    long[] fresh = added < 0 ? new long[0] : pointsOf(next.members.get(added), options, narrow);
    int kept = 0;
    for (int i = 0; i < count(); i++) {
      kept += owners[i] == removed ? 0 : 1;
    }
    PlacementException.require(kept + (long) fresh.length <= MAX_POINTS, "weight",
        added < 0 ? 0 : next.weights[added], "makes more than " + MAX_POINTS + " points");
    long[] mergedHashes = new long[kept + fresh.length + 1];
    char[] mergedOwners = new char[mergedHashes.length];
    int to = 0;
    int f = 0;
    for (int i = 0; i < count(); i++) {
      if (owners[i] == removed) {
        continue;
      }
      int owner = nextOf[owners[i]];
      while (f < fresh.length
          && (fresh[f] < hashes[i] || fresh[f] == hashes[i] && added < owner)) {
        mergedHashes[to] = fresh[f++];
        mergedOwners[to++] = (char) added;
      }
      mergedHashes[to] = hashes[i];
      mergedOwners[to++] = (char) owner;
    }
    while (f < fresh.length) {
      mergedHashes[to] = fresh[f++];
      mergedOwners[to++] = (char) added;
    }
    return new RingPoints(mergedHashes, mergedOwners);
  }

  private static long[] pointsOf(Member<?> member, RingOptions options, LongUnaryOperator narrow) {
    double wanted = Math.rint(options.virtualNodes() * member.weight());
    PlacementException.require(wanted <= MAX_POINTS, "weight", member.weight(),
        "makes more than " + MAX_POINTS + " points with virtualNodes " + options.virtualNodes());
    int count = member.weight() == 0 ? 0 : (int) Math.max(1, wanted);
    ByteBuffer label = label(member.id());
    int numberAt = label.capacity() - Integer.BYTES;
    long[] points = new long[count];
    for (int i = 0; i < count; i++) {
      label.putInt(numberAt, i);
      long hash = options.placement().keyHash().hash(label.array());
      points[i] = narrow.applyAsLong(hash) ^ Long.MIN_VALUE;
    }
    Arrays.sort(points);
    return points;
  }

  /** The label of the point with number 0. */
  static ByteBuffer label(String id) {
    ByteBuffer label = ByteBuffer.allocate(2 * Integer.BYTES + 2 * id.length())
        .order(ByteOrder.LITTLE_ENDIAN);
    label.putInt(id.length());
    for (int i = 0; i < id.length(); i++) {
      label.putChar(id.charAt(i));
    }
    return label.putInt(0);
  }
}
