package io.quorate.core.pubsub;

import java.util.Objects;

/**
 * Where an answer is to go.
 *
 * @param session of the bus that asks
 * @param correlation its number for the request
 */
public record ReplyTo(String session, long correlation) {
  public ReplyTo {
    Objects.requireNonNull(session, "session");
  }
}
