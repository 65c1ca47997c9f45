package io.quorate.consensus.bench;

import io.microraft.QueryPolicy;
import io.microraft.RaftConfig;
import io.microraft.RaftEndpoint;
import io.microraft.RaftNode;
import io.microraft.model.message.RaftMessage;
import io.microraft.statemachine.StateMachine;
import io.microraft.transport.Transport;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * MicroRaft without what its users have to write: messages are handed over as objects, with neither
 * codec nor socket, and nothing is stored. An upper bound of what it could do.
 */
final class MicroRaftPeer implements Peer {
  private record Id(Object getId) implements RaftEndpoint {}

  private record Put(byte[] key, byte[] value) {}

  private record Get(byte[] key) {}

  private final Map<RaftEndpoint, RaftNode> nodes = new ConcurrentHashMap<>();
  private final RaftNode leader;

  MicroRaftPeer() throws Exception {
    List<RaftEndpoint> ids = List.of(new Id("a"), new Id("b"), new Id("c"));
    RaftConfig config =
        RaftConfig.newBuilder()
            .setLeaderHeartbeatPeriodSecs(1)
            .setLeaderHeartbeatTimeoutSecs(5)
            .build();
    for (RaftEndpoint id : ids) {
      RaftNode node =
          RaftNode.newBuilder()
              .setGroupId("bench")
              .setLocalEndpoint(id)
              .setInitialGroupMembers(ids)
              .setConfig(config)
              .setTransport(new HandOver())
              .setStateMachine(new Puts())
              .build();
      nodes.put(id, node);
    }
    List<CompletableFuture<?>> starts = new ArrayList<>();
    nodes.values().forEach(node -> starts.add(node.start()));
    for (CompletableFuture<?> start : starts) {
      start.get();
    }
    RaftEndpoint found = null;
    while (found == null) {
      Thread.sleep(20);
      found = nodes.get(ids.get(0)).getTerm().getLeaderEndpoint();
    }
    leader = nodes.get(found);
  }

  @Override
  public CompletableFuture<?> put(byte[] key, byte[] value) {
    return leader.replicate(new Put(key, value));
  }

  @Override
  public CompletableFuture<?> read(byte[] key) {
    return query(key, QueryPolicy.LINEARIZABLE);
  }

  @Override
  public CompletableFuture<?> leaseRead(byte[] key) {
    return query(key, QueryPolicy.LEADER_LEASE);
  }

  private CompletableFuture<?> query(byte[] key, QueryPolicy policy) {
    return leader.query(new Get(key), policy, Optional.empty(), Optional.empty());
  }

  @Override
  public void close() {
    nodes.values().forEach(RaftNode::terminate);
  }

  private final class HandOver implements Transport {
    @Override
    public void send(RaftEndpoint target, RaftMessage message) {
      RaftNode node = nodes.get(target);
      if (node != null) {
        node.handle(message);
      }
    }

    @Override
    public boolean isReachable(RaftEndpoint endpoint) {
      return nodes.containsKey(endpoint);
    }
  }

  private static final class Puts implements StateMachine {
    private final Map<ByteBuffer, byte[]> values = new HashMap<>();

    @Override
    public Object runOperation(long index, Object operation) {
      if (operation instanceof Put put) {
        // As if it had come from the network, so that nothing is shared between the members.
        values.put(ByteBuffer.wrap(put.key.clone()), Arrays.copyOf(put.value, put.value.length));
        return null;
      }
      return operation instanceof Get get ? values.get(ByteBuffer.wrap(get.key)) : null;
    }

    @Override
    public void takeSnapshot(long index, Consumer<Object> chunks) {
      chunks.accept(new HashMap<>(values));
    }

    @Override
    @SuppressWarnings("unchecked")
    public void installSnapshot(long index, List<Object> chunks) {
      values.clear();
      chunks.forEach(chunk -> values.putAll((Map<ByteBuffer, byte[]>) chunk));
    }

    @Override
    public Object getNewTermOperation() {
      return null;
    }
  }
}
