/** A Raft node, leader election, the strongly consistent store, and replicated topics. */
module io.quorate.consensus {
  requires transitive io.quorate.core;
  requires org.slf4j;

  exports io.quorate.consensus.election;
  exports io.quorate.consensus.raft;
  exports io.quorate.consensus.store;
  exports io.quorate.consensus.topic;
}
