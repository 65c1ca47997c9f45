package io.quorate.core;

/**
 * Nobody knows what became of the operation: it may have taken effect, or may at any later time.
 * Try again only what is idempotent.
 */
public class IndeterminateException extends OperationException {
  public IndeterminateException(String message) {
    this(message, null);
  }

  public IndeterminateException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public final boolean mayHaveTakenEffect() {
    return true;
  }
}
