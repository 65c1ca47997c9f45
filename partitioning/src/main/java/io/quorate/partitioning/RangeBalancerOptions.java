package io.quorate.partitioning;

/**
 * When a {@link RangeBalancer} acts. Loads are compared with the mean load of a node.
 *
 * @param splitAbove a range with more than this part of a node's mean load is split; above 0
 * @param mergeBelow two neighbours with less than this together are merged; at least 0, and below
 *     half of {@code splitAbove}, so that what was split is not merged at once, nor the reverse
 * @param moveAbove a node with more than this gives ranges away; at least 1
 * @param sampleKeys keys remembered per range and round, to find where to split; at least 2
 * @param maxChanges changes per round
 */
public record RangeBalancerOptions(
    double splitAbove, double mergeBelow, double moveAbove, int sampleKeys, int maxChanges) {
  public RangeBalancerOptions {
    PlacementException.require(splitAbove > 0 && splitAbove < Double.POSITIVE_INFINITY,
        "splitAbove", splitAbove, "must be above 0");
    PlacementException.require(mergeBelow >= 0 && mergeBelow < splitAbove / 2, "mergeBelow",
        mergeBelow, "must be at least 0 and below half of splitAbove, " + splitAbove / 2);
    PlacementException.require(moveAbove >= 1 && moveAbove < Double.POSITIVE_INFINITY,
        "moveAbove", moveAbove, "must be at least 1");
    PlacementException.require(sampleKeys >= 2, "sampleKeys", sampleKeys, "must be at least 2");
    PlacementException.require(maxChanges >= 1, "maxChanges", maxChanges, "must be at least 1");
  }

  /** Splits above half a node's load, merges below a tenth, moves above 1.05 of it. */
  public static RangeBalancerOptions defaults() {
    return new RangeBalancerOptions(0.5, 0.1, 1.05, 256, 1000);
  }
}
