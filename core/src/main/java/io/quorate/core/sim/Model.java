package io.quorate.core.sim;

import java.util.Optional;

/**
 * What an object would do if its operations happened one at a time: the specification that a {@link
 * History} is held against. Stateless.
 *
 * @param <S> state; immutable, with {@code equals} and {@code hashCode}
 * @param <I> an operation as it was asked for
 * @param <O> what it answered
 */
public interface Model<S, I, O> {
  /** The state before the first operation. */
  S initial();

  /** The state after {@code input} answered {@code output}; empty if it cannot have. */
  Optional<S> step(S state, I input, O output);

  /** The state after {@code input}, whose answer nobody saw. */
  S apply(S state, I input);

  /**
   * Which independent object {@code input} is about. Histories are checked object by object, which
   * is sound since linearizability is local, and much cheaper.
   *
   * @return something with {@code equals} and {@code hashCode}
   */
  default Object key(I input) {
    return "";
  }

  /** Whether {@code input} changes nothing in any state; if nobody saw its answer it is left out. */
  default boolean isReadOnly(I input) {
    return false;
  }
}
