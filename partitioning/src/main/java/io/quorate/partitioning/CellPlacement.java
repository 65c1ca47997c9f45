package io.quorate.partitioning;

/**
 * A placement that cuts the hash space into consecutive cells and keeps the owners of each in one
 * table of {@code replicas} entries per cell.
 */
abstract class CellPlacement<N> extends MemberPlacement<N> {
  /** No owner: stands where a cell has fewer owners than {@code replicas}. */
  static final char NONE = Character.MAX_VALUE;

  /** The owners' indexes, cell by cell. */
  final char[] table;

  CellPlacement(
      Membership<N> membership, PlacementOptions options, long epoch, char[] table) {
    super(membership, options, epoch);
    this.table = table;
  }

  /** The cell that holds the hash. */
  abstract int cell(long hash);

  /** The last hash of a cell, ascending; the last cell's is the last hash of all. */
  abstract long lastHash(int cell);

  @Override
  public final int ownersOfHash(long hash, N[] out) {
    int at = cell(hash) * replicas;
    int count = Math.min(replicas, out.length);
    N[] nodes = membership.nodes;
    for (int i = 0; i < count; i++) {
      char owner = table[at + i];
      if (owner == NONE) {
        return i;
      }
      out[i] = nodes[owner];
    }
    return count;
  }

  @Override
  final int owners(long hash, int[] out, int count) {
    return ownersOfCell(cell(hash), out, count);
  }

  final int ownersOfCell(int cell, int[] out, int count) {
    int at = cell * replicas;
    for (int i = 0; i < count; i++) {
      if (table[at + i] == NONE) {
        return i;
      }
      out[i] = table[at + i];
    }
    return count;
  }
}
