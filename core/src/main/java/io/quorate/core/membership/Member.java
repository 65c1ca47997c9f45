package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One node as the cluster knows it.
 *
 * @param id its name
 * @param address where it receives gossip
 * @param incarnation grows whenever the node itself renews what is said about it; a higher one
 *     replaces everything said before
 * @param boot drawn anew by each start of the process: tells a restart from a refutation
 * @param state what is believed of it
 * @param metadata what the node says about itself, such as {@code zone}, {@code region}, {@code
 *     roles}, {@code transport}; sorted by name; at most {@link #MAX_METADATA_BYTES} as UTF-8
 */
public record Member(
    NodeId id,
    Address address,
    long incarnation,
    long boot,
    MemberState state,
    SortedMap<String, String> metadata) {
  /** Names and values together; one member must fit a datagram beside a message. */
  public static final int MAX_METADATA_BYTES = 512;

  /** The highest incarnation: far beyond what refutations reach, so more is forged or broken. */
  static final long MAX_INCARNATION = 1L << 60;

  public Member {
    if (incarnation < 0 || incarnation > MAX_INCARNATION) {
      throw new IllegalArgumentException(
          "incarnation must be 0 to " + MAX_INCARNATION + ", was " + incarnation);
    }
    metadata = checked(metadata);
  }

  Member with(MemberState state) {
    return new Member(id, address, incarnation, boot, state, metadata);
  }

  Member with(long incarnation, MemberState state) {
    return new Member(id, address, incarnation, boot, state, metadata);
  }

  static SortedMap<String, String> checked(Map<String, String> metadata) {
    int bytes = 0;
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      bytes += entry.getKey().getBytes(StandardCharsets.UTF_8).length;
      bytes += entry.getValue().getBytes(StandardCharsets.UTF_8).length;
    }
    if (bytes > MAX_METADATA_BYTES) {
      throw new IllegalArgumentException(
          "metadata must be at most " + MAX_METADATA_BYTES + " bytes of UTF-8, was " + bytes);
    }
    return Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
  }
}
