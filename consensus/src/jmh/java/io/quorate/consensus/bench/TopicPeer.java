package io.quorate.consensus.bench;

import java.util.concurrent.CompletableFuture;

/** A topic with three subscribers. */
interface TopicPeer extends AutoCloseable {
  /** Publishes; completes when the product acknowledges it. */
  CompletableFuture<?> publish(byte[] payload);

  /** Deliveries to all subscribers so far. */
  long delivered();

  @Override
  void close();
}
