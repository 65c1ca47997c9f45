package io.quorate.consensus.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.thirdparty.com.google.protobuf.ByteString;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * Apache Ratis over gRPC, its default, with its log in segments, whose every flush is synced before
 * it counts, by default too. Commands are given to the leader's server in this process, which costs
 * less than its client. Not by default: no member is suspected within a second, since 150 to 300 ms
 * lose the leader again and again on a busy machine; segments of 64 MB; lease reads.
 */
final class RatisPeer implements Peer {
  private static final int KEY_BYTES = 16;

  private final List<RaftServer> servers = new ArrayList<>();
  private final RaftGroupId group = RaftGroupId.valueOf(new UUID(0, 1));
  private final ClientId client = ClientId.randomId();
  private final AtomicLong calls = new AtomicLong();
  private final RaftServer leader;

  RatisPeer(Path directory) throws Exception {
    int basePort = 8_400 + (int) (ProcessHandle.current().pid() % 50) * 4;
    List<RaftPeer> members = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      String address = "127.0.0.1:" + (basePort + i);
      members.add(RaftPeer.newBuilder().setId("n" + i).setAddress(address).build());
    }
    for (int i = 0; i < 3; i++) {
      RaftPeer member = members.get(i);
      RaftServer server =
          RaftServer.newBuilder()
              .setServerId(member.getId())
              .setGroup(RaftGroup.valueOf(group, members))
              .setStateMachine(new Puts())
              .setProperties(properties(directory.resolve("ratis-" + i), basePort + i))
              .build();
      server.start();
      servers.add(server);
    }
    RaftServer found = null;
    while (found == null) {
      Thread.sleep(20);
      for (RaftServer server : servers) {
        found = server.getDivision(group).getInfo().isLeaderReady() ? server : found;
      }
    }
    leader = found;
  }

  private static RaftProperties properties(Path at, int port) {
    RaftProperties properties = new RaftProperties();
    GrpcConfigKeys.Server.setPort(properties, port);
    RaftServerConfigKeys.setStorageDir(properties, List.of(at.toFile()));
    RaftServerConfigKeys.Rpc.setTimeoutMin(properties, TimeDuration.valueOf(1, TimeUnit.SECONDS));
    RaftServerConfigKeys.Rpc.setTimeoutMax(properties, TimeDuration.valueOf(2, TimeUnit.SECONDS));
    RaftServerConfigKeys.Log.setSegmentSizeMax(properties, SizeInBytes.valueOf("64MB"));
    RaftServerConfigKeys.Read.setOption(
        properties, RaftServerConfigKeys.Read.Option.LINEARIZABLE);
    RaftServerConfigKeys.Read.setLeaderLeaseEnabled(properties, true);
    return properties;
  }

  @Override
  public CompletableFuture<?> put(byte[] key, byte[] value) {
    byte[] command = new byte[KEY_BYTES + value.length];
    System.arraycopy(key, 0, command, 0, KEY_BYTES);
    System.arraycopy(value, 0, command, KEY_BYTES, value.length);
    return submit(command, RaftClientRequest.writeRequestType());
  }

  @Override
  public CompletableFuture<?> read(byte[] key) {
    throw new UnsupportedOperationException("its reads are not confirmed round by round");
  }

  @Override
  public CompletableFuture<?> leaseRead(byte[] key) {
    return submit(key, RaftClientRequest.readRequestType());
  }

  private CompletableFuture<ByteString> submit(byte[] content, RaftClientRequest.Type type) {
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(client)
            .setServerId(leader.getId())
            .setGroupId(group)
            .setCallId(calls.incrementAndGet())
            .setMessage(Message.valueOf(UnsafeByteOperations.unsafeWrap(content)))
            .setType(type)
            .build();
    try {
      return leader.submitClientRequestAsync(request).thenApply(RatisPeer::content);
    } catch (IOException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static ByteString content(RaftClientReply reply) {
    if (!reply.isSuccess()) {
      throw new IllegalStateException(reply.toString(), reply.getException());
    }
    return reply.getMessage().getContent();
  }

  @Override
  public void close() throws IOException {
    for (RaftServer server : servers) {
      server.close();
    }
  }

  /** Applied by one thread, as queries are not: guarded by itself. */
  private static final class Puts extends BaseStateMachine {
    private final Map<ByteBuffer, byte[]> values = new HashMap<>();

    @Override
    public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
      ByteString data = transaction.getStateMachineLogEntry().getLogData();
      byte[] key = data.substring(0, KEY_BYTES).toByteArray();
      byte[] value = data.substring(KEY_BYTES).toByteArray();
      synchronized (values) {
        values.put(ByteBuffer.wrap(key), value);
      }
      updateLastAppliedTermIndex(
          transaction.getLogEntry().getTerm(), transaction.getLogEntry().getIndex());
      return CompletableFuture.completedFuture(Message.EMPTY);
    }

    @Override
    public CompletableFuture<Message> query(Message request) {
      byte[] value;
      synchronized (values) {
        value = values.get(ByteBuffer.wrap(request.getContent().toByteArray()));
      }
      ByteString found = value == null ? ByteString.EMPTY : UnsafeByteOperations.unsafeWrap(value);
      return CompletableFuture.completedFuture(Message.valueOf(found));
    }
  }
}
