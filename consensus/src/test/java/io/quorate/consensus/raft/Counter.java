package io.quorate.consensus.raft;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Adds up what it is given. */
final class Counter implements StateMachine<Long, Long> {
  private long value;

  long value() {
    return value;
  }

  @Override
  public Long apply(Applied at, Long amount) {
    value += amount;
    return value;
  }

  @Override
  public Frozen freeze() {
    long frozen = value;
    return out -> new DataOutputStream(out).writeLong(frozen);
  }

  @Override
  public void restore(InputStream in) throws IOException {
    value = new DataInputStream(in).readLong();
  }
}
