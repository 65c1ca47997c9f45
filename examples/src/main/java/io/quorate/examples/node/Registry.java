package io.quorate.examples.node;

import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.Read;
import io.quorate.consensus.store.ConsistentStore;
import io.quorate.consensus.store.Scan;
import io.quorate.consensus.store.Versioned;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Who is a member and where, agreed on by the members themselves. What is in it is what is wanted:
 * a {@link Steward} brings it about. Safe for use by many threads.
 */
final class Registry {
  private static final String PREFIX = "member/";
  /** Behind every key with the prefix. */
  private static final String END = "member0";

  private static final int MAX_MEMBERS = 1_000;

  private final ConsistentStore<String, byte[]> store;

  Registry(ConsistentStore<String, byte[]> store) {
    this.store = store;
  }

  RaftNode<?, ?, ?> node() {
    return store.node();
  }

  /** All entries, as fresh as {@code mode} says. */
  CompletableFuture<SortedMap<NodeId, ClusterEntry>> entries(Read mode) {
    return store
        .scan(PREFIX, END, MAX_MEMBERS, mode)
        .thenApply(
            scan -> {
              SortedMap<NodeId, ClusterEntry> entries = new TreeMap<>();
              for (Scan.Item<String, byte[]> item : scan.items()) {
                entries.put(
                    NodeId.of(item.key().substring(PREFIX.length())),
                    ClusterEntry.decode(item.value()));
              }
              return entries;
            });
  }

  /** Enters one of those that the cluster began with, unless it has been entered before. */
  CompletableFuture<Optional<Long>> enterFounder(NodeId node, Address address) {
    return store.putIfAbsent(
        PREFIX + node,
        new ClusterEntry(ClusterEntry.Phase.MEMBER, address).encoded());
  }

  /**
   * Enters a newcomer as a learner; one that was removed may come back.
   *
   * @return whether it is in; false if its name is taken by a member elsewhere
   */
  CompletableFuture<Boolean> enter(NodeId node, Address address) {
    ClusterEntry learner = new ClusterEntry(ClusterEntry.Phase.LEARNER, address);
    return store
        .get(PREFIX + node)
        .thenCompose(
            found -> {
              if (found.isEmpty()) {
                return store
                    .putIfAbsent(PREFIX + node, learner.encoded())
                    .thenApply(Optional::isPresent);
              }
              ClusterEntry entry = ClusterEntry.decode(found.get().value());
              return entry.phase() == ClusterEntry.Phase.REMOVED
                  ? replace(node, found.get(), learner)
                  : CompletableFuture.completedFuture(entry.address().equals(address));
            });
  }

  /**
   * Takes a member from {@code before} to {@code after}.
   *
   * @return whether it was in {@code before}
   */
  CompletableFuture<Boolean> advance(
      NodeId node, ClusterEntry.Phase before, ClusterEntry.Phase after) {
    return store
        .get(PREFIX + node)
        .thenCompose(
            found -> {
              Optional<ClusterEntry> entry =
                  found
                      .map(is -> ClusterEntry.decode(is.value()))
                      .filter(is -> is.phase() == before);
              return entry.isPresent()
                  ? replace(node, found.orElseThrow(), entry.get().in(after))
                  : CompletableFuture.completedFuture(false);
            });
  }

  private CompletableFuture<Boolean> replace(
      NodeId node, Versioned<byte[]> found, ClusterEntry by) {
    return store
        .compareAndSet(PREFIX + node, found.version(), by.encoded())
        .thenApply(Optional::isPresent);
  }
}
