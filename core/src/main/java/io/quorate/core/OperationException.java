package io.quorate.core;

/**
 * An operation failed. Tells the caller the one thing it must know: whether the operation may have
 * taken effect all the same.
 *
 * <p>{@link RefusedException}: it has had no effect and never will, so trying again is safe. {@link
 * IndeterminateException}: it may have taken effect, or may at any later time; try again only what
 * is idempotent.
 */
public abstract class OperationException extends RuntimeException {
  protected OperationException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Whether the operation may have taken effect, or may still do so. */
  public abstract boolean mayHaveTakenEffect();
}
