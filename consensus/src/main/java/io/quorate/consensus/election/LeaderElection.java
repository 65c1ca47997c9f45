package io.quorate.consensus.election;

import io.quorate.consensus.raft.Applied;
import io.quorate.consensus.raft.Frozen;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.RaftStatus;
import io.quorate.consensus.raft.Read;
import io.quorate.consensus.raft.Role;
import io.quorate.consensus.raft.StateMachine;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.Codec;
import java.io.InputStream;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Elects one of a group's nodes.
 *
 * <p>At most one node leads in a term, and the term is its fencing token: whoever is given tokens
 * refuses those lower than the highest it has seen, so a leader that was paused and does not know
 * of its successor can do no harm. {@link #confirm} asks a majority whether this node still leads.
 *
 * <p>Safe for use by many threads.
 */
public final class LeaderElection implements AutoCloseable {
  private final NodeId self;
  private final RaftNode<byte[], byte[], Nothing> node;

  private LeaderElection(NodeId self, RaftNode<byte[], byte[], Nothing> node) {
    this.self = self;
    this.node = node;
  }

  /** Joins the election called {@code name} among {@code members}, of which this node is one. */
  public static LeaderElection join(
      Raft raft, String name, Collection<NodeId> members) {
    return new LeaderElection(
        raft.self(),
        raft.group(name).members(members).start(new Nothing(), Codec.BYTES, Codec.BYTES));
  }

  /** Whether this node leads, as far as it knows. */
  public boolean isLeader() {
    return node.status().role() == Role.LEADER;
  }

  /** Who leads, as far as this node knows. */
  public Optional<NodeId> leader() {
    return node.status().leader();
  }

  /** The token of this node's leadership; empty if it does not lead. */
  public OptionalLong fencingToken() {
    RaftStatus now = node.status();
    return now.role() == Role.LEADER ? OptionalLong.of(now.term()) : OptionalLong.empty();
  }

  /**
   * Asks a majority whether this node leads; returns the token if it did at some time after the
   * call, otherwise fails with {@link RefusedException}.
   */
  public CompletableFuture<Long> confirm() {
    OptionalLong before = fencingToken();
    if (before.isEmpty()) {
      return CompletableFuture.failedFuture(new RefusedException(self + " does not lead"));
    }
    return node.read(nothing -> fencingToken(), Read.LINEARIZABLE)
        .thenApply(
            after -> {
              if (!after.equals(before)) {
                throw new RefusedException(self + " leads no more");
              }
              return before.getAsLong();
            });
  }

  /**
   * Has {@code listener} told, on the node's event loop, whenever leader or term changes: with this
   * node's token when it begins to lead, and empty when another leads or nobody is known to.
   */
  public void onChange(Consumer<OptionalLong> listener) {
    node.onChange(
        status ->
            listener.accept(
                status.role() == Role.LEADER
                    ? OptionalLong.of(status.term())
                    : OptionalLong.empty()));
  }

  /** Lets another node lead. */
  public CompletableFuture<Void> resign() {
    return node.resign();
  }

  /** The group underneath. */
  public RaftNode<?, ?, ?> node() {
    return node;
  }

  @Override
  public void close() {
    node.close();
  }

  /** There is nothing to replicate. */
  private static final class Nothing implements StateMachine<byte[], byte[]> {
    @Override
    public byte[] apply(Applied at, byte[] command) {
      return command;
    }

    @Override
    public Frozen freeze() {
      return out -> {};
    }

    @Override
    public void restore(InputStream in) {}
  }
}
