package io.quorate.core.pubsub;

import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.util.Objects;

/**
 * Why a broker has not done what it was told.
 *
 * @param code for programs
 * @param text for people; names what was refused
 */
public record Refusal(Code code, String text) {
  /** The kinds of refusal; their order is part of the wire format. */
  public enum Code {
    /** There is no such topic. */
    NO_TOPIC,
    /** The topic exists with other options. */
    OTHER_OPTIONS,
    /** The message is larger than the topic takes. */
    TOO_LARGE,
    /** The partition is full and must not drop what is not settled. */
    FULL,
    /** Messages of this topic need a key. */
    NO_KEY,
    /** Nobody is subscribed. */
    NO_LISTENER,
    /** The session is unknown: never opened, closed, or its lease has run out. */
    NO_SESSION,
    /** The topic has no such group. */
    UNKNOWN,
    /** The delivery is no longer the subscriber's to settle. */
    FENCED,
    /** The sequence is older than what is remembered: whether it was stored, nobody knows. */
    STALE_SEQUENCE,
    /** Something else is there by this name. */
    IN_USE,
    /** There are as many as there may be. */
    LIMIT
  }

  public Refusal {
    Objects.requireNonNull(code, "code");
    Objects.requireNonNull(text, "text");
  }

  /** What the caller of an operation is to be told. */
  public OperationException toException() {
    return switch (code) {
      case NO_LISTENER -> new NoListenerException(text);
      case FENCED -> new FencedException(text);
      case STALE_SEQUENCE -> new IndeterminateException(text);
      default -> new RefusedException(text);
    };
  }
}
