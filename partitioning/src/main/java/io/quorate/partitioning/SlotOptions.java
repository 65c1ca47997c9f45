package io.quorate.partitioning;

/**
 * Settings of a {@link SlotTable}.
 *
 * @param slots pieces that the key space is cut into, for good: a power of two from 2 to {@value
 *     #MAX_SLOTS}; with s slots per member the load is even within 1/s; 2 bytes per slot and owner
 * @param placement replicas and hash
 */
public record SlotOptions(int slots, PlacementOptions placement) {
  /** The largest number of slots. */
  public static final int MAX_SLOTS = 1 << 23;

  private static final int SLOTS_PER_MEMBER = 128;
  private static final int DEFAULT_SLOTS = 1 << 14;

  public SlotOptions {
    PlacementException.require(slots >= 2 && slots <= MAX_SLOTS && Integer.bitCount(slots) == 1,
        "slots", slots, "must be a power of two from 2 to " + MAX_SLOTS);
    PlacementException.present(placement, "placement");
  }

  /** 16384 slots, even within a hundredth for up to 128 members; one owner per key. */
  public static SlotOptions defaults() {
    return new SlotOptions(DEFAULT_SLOTS, PlacementOptions.defaults());
  }

  /** At least 16384 slots, and 128 per member for clusters of up to {@code members}. */
  public static SlotOptions forMembers(int members) {
    PlacementException.require(members >= 1 && members <= Membership.MAX_MEMBERS, "members",
        members, "must be between 1 and " + Membership.MAX_MEMBERS);
    int wanted = Math.max(DEFAULT_SLOTS, SLOTS_PER_MEMBER * members);
    int power = Integer.highestOneBit(wanted - 1) << 1;
    return defaults().withSlots(Math.min(power, MAX_SLOTS));
  }

  /** These options with another number of slots. */
  public SlotOptions withSlots(int slots) {
    return new SlotOptions(slots, placement);
  }

  /** These options with another number of owners per key. */
  public SlotOptions withReplicas(int replicas) {
    return new SlotOptions(slots, placement.withReplicas(replicas));
  }

  /** These options with another hash. */
  public SlotOptions withKeyHash(KeyHash keyHash) {
    return new SlotOptions(slots, placement.withKeyHash(keyHash));
  }
}
