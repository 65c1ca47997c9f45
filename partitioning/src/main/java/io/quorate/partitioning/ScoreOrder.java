package io.quorate.partitioning;

/**
 * The order in which a hash prefers the members: by rendezvous score, weighted.
 *
 * <p>A member draws a number u in (0, 1] from the hash and its id; its score is {@code -ln(u) /
 * weight}, and the lowest wins. The score depends on nothing but the hash and the member, so a
 * change of weight moves keys only to or from that member. Logarithms are those of {@link
 * StrictMath}, equal everywhere. With equal weights the order of u is that of the scores, and no
 * logarithm is taken. Equal scores are ordered by index.
 */
final class ScoreOrder {
  private final long[] seeds;
  private final double[] weights;
  private final int[] zones;
  private final boolean even;

  ScoreOrder(Membership<?> membership, KeyHash keyHash) {
    int size = membership.size();
    seeds = new long[size];
    boolean allEven = true;
    for (int i = 0; i < size; i++) {
      seeds[i] = keyHash.hash(membership.members.get(i).id());
      allEven &= membership.weights[i] == membership.weights[0];
    }
    weights = membership.weights;
    zones = membership.zones;
    even = allEven;
  }

  /** The member that a hash prefers to all others. */
  int first(long hash) {
    return best(hash, null, 0, 0);
  }

  /**
   * Completes a preference list of {@code count} members of which the first {@code chosen} are
   * given: each zone's first choice before any zone's second. Returns how many there are.
   */
  int complete(long hash, int[] out, int chosen, int count) {
    int filled = chosen;
    for (int round = 0; filled < count && filled < seeds.length; round++) {
      int next;
      while (filled < count && (next = best(hash, out, filled, round)) >= 0) {
        out[filled++] = next;
      }
      if (round > count) {
        return filled;
      }
    }
    return filled;
  }

  /** The best of the members not chosen in whose zones {@code round} have been, or -1. */
  private int best(long hash, int[] out, int chosen, int round) {
    int best = -1;
    long bestDraw = Long.MAX_VALUE;
    double bestScore = Double.POSITIVE_INFINITY;
    for (int i = 0; i < seeds.length; i++) {
      if (weights[i] == 0 || chosen > 0 && !open(i, out, chosen, round)) {
        continue;
      }
      long draw = draw(hash, seeds[i]);
      if (even) {
        if (draw < bestDraw) {
          bestDraw = draw;
          best = i;
        }
      } else {
        double score = -StrictMath.log(1 - draw * 0x1p-53) / weights[i];
        if (score < bestScore) {
          bestScore = score;
          best = i;
        }
      }
    }
    return best;
  }

  private boolean open(int member, int[] out, int chosen, int round) {
    int sameZone = 0;
    for (int i = 0; i < chosen; i++) {
      if (out[i] == member) {
        return false;
      }
      sameZone += zones[out[i]] == zones[member] ? 1 : 0;
    }
    return sameZone == round;
  }

  /** 53 bits. */
  private static long draw(long hash, long seed) {
    long h = (hash ^ seed) * 0x9FB21C651E98DF25L;
    h = (h ^ h >>> 32) * 0xD6E8FEB86659FD93L;
    return (h ^ h >>> 29) >>> 11;
  }
}
