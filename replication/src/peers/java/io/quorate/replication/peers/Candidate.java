package io.quorate.replication.peers;

import java.util.concurrent.CompletionStage;

/** Three members in this JVM that talk over loopback, and a replicated map on them. */
interface Candidate extends AutoCloseable {
  String name();

  /** Writes through the member that {@code operation} chooses. */
  CompletionStage<?> put(int operation, String key, byte[] value);

  CompletionStage<?> get(int operation, String key);

  @Override
  void close();
}
