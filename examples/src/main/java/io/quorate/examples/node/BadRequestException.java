package io.quorate.examples.node;

/** The request is the caller's mistake; it has had no effect. */
final class BadRequestException extends RuntimeException {
  private final int status;
  private final String allowed;

  BadRequestException(int status, String message) {
    this(status, message, "");
  }

  /** {@code allowed} names the methods that could be used instead. */
  BadRequestException(int status, String message, String allowed) {
    super(message);
    this.status = status;
    this.allowed = allowed;
  }

  int status() {
    return status;
  }

  /** For the header {@code Allow}; empty without it. */
  String allowed() {
    return allowed;
  }
}
