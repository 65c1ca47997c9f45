package io.quorate.consensus.raft;

import java.io.IOException;
import java.io.OutputStream;

/** The state of a {@link StateMachine} at one moment, while the machine goes on. */
public interface Frozen {
  /** Writes the state; called once, by a thread that may block. {@code out} is buffered. */
  void writeTo(OutputStream out) throws IOException;
}
