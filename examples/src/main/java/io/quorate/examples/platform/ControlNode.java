package io.quorate.examples.platform;

import io.quorate.consensus.election.LeaderElection;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.consensus.store.StoreEvent;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.replication.checkpoint.CheckpointInfo;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A region's part in what all regions agree on: who leads the training, which model is the newest.
 * It keeps checkpoints, with copies on its peers, and hands the newest model to the region's replicas.
 */
final class ControlNode extends PlatformNode {
  /** Replicas ask here for the model. */
  static final String MODELS = "models";

  private static final String UPDATED = "model.updated";
  private static final int COPIES = 2;
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final List<NodeId> all;
  private volatile Environment environment;
  private volatile LeaderElection election;
  private volatile ConsistentStore<String, byte[]> facts;
  private volatile CheckpointStore checkpoints;
  private volatile Model newest = Model.NONE;

  ControlNode(NodeId id, String region, List<NodeId> all, Wiring wiring, Path root) {
    super(id, region, wiring, root);
    this.all = all;
  }

  @Override
  void open(Environment environment) {
    this.environment = environment;
    newest = Model.NONE;
    Raft raft = Raft.open(environment);
    election = LeaderElection.join(raft, "master", all);
    facts = ConsistentStore.open(raft, "facts", all, Codec.STRING, Codec.BYTES);
    List<NodeId> peers = all.stream().filter(peer -> !peer.equals(id())).toList();
    checkpoints =
        CheckpointStore.open(
            environment, CheckpointOptions.in("checkpoints").withPeers(peers, COPIES));
    environment
        .transport()
        .open(
            MODELS,
            environment.eventLoop(MODELS),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                request.respond(newest.encode());
              }
            });
    facts.watch(0, this::onFact);
  }

  /** The node's world; it must be up. */
  Environment environment() {
    return environment;
  }

  LeaderElection election() {
    return election;
  }

  /** A map that survives any one region. */
  ConsistentStore<String, byte[]> facts() {
    return facts;
  }

  CheckpointStore checkpoints() {
    return checkpoints;
  }

  boolean leadsTraining() {
    return isUp() && election.isLeader();
  }

  boolean leadsFacts() {
    return isUp() && facts.node().status().role() == Role.LEADER;
  }

  /** The newest model that this node holds. */
  Model newest() {
    return newest;
  }

  /** Tells every region that the newest checkpoint is model {@code version}; done when agreed. */
  CompletableFuture<Void> publish(long version) {
    return checkpoints
        .latest()
        .thenCompose(
            saved -> {
              CheckpointInfo checkpoint = saved.orElseThrow();
              return facts.put(UPDATED, ModelUpdated.of(version, checkpoint).encode());
            })
        .thenAccept(done -> {});
  }

  private void onFact(StoreEvent<String, byte[]> fact) {
    if (fact instanceof StoreEvent.Put<String, byte[]> put && put.key().equals(UPDATED)) {
      hear(put.value());
    } else if (fact instanceof StoreEvent.Gap<String, byte[]>) {
      facts.get(UPDATED).thenAccept(found -> found.ifPresent(newer -> hear(newer.value())));
    }
  }

  private void hear(byte[] message) {
    ModelUpdated updated = ModelUpdated.decode(message);
    environment.eventLoop(MODELS).execute(() -> fetch(updated));
  }

  /** Fetches a model from here or from a peer; tries again until it has it or a newer one. */
  private void fetch(ModelUpdated updated) {
    if (newest.version() >= updated.version()) {
      return;
    }
    checkpoints
        .latest()
        .thenCompose(saved -> read(saved, updated))
        .whenComplete(
            (model, failure) -> {
              if (failure != null) {
                environment.eventLoop(MODELS).schedule(AGAIN_NANOS, () -> fetch(updated));
              } else if (model.version() > newest.version()) {
                newest = model;
              }
            });
  }

  private CompletableFuture<Model> read(Optional<CheckpointInfo> saved, ModelUpdated updated) {
    if (saved.isEmpty() || !updated.isOf(saved.get())) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("the newest checkpoint is not that of " + updated));
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    return checkpoints
        .read(saved.get(), ModelUpdated.PARAMETERS, bytes)
        .thenApply(done -> Model.of(updated.version(), bytes.toByteArray()));
  }
}
