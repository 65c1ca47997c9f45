package io.quorate.core.transport;

/** What arrived must close the connection. Has no stack trace: strangers must not make us work. */
final class FrameException extends RuntimeException {
  private final CloseReason reason;

  FrameException(CloseReason reason, String message) {
    super(message, null, false, false);
    this.reason = reason;
  }

  CloseReason reason() {
    return reason;
  }
}
