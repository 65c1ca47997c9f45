package io.quorate.replication.training;

import io.quorate.core.NodeId;

/** A place of work: one of a worker's lanes. */
record Place(NodeId worker, int lane) implements Comparable<Place> {
  @Override
  public int compareTo(Place other) {
    int byWorker = worker.compareTo(other.worker);
    return byWorker != 0 ? byWorker : Integer.compare(lane, other.lane);
  }
}
