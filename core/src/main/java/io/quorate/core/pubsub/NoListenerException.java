package io.quorate.core.pubsub;

import io.quorate.core.RefusedException;

/** Nobody is subscribed to the topic, so that a request to it would never be answered. */
public final class NoListenerException extends RefusedException {
  public NoListenerException(String message) {
    super(message);
  }
}
