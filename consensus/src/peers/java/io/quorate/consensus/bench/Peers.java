package io.quorate.consensus.bench;

import java.util.List;

/** The products that {@link RaftBench} finds on the class path of the profile {@code peers}. */
final class Peers {
  private Peers() {}

  static void addTo(List<RaftBench.Entry> entries) {
    entries.add(new RaftBench.Entry("jgroups-raft", at -> new JGroupsRaftPeer(at, true)));
    entries.add(new RaftBench.Entry("sofa-jraft", at -> new SofaJRaftPeer(at, true)));
    entries.add(new RaftBench.Entry("ratis", RatisPeer::new));
    entries.add(new RaftBench.Entry("microraft-memory", at -> new MicroRaftPeer()));
    entries.add(new RaftBench.Entry("jgroups-raft-memory", at -> new JGroupsRaftPeer(at, false)));
  }
}
