package io.quorate.replication.replica;

import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.concurrent.CompletableFuture;

/** What a replica does with a version that a peer holds. Called on the table's event loop. */
@FunctionalInterface
public interface Arrival {
  /**
   * Keeps the version, joins it with what is held, or lets it go.
   *
   * @return the sequence at which what is held now is durable, on the loop; fails with {@link
   *     io.quorate.core.RefusedException} if the store takes no writes
   */
  CompletableFuture<Long> take(Key key, Cell cell);
}
