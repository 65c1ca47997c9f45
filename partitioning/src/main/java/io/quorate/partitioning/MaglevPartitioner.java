package io.quorate.partitioning;

import java.util.Arrays;
import java.util.Collection;

/**
 * Maglev hashing: members take turns at claiming the entries of a table, each in a random order of
 * its own.
 *
 * <p>A pure function of the members, with an even spread and one memory access per lookup. In
 * return a change also moves some keys, about half a percent, between members that it does not
 * concern. Weights slow a member's turns down. Further owners are those of the next entries.
 *
 * @see <a href="https://research.google/pubs/pub44824/">Eisenbud et al., Maglev, section 3.4</a>
 */
public final class MaglevPartitioner<N> extends CellPlacement<N> {
  static final int KIND = 6;

  private final MaglevOptions maglevOptions;

  private MaglevPartitioner(Membership<N> membership, MaglevOptions options, long epoch) {
    super(membership, options.placement(), epoch, table(membership, options));
    this.maglevOptions = options;
  }

  /**
   * The table of the members.
   *
   * @throws PlacementException if no member has weight, ids repeat, there are fewer members than
   *     replicas, or more than entries
   */
  public static <N> MaglevPartitioner<N> of(
      Collection<Member<N>> members, MaglevOptions options) {
    return of(members, PlacementException.present(options, "options"), 1);
  }

  static <N> MaglevPartitioner<N> of(
      Collection<Member<N>> members, MaglevOptions options, long epoch) {
    return new MaglevPartitioner<>(Membership.byId(members), options, epoch);
  }

  @Override
  int ownerIndex(long hash) {
    return table[cell(hash) * replicas];
  }

  /** The hash, as a fraction of the space, times the size: an even cut into intervals. */
  @Override
  int cell(long hash) {
    return (int) HashRange.multiplyHighUnsigned(hash, maglevOptions.tableSize());
  }

  /** The integer part of ((cell + 1) 2^64 - 1) / size, in two steps of 32 bits. */
  @Override
  long lastHash(int cell) {
    long size = maglevOptions.tableSize();
    long high = (long) cell << 32 | 0xFFFFFFFFL;
    long low = high % size << 32 | 0xFFFFFFFFL;
    return high / size << 32 | low / size;
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  int parameter() {
    return maglevOptions.tableSize();
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    return new MaglevPartitioner<>(next, maglevOptions, nextEpoch);
  }

  private static char[] table(Membership<?> membership, MaglevOptions options) {
    PlacementException.require(membership.eligible <= options.tableSize(), "members",
        membership.eligible, "must be at most tableSize, " + options.tableSize());
    char[] owners = claim(membership, options);
    int replicas = Math.min(options.placement().replicas(), membership.eligible);
    return replicas == 1 ? owners : new SuccessorTable(membership, replicas).of(owners);
  }

  private static char[] claim(Membership<?> membership, MaglevOptions options) {
    int size = options.tableSize();
    int members = membership.size();
    long[] position = new long[members];
    long[] step = new long[members];
    double heaviest = 0;
    for (int i = 0; i < members; i++) {
      long hash = options.placement().keyHash().hash(membership.members.get(i).id());
      position[i] = Long.remainderUnsigned(hash, size);
      step[i] = Long.remainderUnsigned(Xxh3.hash(hash, 1), size - 1L) + 1;
      heaviest = Math.max(heaviest, membership.weights[i]);
    }
    char[] table = new char[size];
    Arrays.fill(table, NONE);
    double[] due = new double[members];
    for (int free = size; free > 0; ) {
      for (int i = 0; i < members && free > 0; i++) {
        due[i] += membership.weights[i] / heaviest;
        if (due[i] >= 1) {
          due[i] -= 1;
          while (table[(int) position[i]] != NONE) {
            position[i] = (position[i] + step[i]) % size;
          }
          table[(int) position[i]] = (char) i;
          free--;
        }
      }
    }
    return table;
  }
}
