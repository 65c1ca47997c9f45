package io.quorate.examples.platform;

import io.quorate.consensus.election.LeaderElection;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.examples.language.LanguageModel;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A region: one node with its part in the consensus, its checkpoints, and its serving replicas, over
 * real sockets and files.
 */
final class Region implements AutoCloseable {
  static final List<NodeId> ALL = List.of(NodeId.of("eu"), NodeId.of("us"), NodeId.of("ap"));
  static final String MODEL = "model";

  private static final int REPLICAS = 2;
  /** What a tenfold slow replica adds to each answer. */
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  final NodeId id;
  final Environment environment;
  final List<ModelServer> servers = new ArrayList<>();
  private Raft raft;
  LeaderElection election;
  ConsistentStore<String, byte[]> models;
  CheckpointStore checkpoints;
  private boolean closed;

  /** A region that listens and does nothing else yet. */
  Region(NodeId id, Path directory, LanguageModel model) {
    this.id = id;
    this.environment = environment(id, directory);
    for (int i = 0; i < REPLICAS; i++) {
      servers.add(new ModelServer(id, model));
    }
  }

  static Environment environment(NodeId id, Path directory) {
    return Environment.real(
        EnvironmentOptions.of(id, "platform")
            .withListen(new Address("127.0.0.1", 0))
            .insecure()
            .withDataDirectory(directory.resolve(id.value())));
  }

  /** Takes part, once the others' addresses are known. */
  void start() {
    raft = Raft.open(environment);
    election = LeaderElection.join(raft, "master", ALL);
    models = ConsistentStore.open(raft, "models", ALL, Codec.STRING, Codec.BYTES);
    List<NodeId> peers = ALL.stream().filter(peer -> !peer.equals(id)).toList();
    checkpoints =
        CheckpointStore.open(
            environment, CheckpointOptions.in("checkpoints").withPeers(peers, 2));
    environment
        .transport()
        .open(
            "predict",
            environment.eventLoop("predict"),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                predict(request);
              }
            });
  }

  /** The first byte says which replica, the rest is the text. */
  private void predict(Request request) {
    byte[] payload = request.payload();
    ModelServer server = servers.get(payload[0]);
    if (request.isCancelled()) {
      request.refuse("too late");
      return;
    }
    String text = new String(payload, 1, payload.length - 1, StandardCharsets.UTF_8);
    if (server.mood() == ModelServer.Mood.SLOW) {
      environment.eventLoop("predict").schedule(SLOW_NANOS, () -> answer(request, server, text));
    } else {
      answer(request, server, text);
    }
  }

  private static void answer(Request request, ModelServer server, String text) {
    try {
      request.respond(new byte[] {(byte) server.predict(text)});
    } catch (IllegalStateException e) {
      request.refuse(e.getMessage());
    }
  }

  boolean isClosed() {
    return closed;
  }

  /** Gone at once, as by a kill: nothing is said to anybody. */
  @Override
  public void close() {
    closed = true;
    environment.close();
  }
}
