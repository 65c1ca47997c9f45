package io.quorate.core.codec;

/** Bytes from outside are not of the form they claim; says what was wrong at which offset. */
public class MalformedException extends RuntimeException {
  public MalformedException(String message) {
    super(message);
  }
}
