package io.quorate.replication.replica;

import io.quorate.core.NodeId;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntUnaryOperator;

/**
 * Decides, from what is known of the peers, how far others may rely on this replica. Pure.
 *
 * <p>It <em>has caught up</em>, and may stand for what was acknowledged, once it has compared
 * itself with so many serving members of each of its sets that every write quorum had one of them;
 * or once every other member has said that its disk was never used, as its own: then the cluster is
 * new. Not fewer will do: of three members of which two have lost their disks, the third may hold
 * what was acknowledged. A member of a new cluster takes no writes before the cluster <em>is
 * formed</em>: before so many serve that the others can catch up with them, who would find a used
 * disk otherwise.
 *
 * <p>While keys move, it <em>is prepared</em>, and may take writes of keys that come to it, once it
 * knows what was forgotten by so many sources that none can have forgotten more. And it <em>has
 * received</em> its keys once it has compared itself with so many serving sources of every set, all
 * of the new epoch, that every quorum of the epoch before had one of them: then it holds all that
 * was acknowledged under that epoch, and nothing can be any more.
 */
final class CatchUp {
  private final NodeId self;
  private final Repair.Quorums quorums;
  private final Set<NodeId> serving = new TreeSet<>();
  private final Set<NodeId> unused = new TreeSet<>();
  private final Set<NodeId> compared = new TreeSet<>();
  private Topology topology;
  private List<List<NodeId>> sources;
  private Set<NodeId> sourceNodes;
  private boolean caughtUp;
  private boolean formed;
  private boolean received;

  CatchUp(
      NodeId self, Repair.Quorums quorums, Topology topology, boolean caughtUp, boolean used) {
    this.self = self;
    this.quorums = quorums;
    this.caughtUp = caughtUp;
    this.formed = caughtUp && used;
    begin(topology);
  }

  /**
   * Begins anew under another topology: what was known of the peers was known under the old one.
   */
  void begin(Topology topology) {
    this.topology = topology;
    this.sources = topology.sources();
    this.sourceNodes = new TreeSet<>();
    sources.forEach(sourceNodes::addAll);
    serving.clear();
    unused.clear();
    compared.clear();
    received = false;
  }

  boolean hasCaughtUp() {
    return caughtUp;
  }

  /** Whether it may take writes, as far as the age of the cluster goes. */
  boolean isFormed() {
    return formed;
  }

  boolean hasReceived() {
    return received;
  }

  /** Whether there is anything left to compare for. */
  boolean isDone() {
    return caughtUp && formed && (received || !topology.isMoving()) || !concernsSelf();
  }

  private boolean concernsSelf() {
    return topology.nodes().contains(self);
  }

  /** A peer of the same epoch has said what it is like. */
  void heard(NodeId peer, RepairMessage.Standing standing) {
    mark(serving, peer, standing.serving());
    mark(unused, peer, !standing.used());
  }

  private static void mark(Set<NodeId> nodes, NodeId peer, boolean mark) {
    if (mark) {
      nodes.add(peer);
    } else {
      nodes.remove(peer);
    }
  }

  /** All that this replica shares with {@code peer} was compared. */
  void compared(NodeId peer) {
    if (serving.contains(peer)) {
      compared.add(peer);
    }
  }

  boolean hasHeard(NodeId peer) {
    return serving.contains(peer);
  }

  boolean hasCompared(NodeId peer) {
    return compared.contains(peer);
  }

  /**
   * Looks again at what is known.
   *
   * @param used whether this replica's disk holds anything, or has
   */
  void consider(boolean used) {
    if (!caughtUp && isSource(self)) {
      caughtUp = sources.stream().allMatch(set -> hasCaughtUpIn(set, used));
    }
    if (topology.isMoving() && concernsSelf() && !received && (caughtUp || !isSource(self))) {
      received = allHave(compared, quorums::move);
      caughtUp |= received;
    }
    formed |= caughtUp && (used || allHave(serving, quorums::catchUp));
  }

  /** Whether {@code node} is a source of any keys. */
  boolean isSource(NodeId node) {
    return sourceNodes.contains(node);
  }

  /** Somebody has decided that what is missing here is given up. */
  void acceptLoss() {
    caughtUp = true;
    formed = true;
  }

  private boolean hasCaughtUpIn(List<NodeId> set, boolean used) {
    if (!set.contains(self)) {
      return true;
    }
    boolean isNew =
        !used && set.stream().allMatch(peer -> peer.equals(self) || unused.contains(peer));
    return isNew || count(compared, set) >= quorums.catchUp(set.size());
  }

  /** Whether it may take writes of keys that come to it. */
  boolean isPrepared() {
    return received || allHave(serving, quorums::move);
  }

  /** Whether of every set of sources there are enough among {@code peers} and this replica. */
  private boolean allHave(Collection<NodeId> peers, IntUnaryOperator needed) {
    for (List<NodeId> set : sources) {
      int own = caughtUp && set.contains(self) ? 1 : 0;
      if (own + count(peers, set) < needed.applyAsInt(set.size())) {
        return false;
      }
    }
    return true;
  }

  private static long count(Collection<NodeId> peers, List<NodeId> set) {
    return set.stream().filter(peers::contains).count();
  }
}
