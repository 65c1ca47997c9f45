package io.quorate.examples.node;

import io.quorate.core.transport.Address;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * What is agreed on about one member, kept as text {@code PHASE HOST:PORT}.
 *
 * @param phase how far it is in or out
 * @param address where it accepts its peers
 */
record ClusterEntry(Phase phase, Address address) {
  /** How far a member is in or out. */
  enum Phase {
    /** It is to receive the logs, and does not count. */
    LEARNER,
    /** It has the logs, and is to vote and to hold keys. */
    MEMBER,
    /** Its keys are to be moved away; it still counts. */
    LEAVING,
    /** It is out. */
    REMOVED
  }

  ClusterEntry in(Phase phase) {
    return new ClusterEntry(phase, address);
  }

  byte[] encoded() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  static ClusterEntry decode(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split(" ", 2);
    return new ClusterEntry(
        Phase.valueOf(parts[0].toUpperCase(Locale.ROOT)), Address.parse(parts[1]));
  }

  @Override
  public String toString() {
    return phase.name().toLowerCase(Locale.ROOT) + " " + address;
  }
}
