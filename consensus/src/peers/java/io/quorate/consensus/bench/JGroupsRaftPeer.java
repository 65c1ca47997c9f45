package io.quorate.consensus.bench;

import java.io.DataInput;
import java.io.DataOutput;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jgroups.JChannel;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.protocols.FRAG2;
import org.jgroups.protocols.MFC;
import org.jgroups.protocols.TCP;
import org.jgroups.protocols.TCPPING;
import org.jgroups.protocols.UFC;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;
import org.jgroups.protocols.raft.ELECTION;
import org.jgroups.protocols.raft.FileBasedLog;
import org.jgroups.protocols.raft.InMemoryLog;
import org.jgroups.protocols.raft.NO_DUPES;
import org.jgroups.protocols.raft.RAFT;
import org.jgroups.protocols.raft.REDIRECT;
import org.jgroups.raft.Options;
import org.jgroups.raft.RaftHandle;
import org.jgroups.raft.StateMachine;

/** jgroups-raft over its TCP stack, with its file log and fsync, or its log in memory. */
final class JGroupsRaftPeer implements Peer {
  private static final int KEY_BYTES = 16;
  private static final List<String> IDS = List.of("a", "b", "c");

  private final List<JChannel> channels = new ArrayList<>();
  private final RaftHandle leader;

  JGroupsRaftPeer(Path directory, boolean durable) throws Exception {
    int basePort = 7_900 + (int) (ProcessHandle.current().pid() % 50) * 4;
    InetAddress loopback = InetAddress.getLoopbackAddress();
    List<InetSocketAddress> hosts = new ArrayList<>();
    for (int i = 0; i < IDS.size(); i++) {
      hosts.add(new InetSocketAddress(loopback, basePort + i));
    }
    List<RaftHandle> handles = new ArrayList<>();
    for (int i = 0; i < IDS.size(); i++) {
      TCP tcp = new TCP();
      tcp.setBindAddr(loopback).setBindPort(basePort + i);
      RAFT raft =
          new RAFT()
              .members(IDS)
              .raftId(IDS.get(i))
              .logClass(durable ? FileBasedLog.class.getName() : InMemoryLog.class.getName())
              .logDir(directory.toString())
              .logUseFsync(durable)
              .maxLogSize(1L << 30);
      JChannel channel =
          new JChannel(
              tcp, new TCPPING().setInitialHosts(hosts), new FD_ALL3(), new NAKACK2(),
              new UNICAST3(), new STABLE(), new NO_DUPES(), new GMS(), new UFC(), new MFC(),
              new FRAG2(), new ELECTION(), raft, new REDIRECT());
      channel.name(IDS.get(i));
      handles.add(new RaftHandle(channel, new Puts()).raftId(IDS.get(i)));
      channels.add(channel);
    }
    for (JChannel channel : channels) {
      channel.connect("bench-" + basePort);
    }
    RaftHandle found = null;
    while (found == null) {
      for (RaftHandle handle : handles) {
        found = handle.isLeader() ? handle : found;
      }
      Thread.sleep(20);
    }
    leader = found;
  }

  @Override
  public CompletableFuture<?> put(byte[] key, byte[] value) {
    byte[] command = Arrays.copyOf(key, KEY_BYTES + value.length);
    System.arraycopy(value, 0, command, KEY_BYTES, value.length);
    try {
      return leader.setAsync(command, 0, command.length, Options.create(true));
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<?> read(byte[] key) {
    throw new UnsupportedOperationException("its reads are not confirmed round by round");
  }

  @Override
  public CompletableFuture<?> leaseRead(byte[] key) {
    throw new UnsupportedOperationException("no lease");
  }

  @Override
  public void close() {
    channels.forEach(JChannel::close);
  }

  /** A map of what was put. */
  private static final class Puts implements StateMachine {
    private static final byte[] NOTHING = {};
    private final Map<ByteBuffer, byte[]> map = new HashMap<>();

    @Override
    public byte[] apply(byte[] data, int offset, int length, boolean serializeResponse) {
      map.put(
          ByteBuffer.wrap(Arrays.copyOfRange(data, offset, offset + KEY_BYTES)),
          Arrays.copyOfRange(data, offset + KEY_BYTES, offset + length));
      return NOTHING;
    }

    @Override
    public void readContentFrom(DataInput in) {
      throw new UnsupportedOperationException("no snapshot in a benchmark");
    }

    @Override
    public void writeContentTo(DataOutput out) {
      throw new UnsupportedOperationException("no snapshot in a benchmark");
    }
  }
}
