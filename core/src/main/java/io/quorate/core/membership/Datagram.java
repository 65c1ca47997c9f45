package io.quorate.core.membership;

import io.quorate.core.NodeId;
import java.util.List;

/**
 * What travels in one datagram.
 *
 * @param from the sender's name, as it claims
 * @param boot the sender's start
 */
record Datagram(NodeId from, long boot, Message message, List<Rumor> rumors) {
  Datagram {
    rumors = List.copyOf(rumors);
  }
}
