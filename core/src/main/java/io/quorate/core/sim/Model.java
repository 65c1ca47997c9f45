package io.quorate.core.sim;

import java.util.Collection;
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

  /** Whether {@code input}, when it answers {@code output}, changes no state; allows shortcuts. */
  default boolean isReadOnly(I input, O output) {
    return false;
  }

  /**
   * Whether {@code unknown}, an operation whose answer nobody saw, can make any difference to
   * whether the rest can be explained. If not it is left out, which saves much: the search doubles
   * with each operation that may or may not have happened.
   *
   * @param unknown never answered
   * @param inputs all operations on the same object, this one included
   * @param outputs all answers of that object
   */
  default boolean mayMatter(I unknown, Collection<I> inputs, Collection<O> outputs) {
    return true;
  }
}
