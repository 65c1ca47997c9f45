package io.quorate.partitioning;

import java.util.Arrays;
import java.util.Collection;

/**
 * A partition table: the key space is cut into a fixed number of slots, and each slot is given to
 * its owners. The default choice.
 *
 * <ul>
 *   <li>Even: owners' shares of the slots are those of their weights, within one slot.
 *   <li>Least movement: a change moves only the copies that its member must gain or lose, chosen so
 *       that the table is even again; nothing moves between other members.
 *   <li>Fast: a lookup shifts the hash and reads one array entry, however many members there are.
 *   <li>Replicas: distinct nodes, in distinct zones while there are enough (this goes before
 *       evenness), else spread over the zones as evenly as possible.
 * </ul>
 *
 * <p>The table depends on its history, which is the price: two nodes that went through different
 * changes hold different tables. Keep it as a value in a consensus group, or pass it on whole with
 * its epoch ({@link #encode()}); equal {@linkplain #fingerprint fingerprints} say equal tables. The first
 * table of a membership depends on nothing but the members and options.
 */
public final class SlotTable<N> extends CellPlacement<N> {
  static final int KIND = 2;

  private final SlotOptions slotOptions;
  private final int shift;

  private SlotTable(Membership<N> membership, SlotOptions options, long epoch, char[] table) {
    super(membership, options.placement(), epoch, table);
    this.slotOptions = options;
    this.shift = 64 - Integer.numberOfTrailingZeros(options.slots());
  }

  /**
   * The first table of the members.
   *
   * @throws PlacementException if no member has weight, ids repeat, or there are fewer members than
   *     replicas
   */
  public static <N> SlotTable<N> of(Collection<Member<N>> members, SlotOptions options) {
    PlacementException.present(options, "options");
    Membership<N> membership = Membership.byId(members);
    int replicas = Math.min(options.placement().replicas(), membership.eligible);
    char[] empty = new char[options.slots() * replicas];
    Arrays.fill(empty, NONE);
    SlotAssignment assignment = new SlotAssignment(membership, replicas, empty);
    return new SlotTable<>(membership, options, 1, assignment.solve());
  }

  /** The table as it was encoded. */
  static <N> SlotTable<N> restore(
      Collection<Member<N>> members, SlotOptions options, long epoch, char[] table) {
    return new SlotTable<>(Membership.byId(members), options, epoch, table);
  }

  /** How many slots there are. */
  public int slots() {
    return slotOptions.slots();
  }

  /** The slot of the keys with this hash, from 0. */
  public int slotOf(long hash) {
    return (int) (hash >>> shift);
  }

  @Override
  int ownerIndex(long hash) {
    return table[(int) (hash >>> shift) * replicas];
  }

  @Override
  int cell(long hash) {
    return slotOf(hash);
  }

  @Override
  long lastHash(int cell) {
    return (cell + 1L << shift) - 1;
  }

  @Override
  int kind() {
    return KIND;
  }

  @Override
  int parameter() {
    return slotOptions.slots();
  }

  @Override
  char[] state() {
    return table;
  }

  @Override
  MemberPlacement<N> successor(Membership<N> next, String changed, long nextEpoch) {
    int nextReplicas = Math.min(options.replicas(), next.eligible);
    int[] nextOf = membership.indexesIn(next);
    char[] start = new char[slots() * nextReplicas];
    Arrays.fill(start, NONE);
    for (int slot = 0; slot < slots(); slot++) {
      int at = slot * nextReplicas;
      for (int i = 0; i < replicas; i++) {
        int owner = nextOf[table[slot * replicas + i]];
        if (owner >= 0 && next.weights[owner] > 0 && at < (slot + 1) * nextReplicas) {
          start[at++] = (char) owner;
        }
      }
    }
    SlotAssignment assignment = new SlotAssignment(next, nextReplicas, start);
    return new SlotTable<>(next, slotOptions, nextEpoch, assignment.solve());
  }
}
