package io.quorate.consensus.raft;

import io.quorate.core.NodeId;

/**
 * A node in one of its births: one is drawn whenever its directory is made. A node that has lost
 * its directory comes back under its id with another birth, for it has forgotten its promises.
 *
 * @param birth at least 1
 */
record Member(NodeId id, long birth) {
  Member {
    if (birth < 1) {
      throw new IllegalArgumentException("birth of " + id + " must be at least 1, was " + birth);
    }
  }

  /** Whether this is {@code node} and what it does counts, see {@link Configuration.Reached}. */
  boolean counts(NodeId node, long noted) {
    return id.equals(node) && Configuration.counts(noted, birth);
  }
}
