package io.quorate.consensus;

import io.quorate.consensus.raft.*;
import io.quorate.core.*;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Address;
import java.io.*;
import java.nio.file.Path;
import java.util.*;

final class CounterExample implements StateMachine<Long, Long> {
  long value;

  public Long apply(Applied at, Long amount) { return value += amount; }
  public Frozen freeze() { byte[] state = Codec.LONG.encode(value); return out -> out.write(state); }
  public void restore(InputStream in) throws IOException { value = Codec.LONG.decode(in.readAllBytes()); }

  /** Arguments: this node's id, its directory, then every member as id=host:port. */
  static RaftNode<Long, Long, CounterExample> start(String self, String directory, String... members) {
    Map<NodeId, Address> cluster = new TreeMap<>();
    for (String member : members) {
      cluster.put(NodeId.of(member.split("=")[0]), Address.parse(member.split("=")[1]));
    }
    NodeId id = NodeId.of(self);
    Environment env = Environment.real(EnvironmentOptions.of(id, "counters")
        .withDataDirectory(Path.of(directory)).withListen(cluster.get(id)));
    cluster.forEach((peer, at) -> { if (!peer.equals(id)) env.transport().setPeer(peer, at); });
    return Raft.open(env).group("counter").members(cluster.keySet())
        .start(new CounterExample(), Codec.LONG, Codec.LONG);
  }
}
