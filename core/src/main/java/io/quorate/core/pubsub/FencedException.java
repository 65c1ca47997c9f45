package io.quorate.core.pubsub;

import io.quorate.core.RefusedException;

/**
 * The delivery is no longer the subscriber's to settle: its partition has gone to another member of
 * the group, it took too long, or it was settled before. In the first two cases the message comes
 * again, here or elsewhere.
 */
public final class FencedException extends RefusedException {
  public FencedException(String message) {
    super(message);
  }
}
