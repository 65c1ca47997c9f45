package io.quorate.partitioning;

/** Bytes that are no placement: truncated, altered, or written by a newer version. */
public final class MalformedPlacementException extends PlacementException {
  MalformedPlacementException(Object found, String rule) {
    super("encoded", found, rule);
  }
}
