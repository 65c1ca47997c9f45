package io.quorate.partitioning;

import java.math.BigInteger;

/**
 * Settings of a {@link MaglevPartitioner}.
 *
 * @param tableSize entries of the table: a prime up to {@value #MAX_TABLE_SIZE}, at least 100 per
 *     member for a spread within a few percent; 2 bytes per entry and replica
 * @param placement replicas and hash
 */
public record MaglevOptions(int tableSize, PlacementOptions placement) {
  /** The largest table. */
  public static final int MAX_TABLE_SIZE = 5_000_011;

  public MaglevOptions {
    PlacementException.require(tableSize >= 2 && tableSize <= MAX_TABLE_SIZE
        && BigInteger.valueOf(tableSize).isProbablePrime(40), "tableSize", tableSize,
        "must be a prime up to " + MAX_TABLE_SIZE);
    PlacementException.present(placement, "placement");
  }

  /** 65537 entries, the paper's small table; one owner per key. */
  public static MaglevOptions defaults() {
    return new MaglevOptions(65_537, PlacementOptions.defaults());
  }

  /** These options with another table size. */
  public MaglevOptions withTableSize(int tableSize) {
    return new MaglevOptions(tableSize, placement);
  }

  /** These options with another number of owners per key. */
  public MaglevOptions withReplicas(int replicas) {
    return new MaglevOptions(tableSize, placement.withReplicas(replicas));
  }

  /** These options with another hash. */
  public MaglevOptions withKeyHash(KeyHash keyHash) {
    return new MaglevOptions(tableSize, placement.withKeyHash(keyHash));
  }
}
