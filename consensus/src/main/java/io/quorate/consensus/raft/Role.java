package io.quorate.consensus.raft;

/** What a node is doing in its group at the moment. */
public enum Role {
  /** Takes entries from a leader, or waits for one. */
  FOLLOWER,
  /** Asks whether it could win an election, changing nothing yet. */
  PRE_CANDIDATE,
  /** Asks for votes in a new term. */
  CANDIDATE,
  /** Orders the commands of its term. */
  LEADER
}
