/** Quorum and eventually consistent stores, checkpoints, training. */
module io.quorate.replication {
  requires transitive io.quorate.core;
  requires transitive io.quorate.partitioning;
  requires io.quorate.resilience;
  requires org.slf4j;

  exports io.quorate.replication;
  exports io.quorate.replication.checkpoint;
  exports io.quorate.replication.crdt;
  exports io.quorate.replication.eventual;
  exports io.quorate.replication.local;
  exports io.quorate.replication.quorum;
  exports io.quorate.replication.training;
}
