package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;

/** What one member says to another, beside the rumors that ride on it. */
sealed interface Message {
  /** Are you there? Only {@code target} answers, so that a reused address is not mistaken for it. */
  record Ping(long sequence, NodeId target) implements Message {}

  /** I am here; or: the one you asked me to probe is. */
  record Ack(long sequence) implements Message {}

  /** I am here, but the one you asked me to probe has not answered me. */
  record Nack(long sequence) implements Message {}

  /** Please probe {@code target} for me. */
  record PingRequest(long sequence, NodeId target, Address address) implements Message {}

  /** Nothing but rumors. */
  record Gossip() implements Message {}

  /** Tell me all you know, unless {@code digest} says that I know the same, {@link Roster#digest}. */
  record SyncRequest(long digest) implements Message {}

  /** A part of all I know; without rumors if you know the same. */
  record SyncReply() implements Message {}
}
