package io.quorate.core;

/** The operation was refused: it has had no effect and never will. Trying again is safe. */
public class RefusedException extends OperationException {
  public RefusedException(String message) {
    this(message, null);
  }

  public RefusedException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public final boolean mayHaveTakenEffect() {
    return false;
  }
}
