package io.quorate.replication;

import java.util.Optional;

/**
 * What a store holds under a key, and which version that is.
 *
 * @param value empty if the key is absent: never written, deleted or expired
 * @param tag the version; {@link Tag#NONE} if nothing is known of the key, the deletion's if the key
 *     was deleted
 */
public record Versioned<V>(Optional<V> value, Tag tag) {
  /** What is read where nothing was written. */
  public static <V> Versioned<V> absent() {
    return new Versioned<>(Optional.empty(), Tag.NONE);
  }
}
