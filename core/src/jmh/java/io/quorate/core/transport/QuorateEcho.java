package io.quorate.core.transport;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** This library: two nodes with one event loop each. */
final class QuorateEcho implements EchoPeer {
  private static final NodeId CLIENT = NodeId.of("client");
  private static final NodeId SERVER = NodeId.of("server");
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final Environment client;
  private final Environment server;
  private final Endpoint endpoint;

  QuorateEcho() {
    TransportOptions options =
        TransportOptions.defaults()
            .withLimits(TransportLimits.defaults().withWaterMarkBytes(64 << 20, 32 << 20));
    client = Environment.real(EnvironmentOptions.of(CLIENT, "bench").withTransport(options));
    server = Environment.real(EnvironmentOptions.of(SERVER, "bench").withTransport(options));
    server
        .transport()
        .open(
            "echo",
            server.eventLoop("echo"),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                request.respond(request.payload());
              }
            });
    client.transport().setPeer(SERVER, server.transport().address());
    endpoint = client.transport().open("echo", client.eventLoop("echo"), Handler.NONE);
  }

  @Override
  public CompletableFuture<byte[]> call(byte[] payload) {
    return endpoint.request(SERVER, payload, TIMEOUT);
  }

  @Override
  public void close() {
    client.close();
    server.close();
  }
}
