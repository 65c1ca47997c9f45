package io.quorate.consensus.raft;

import java.io.InputStream;

/** Answers what it is told. */
final class Echo implements StateMachine<byte[], byte[]> {
  @Override
  public byte[] apply(Applied at, byte[] command) {
    return command;
  }

  @Override
  public Frozen freeze() {
    return out -> {};
  }

  @Override
  public void restore(InputStream in) {}
}
