package io.quorate.consensus.raft;

import io.quorate.core.RefusedException;

/** This node takes part in the group no more: it was closed, or had to stop; the cause says why. */
public final class RaftStoppedException extends RefusedException {
  RaftStoppedException(String message, Throwable cause) {
    super(message, cause);
  }
}
