/** Placement of keys on nodes: ranges, slots, rings. */
module io.quorate.partitioning {
  exports io.quorate.partitioning;
}
