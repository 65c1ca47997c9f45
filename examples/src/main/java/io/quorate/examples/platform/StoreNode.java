package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.RingOptions;
import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * A node of the feature store. The ring puts three replicas of each key on nodes in three regions,
 * so that a region reads at home and any one of them may be lost.
 */
final class StoreNode extends PlatformNode {
  /** Replicas ask here for a user's profile. */
  static final String FEATURES = "features";

  private static final String DIRECTORY = "features";
  /** Small: six nodes share one disk and one heap. */
  private static final int SEGMENT_BYTES = 4 << 20;

  private static final int REPLICAS = 3;
  private static final long OPEN_SECONDS = 30;

  private final Partitioner<NodeId> ring;
  private final Map<NodeId, String> zones;
  private volatile QuorumStore<String, byte[]> store;

  StoreNode(
      NodeId id,
      String region,
      Partitioner<NodeId> ring,
      Map<NodeId, String> zones,
      Wiring wiring,
      Path root) {
    super(id, region, wiring, root);
    this.ring = ring;
    this.zones = zones;
  }

  /** The ring over {@code zones}' nodes: distinct regions for the replicas of a key. */
  static Partitioner<NodeId> ring(Map<NodeId, String> zones) {
    List<Member<NodeId>> members =
        zones.entrySet().stream()
            .map(x -> Member.of(x.getKey(), x.getKey().value()).withZone(x.getValue()))
            .toList();
    return ConsistentHashRing.of(members, RingOptions.defaults().withReplicas(REPLICAS));
  }

  @Override
  void open(Environment environment) throws Exception {
    QuorumOptions options =
        QuorumOptions.in(DIRECTORY)
            .withLocal(
                LocalOptions.in(DIRECTORY + "/cells")
                    .withSegmentBytes(SEGMENT_BYTES)
                    .withCacheBytes(SEGMENT_BYTES))
            .withZones(zones);
    try {
      store =
          QuorumStore.open(
                  environment, Placement.of(ring), Codec.STRING, Codec.BYTES, options)
              .orTimeout(OPEN_SECONDS, TimeUnit.SECONDS)
              .join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
    environment
        .transport()
        .open(
            FEATURES,
            environment.eventLoop(FEATURES),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                read(request);
              }
            });
  }

  /** Reads at home, and elsewhere if need be: an old profile is better than a late one. */
  private void read(Request request) {
    String user = new String(request.payload(), StandardCharsets.UTF_8);
    Duration half = Duration.ofNanos(Math.max(1, request.remainingNanos() / 2));
    store
        .get(user, ReadOptions.at(Consistency.LOCAL_QUORUM).withTimeout(half))
        .exceptionallyCompose(
            failure -> store.get(user, ReadOptions.at(Consistency.ONE).withTimeout(half)))
        .whenComplete(
            (found, failure) -> {
              if (failure == null) {
                request.respond(found.value().orElseGet(Profile.UNKNOWN::encode));
              } else {
                request.refuse(failure.getMessage());
              }
            });
  }

  /** This node's part in the store; the node must be up. */
  QuorumStore<String, byte[]> store() {
    return store;
  }

  /** Whether it holds a replica of {@code key}. */
  boolean holds(String key) {
    return ring.ownersOf(key.getBytes(StandardCharsets.UTF_8)).contains(id());
  }
}
