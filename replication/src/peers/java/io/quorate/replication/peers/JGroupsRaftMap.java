package io.quorate.replication.peers;

import java.io.DataInput;
import java.io.DataOutput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jgroups.JChannel;
import org.jgroups.protocols.raft.ELECTION;
import org.jgroups.protocols.raft.FileBasedLog;
import org.jgroups.protocols.raft.RAFT;
import org.jgroups.protocols.raft.REDIRECT;
import org.jgroups.raft.Options;
import org.jgroups.raft.RaftHandle;
import org.jgroups.raft.StateMachine;

/**
 * jgroups-raft with its file log and fsync, a map as its state machine; an operation goes to the
 * member that it chooses, which hands it to the leader.
 */
final class JGroupsRaftMap implements Candidate {
  private static final List<String> IDS = List.of("a", "b", "c");

  private final List<JChannel> channels = new ArrayList<>();
  private final List<RaftHandle> handles = new ArrayList<>();

  JGroupsRaftMap(Path directory) throws Exception {
    for (int i = 0; i < IDS.size(); i++) {
      RAFT raft =
          new RAFT()
              .members(IDS)
              .raftId(IDS.get(i))
              .logClass(FileBasedLog.class.getName())
              .logDir(directory.toString())
              .logUseFsync(true)
              .maxLogSize(1L << 30);
      JChannel channel = Stacks.channel(25_721, i, new ELECTION(), raft, new REDIRECT());
      channel.name(IDS.get(i));
      handles.add(new RaftHandle(channel, new Puts()).raftId(IDS.get(i)));
      channels.add(channel);
    }
    for (JChannel channel : channels) {
      channel.connect("peers-raft");
    }
    while (handles.stream().noneMatch(RaftHandle::isLeader)) {
      Thread.sleep(20);
    }
  }

  @Override
  public String name() {
    return "jgroups-raft 1.1.4, every ack forced on 2 of 3";
  }

  @Override
  public CompletionStage<?> put(int operation, String key, byte[] value) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    byte[] command = new byte[1 + name.length + value.length];
    command[0] = (byte) name.length;
    System.arraycopy(name, 0, command, 1, name.length);
    System.arraycopy(value, 0, command, 1 + name.length, value.length);
    return send(handles.get(operation % 3), command, false);
  }

  @Override
  public CompletionStage<?> get(int operation, String key) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    byte[] command = new byte[1 + name.length];
    System.arraycopy(name, 0, command, 1, name.length);
    return send(handles.get(operation % 3), command, true);
  }

  private static CompletionStage<?> send(RaftHandle handle, byte[] command, boolean isRead) {
    try {
      return isRead
          ? handle.getAsync(command, 0, command.length, Options.DEFAULT_OPTIONS)
          : handle.setAsync(command, 0, command.length, Options.DEFAULT_OPTIONS);
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public void close() {
    channels.forEach(JChannel::close);
  }

  /** A write is the key's length, the key and the value; a read is 0 and the key. */
  private static final class Puts implements StateMachine {
    private static final byte[] NOTHING = {};
    private final Map<ByteBuffer, byte[]> map = new HashMap<>();

    @Override
    public byte[] apply(byte[] data, int offset, int length, boolean serializeResponse) {
      if (data[offset] == 0) {
        return map.get(ByteBuffer.wrap(Arrays.copyOfRange(data, offset + 1, offset + length)));
      }
      int valueAt = offset + 1 + data[offset];
      map.put(
          ByteBuffer.wrap(Arrays.copyOfRange(data, offset + 1, valueAt)),
          Arrays.copyOfRange(data, valueAt, offset + length));
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
