package io.quorate.examples.serving;

/** Not computed, since the deadline would have passed meanwhile. It has had no effect. */
final class ExpiredException extends RuntimeException {
  ExpiredException() {
    super("the deadline would have passed before the answer", null, false, false);
  }
}
