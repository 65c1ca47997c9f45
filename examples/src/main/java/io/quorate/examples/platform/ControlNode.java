package io.quorate.examples.platform;

import io.quorate.consensus.election.LeaderElection;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.consensus.topic.ReplicatedTopics;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.pubsub.Receipt;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A region's part in what all regions agree on: who leads the training, which model is the newest.
 * It keeps checkpoints, with copies on its peers, and hands the newest model to the region's replicas.
 */
final class ControlNode extends PlatformNode {
  /** Replicas ask here for the model. */
  static final String MODELS = "models";

  private static final int COPIES = 2;

  private final List<NodeId> all;
  private volatile Environment environment;
  private volatile LeaderElection election;
  private volatile ConsistentStore<String, byte[]> facts;
  private volatile CheckpointStore checkpoints;
  private volatile ModelUpdates updates;

  ControlNode(NodeId id, String region, List<NodeId> all, Wiring wiring, Path root) {
    super(id, region, wiring, root);
    this.all = all;
  }

  @Override
  void open(Environment environment) {
    this.environment = environment;
    Raft raft = Raft.open(environment);
    election = LeaderElection.join(raft, "master", all);
    facts = ConsistentStore.open(raft, "facts", all, Codec.STRING, Codec.BYTES);
    List<NodeId> peers = all.stream().filter(peer -> !peer.equals(id())).toList();
    checkpoints =
        CheckpointStore.open(
            environment, CheckpointOptions.in("checkpoints").withPeers(peers, COPIES));
    updates =
        ModelUpdates.follow(
            environment, ReplicatedTopics.open(raft, "updates", all), checkpoints);
    environment
        .transport()
        .open(
            MODELS,
            environment.eventLoop(MODELS),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                request.respond(newest().encode());
              }
            });
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
    return updates.newest();
  }

  /** As {@link ModelUpdates#publish}. */
  CompletableFuture<Receipt> publish(long version) {
    return updates.publish(version);
  }
}
