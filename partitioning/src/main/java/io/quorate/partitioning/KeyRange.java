package io.quorate.partitioning;

import java.util.Optional;

/**
 * A range of keys and its owner.
 *
 * @param from the first key; empty if the range is unbounded below
 * @param to the first key after the range; empty if it is unbounded above
 * @param owner the node that owns the keys
 */
public record KeyRange<K, N>(Optional<K> from, Optional<K> to, N owner) {
  public KeyRange {
    PlacementException.present(from, "from");
    PlacementException.present(to, "to");
    PlacementException.present(owner, "owner");
  }

  /** The range {@code [from, to)}. */
  public static <K, N> KeyRange<K, N> of(K from, K to, N owner) {
    return new KeyRange<>(Optional.of(from), Optional.of(to), owner);
  }
}
