package io.quorate.consensus.bench;

import com.alipay.sofa.jraft.Closure;
import com.alipay.sofa.jraft.Iterator;
import com.alipay.sofa.jraft.Node;
import com.alipay.sofa.jraft.RaftGroupService;
import com.alipay.sofa.jraft.Status;
import com.alipay.sofa.jraft.closure.ReadIndexClosure;
import com.alipay.sofa.jraft.conf.Configuration;
import com.alipay.sofa.jraft.core.StateMachineAdapter;
import com.alipay.sofa.jraft.entity.PeerId;
import com.alipay.sofa.jraft.entity.Task;
import com.alipay.sofa.jraft.option.NodeOptions;
import com.alipay.sofa.jraft.option.RaftOptions;
import com.alipay.sofa.jraft.option.ReadOnlyOption;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * sofa-jraft over Bolt, with its RocksDB log; synced, votes too, when durable. Its checksum of log
 * entries stays off, as by default. It runs on this project's Netty, not on the one of 2019 that it
 * asks for.
 */
final class SofaJRaftPeer implements Peer {
  private static final int KEY_BYTES = 16;

  private final List<RaftGroupService> services = new ArrayList<>();
  private final Node leader;
  private final Map<ByteBuffer, byte[]> state;

  SofaJRaftPeer(Path directory, boolean durable) throws Exception {
    int basePort = 8_200 + (int) (ProcessHandle.current().pid() % 50) * 4;
    Configuration members = new Configuration();
    for (int i = 0; i < 3; i++) {
      members.addPeer(new PeerId("127.0.0.1", basePort + i));
    }
    List<Puts> machines = new ArrayList<>();
    for (PeerId peer : members.listPeers()) {
      Path at = directory.resolve("jraft-" + peer.getPort());
      Files.createDirectories(at);
      RaftOptions raft = new RaftOptions();
      raft.setSync(durable);
      raft.setSyncMeta(durable);
      Puts machine = new Puts();
      NodeOptions options = new NodeOptions();
      options.setRaftOptions(raft);
      options.setInitialConf(members);
      options.setFsm(machine);
      options.setSnapshotIntervalSecs(0);
      options.setLogUri(at.resolve("log").toString());
      options.setRaftMetaUri(at.resolve("meta").toString());
      RaftGroupService service = new RaftGroupService("bench", peer, options);
      service.start();
      services.add(service);
      machines.add(machine);
    }
    int found = -1;
    while (found < 0) {
      Thread.sleep(20);
      for (int i = 0; i < services.size(); i++) {
        found = services.get(i).getRaftNode().isLeader() ? i : found;
      }
    }
    leader = services.get(found).getRaftNode();
    state = machines.get(found).values;
  }

  @Override
  public CompletableFuture<?> put(byte[] key, byte[] value) {
    byte[] command = Arrays.copyOf(key, KEY_BYTES + value.length);
    System.arraycopy(value, 0, command, KEY_BYTES, value.length);
    CompletableFuture<Long> future = new CompletableFuture<>();
    Closure done = status -> complete(future, status, 0L);
    leader.apply(new Task(ByteBuffer.wrap(command), done));
    return future;
  }

  @Override
  public CompletableFuture<?> read(byte[] key) {
    return read(ReadOnlyOption.ReadOnlySafe, key);
  }

  @Override
  public CompletableFuture<?> leaseRead(byte[] key) {
    return read(ReadOnlyOption.ReadOnlyLeaseBased, key);
  }

  private CompletableFuture<byte[]> read(ReadOnlyOption option, byte[] key) {
    CompletableFuture<byte[]> future = new CompletableFuture<>();
    leader.readIndex(
        option,
        key,
        new ReadIndexClosure() {
          @Override
          public void run(Status status, long index, byte[] context) {
            complete(future, status, state.get(ByteBuffer.wrap(key)));
          }
        });
    return future;
  }

  private static <T> void complete(CompletableFuture<T> future, Status status, T value) {
    if (status.isOk()) {
      future.complete(value);
    } else {
      future.completeExceptionally(new IllegalStateException(status.getErrorMsg()));
    }
  }

  @Override
  public void close() {
    services.forEach(RaftGroupService::shutdown);
  }

  /** Reads come on other threads than puts, so this map is a concurrent one. */
  private static final class Puts extends StateMachineAdapter {
    final Map<ByteBuffer, byte[]> values = new ConcurrentHashMap<>();

    @Override
    public void onApply(Iterator entries) {
      while (entries.hasNext()) {
        ByteBuffer data = entries.getData().duplicate();
        byte[] key = new byte[KEY_BYTES];
        data.get(key);
        byte[] value = new byte[data.remaining()];
        data.get(value);
        values.put(ByteBuffer.wrap(key), value);
        Closure done = entries.done();
        if (done != null) {
          done.run(Status.OK());
        }
        entries.next();
      }
    }
  }
}
