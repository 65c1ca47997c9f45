package io.quorate.partitioning;

/**
 * Settings of a {@link ConsistentHashRing}.
 *
 * @param virtualNodes points on the ring for a member of weight 1, 1 to {@value
 *     #MAX_VIRTUAL_NODES}; more points spread the load more evenly (160: within about
 *     25%) and cost 18 to 26 bytes each
 * @param placement replicas and hash
 */
public record RingOptions(int virtualNodes, PlacementOptions placement) {
  /** The largest number of points for a member of weight 1. */
  public static final int MAX_VIRTUAL_NODES = 1 << 16;

  public RingOptions {
    PlacementException.require(virtualNodes >= 1 && virtualNodes <= MAX_VIRTUAL_NODES,
        "virtualNodes", virtualNodes, "must be between 1 and " + MAX_VIRTUAL_NODES);
    PlacementException.present(placement, "placement");
  }

  /** 160 points per member, the habit of the field; one owner per key. */
  public static RingOptions defaults() {
    return new RingOptions(160, PlacementOptions.defaults());
  }

  /** These options with another number of points. */
  public RingOptions withVirtualNodes(int virtualNodes) {
    return new RingOptions(virtualNodes, placement);
  }

  /** These options with another number of owners per key. */
  public RingOptions withReplicas(int replicas) {
    return new RingOptions(virtualNodes, placement.withReplicas(replicas));
  }

  /** These options with another hash. */
  public RingOptions withKeyHash(KeyHash keyHash) {
    return new RingOptions(virtualNodes, placement.withKeyHash(keyHash));
  }
}
