package io.quorate.core.pubsub;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Where a broker writes its commands before anybody hears of what they did. */
interface Journal {
  /** Keeps nothing. */
  Journal NONE = records -> CompletableFuture.completedFuture(null);

  /**
   * Appends {@code records}, all or none.
   *
   * @return completes on the broker's loop once they are durable, in the order of the calls; or
   *     fails, after which nobody knows
   * @throws io.quorate.core.RefusedException if there is no room; nothing is appended
   */
  CompletableFuture<Void> append(List<byte[]> records);

  /** The records appended so far are carried out in {@code core}. */
  default void carriedOut(BrokerCore core) {}
}
