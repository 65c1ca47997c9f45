package io.quorate.consensus.raft;

import io.quorate.core.RefusedException;

/** The command was not applied, because its session is not known any more. */
final class SessionExpiredException extends RefusedException {
  SessionExpiredException(long session) {
    super("session " + session + " is not known any more");
  }
}
