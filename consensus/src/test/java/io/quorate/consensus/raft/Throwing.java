package io.quorate.consensus.raft;

import java.io.InputStream;

/** Cannot bear the number 13. */
final class Throwing implements StateMachine<Long, Long> {
  @Override
  public Long apply(Applied at, Long command) {
    if (command == 13) {
      throw new IllegalStateException("13");
    }
    return command;
  }

  @Override
  public Frozen freeze() {
    return out -> {};
  }

  @Override
  public void restore(InputStream in) {}
}
