package io.quorate.partitioning;

/**
 * What every strategy can be told.
 *
 * @param replicas owners per key, 1 to {@value #MAX_REPLICAS}
 * @param keyHash the hash that places keys
 */
public record PlacementOptions(int replicas, KeyHash keyHash) {
  /** The largest number of owners per key. */
  public static final int MAX_REPLICAS = 64;

  public PlacementOptions {
    PlacementException.require(replicas >= 1 && replicas <= MAX_REPLICAS, "replicas", replicas,
        "must be between 1 and " + MAX_REPLICAS);
    PlacementException.present(keyHash, "keyHash");
  }

  /** One owner per key, hashed without a seed. */
  public static PlacementOptions defaults() {
    return new PlacementOptions(1, KeyHash.unseeded());
  }

  /** These options with another number of owners per key. */
  public PlacementOptions withReplicas(int replicas) {
    return new PlacementOptions(replicas, keyHash);
  }

  /** These options with another hash. */
  public PlacementOptions withKeyHash(KeyHash keyHash) {
    return new PlacementOptions(replicas, keyHash);
  }
}
