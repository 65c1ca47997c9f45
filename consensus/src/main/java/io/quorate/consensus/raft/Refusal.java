package io.quorate.consensus.raft;

/** Why a request has had no effect; {@link #UNKNOWN} alone says that it may have one. */
enum Refusal {
  NOT_LEADER,
  TRANSFERRING,
  OVERLOADED,
  CHANGE_UNDER_WAY,
  NOT_READY,
  STALE_CONFIGURATION,
  NO_VOTERS,
  UNKNOWN
}
