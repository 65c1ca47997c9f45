package io.quorate.consensus.bench;

import java.util.concurrent.CompletableFuture;

/** Three members of one product in this JVM that replicate a map; commands go to the leader. */
interface Peer extends AutoCloseable {
  /** Replicates a put; completes when it is committed and applied on the leader. */
  CompletableFuture<?> put(byte[] key, byte[] value);

  /** Reads linearizably, by a majority's confirmation. */
  CompletableFuture<?> read(byte[] key);

  /** Reads linearizably, by a lease. */
  CompletableFuture<?> leaseRead(byte[] key);
}
