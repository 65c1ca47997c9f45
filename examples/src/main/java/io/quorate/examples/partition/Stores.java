package io.quorate.examples.partition;

import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.crdt.OrSet;
import io.quorate.replication.eventual.EventualOptions;
import io.quorate.replication.eventual.EventualStore;
import io.quorate.replication.eventual.MergingStore;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** One node's part in a store of each kind. */
record Stores(
    Raft raft,
    ConsistentStore<String, String> strong,
    CompletableFuture<QuorumStore<String, String>> quorum,
    CompletableFuture<EventualStore<String, String>> eventual,
    CompletableFuture<MergingStore<String, OrSet<String>>> merging) {

  static final NodeId N1 = NodeId.of("n1");
  static final NodeId N2 = NodeId.of("n2");
  static final NodeId N3 = NodeId.of("n3");
  static final List<NodeId> ALL = List.of(N1, N2, N3);
  static final Duration TIMEOUT = Duration.ofSeconds(1);

  /** Two nodes in the east, one in the west: the partition is between them. */
  private static final Map<NodeId, String> ZONES = Map.of(N1, "east", N2, "east", N3, "west");

  static Stores open(Environment environment) {
    Raft raft =
        Raft.open(environment, RaftOptions.defaults().withOperationTimeout(TIMEOUT));
    return new Stores(
        raft,
        ConsistentStore.open(raft, "strong", ALL, Codec.STRING, Codec.STRING),
        QuorumStore.open(
            environment,
            Placement.everywhere(1, ALL),
            Codec.STRING,
            Codec.STRING,
            QuorumOptions.in("quorum").withZones(ZONES)),
        EventualStore.open(
            environment, ALL, Codec.STRING, Codec.STRING, EventualOptions.in("eventual")),
        MergingStore.open(
            environment,
            ALL,
            Codec.STRING,
            OrSet.codec(Codec.STRING),
            OrSet.empty(),
            OrSet::merge,
            EventualOptions.in("merging")));
  }
}
