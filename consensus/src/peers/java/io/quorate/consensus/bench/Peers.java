package io.quorate.consensus.bench;

import java.util.Map;

/** The products that {@link RaftBench} finds on the class path of the profile {@code peers}. */
final class Peers {
  private Peers() {}

  static void addTo(Map<String, Products.Start> products) {
    products.put("jgroups-raft", at -> new JGroupsRaftPeer(at, true));
    products.put("sofa-jraft", at -> new SofaJRaftPeer(at, true));
    products.put("ratis", RatisPeer::new);
    products.put("microraft-memory", at -> new MicroRaftPeer());
    products.put("jgroups-raft-memory", at -> new JGroupsRaftPeer(at, false));
  }
}
