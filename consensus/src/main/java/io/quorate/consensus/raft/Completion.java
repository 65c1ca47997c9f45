package io.quorate.consensus.raft;

import io.quorate.core.OperationException;

/** Waits for what becomes of one proposal at the leader. Told exactly once, on either loop. */
interface Completion<R> {
  /** The command is applied; {@code result} is null for entries without one. */
  void applied(long index, R result);

  void failed(OperationException cause);
}
