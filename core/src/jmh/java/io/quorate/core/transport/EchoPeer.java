package io.quorate.core.transport;

import java.util.concurrent.CompletableFuture;

/** A client with its server: what is called comes back. */
interface EchoPeer extends AutoCloseable {
  CompletableFuture<byte[]> call(byte[] payload);
}
