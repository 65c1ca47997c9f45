package io.quorate.consensus.raft;

import java.io.IOException;
import java.io.InputStream;
import java.util.OptionalLong;

/**
 * What the application replicates. Every node applies the same commands in the same order and must
 * come to the same state: no clocks, no chance, no hash order, nothing from outside.
 *
 * <p>All methods are called by one thread at a time, off the consensus path. An exception stops the
 * node for good, since a command that one replica skips would part it from the others; a command
 * that cannot be carried out says so in its result.
 *
 * @param <C> commands
 * @param <R> results
 */
public interface StateMachine<C, R> {
  /**
   * Carries out {@code command}.
   *
   * @return the result; kept until its session has confirmed it, so it must not change afterwards
   */
  R apply(Applied at, C command);

  /**
   * Captures the state as it is now, without copying it if possible: commands wait meanwhile. What
   * is returned is written by another thread while later commands are applied.
   */
  Frozen freeze();

  /** Replaces the state by what {@link Frozen#writeTo} has written, all of {@code in}. */
  void restore(InputStream in) throws IOException;

  /** Log time has come to {@code at}'s; called before anything is applied at that time. */
  default void timePassed(Applied at) {}

  /** The log time at which {@link #timePassed} should be called even if no command comes. */
  default OptionalLong nextDeadlineMillis() {
    return OptionalLong.empty();
  }
}
