package io.quorate.examples.node;

/** The request is the caller's mistake; it has had no effect. */
final class BadRequestException extends RuntimeException {
  private final int status;

  BadRequestException(int status, String message) {
    super(message);
    this.status = status;
  }

  int status() {
    return status;
  }
}
