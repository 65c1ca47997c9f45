package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Signs of life between nodes, in place of those of all their groups that rest: a group without
 * work has neither timers nor messages of its own. Belongs to the host's loop.
 *
 * <p>A group that rests relies on the node of its leader, and its leader on those of all members.
 * When such a node falls silent for an election time-out, or turns out to have been restarted, the
 * groups that rely on it wake, and the rules of their cores apply as if the silence had just begun.
 */
final class Pulse {
  /** The group id of these messages; those of groups are not negative. */
  static final long GROUP = -1;

  private static final int BEATS_PER_TIMEOUT = 6;

  /** Another node, as far as groups that rest rely on it. */
  private static final class Peer {
    final Set<RaftDriver<?, ?>> resting = new LinkedHashSet<>();
    long heardNanos;
    /** Which of its lives it is in; 0 if that is not known. */
    long life;
  }

  private final Raft host;
  private final long timeoutNanos;
  private final long life;
  private final Map<NodeId, Peer> peers = new TreeMap<>();
  private final Set<RaftDriver<?, ?>> all = new LinkedHashSet<>();
  private volatile int restingGroups;
  private boolean beating;
  private long lastBeatNanos;

  Pulse(Raft host) {
    this.host = host;
    this.timeoutNanos = host.options().electionTimeout().toNanos();
    this.life = host.environment().random("raft-pulse").nextLong() >>> 1 | 1;
    host.environment().metrics().gauge("raft_resting_groups", () -> restingGroups);
  }

  /** A number that tells this life of this node from its others. */
  long life() {
    return life;
  }

  /** Has connections to {@code nodes} made before anything waits for them. */
  void greet(Iterable<NodeId> nodes) {
    nodes.forEach(this::beat);
  }

  /**
   * {@code driver}'s group rests from now on and relies on {@code nodes}.
   *
   * @param leaderLife the life of its leader's node in which that said so; 0 if this node leads
   */
  void rests(RaftDriver<?, ?> driver, Iterable<NodeId> nodes, long leaderLife) {
    all.add(driver);
    restingGroups = all.size();
    for (NodeId node : nodes) {
      Peer peer = peers.computeIfAbsent(node, unknown -> new Peer());
      if (peer.resting.isEmpty()) {
        peer.heardNanos = now();
      }
      if (leaderLife != 0) {
        inLife(peer, leaderLife);
      }
      peer.resting.add(driver);
    }
    if (!beating) {
      beating = true;
      lastBeatNanos = now();
      beat();
    }
  }

  /** {@code driver}'s group looks after itself again. */
  void wakes(RaftDriver<?, ?> driver) {
    if (all.remove(driver)) {
      restingGroups = all.size();
      peers.values().forEach(peer -> peer.resting.remove(driver));
    }
  }

  /** Whether {@code node} was heard within {@code boundNanos}. */
  boolean heardWithin(NodeId node, long boundNanos) {
    Peer peer = peers.get(node);
    return peer != null && now() - peer.heardNanos <= boundNanos;
  }

  /** How many groups of this node rest. Any thread. */
  int restingGroups() {
    return restingGroups;
  }

  void received(NodeId from, ByteReader in) {
    long itsLife = in.int64();
    in.expectEnd();
    Peer peer = peers.get(from);
    if (peer != null) {
      peer.heardNanos = now();
      inLife(peer, itsLife);
    }
  }

  private void inLife(Peer peer, long itsLife) {
    boolean restarted = peer.life != 0 && peer.life != itsLife;
    peer.life = itsLife;
    if (restarted) {
      wake(peer);
    }
  }

  private void beat() {
    long nowNanos = now();
    boolean slept = nowNanos - lastBeatNanos > timeoutNanos / 2;
    lastBeatNanos = nowNanos;
    boolean needed = false;
    for (Map.Entry<NodeId, Peer> each : peers.entrySet()) {
      Peer peer = each.getValue();
      if (peer.resting.isEmpty()) {
        continue;
      }
      if (slept) {
        // What it said meanwhile may still be queueing.
        peer.heardNanos = nowNanos;
      }
      if (nowNanos - peer.heardNanos > timeoutNanos) {
        wake(peer);
      } else {
        needed = true;
        beat(each.getKey());
      }
    }
    beating = needed;
    if (needed) {
      host.loop().schedule(timeoutNanos / BEATS_PER_TIMEOUT, this::beat);
    }
  }

  private void beat(NodeId to) {
    ByteWriter out = new ByteWriter(2 * Long.BYTES);
    host.writeHeader(out, GROUP);
    host.endpoint().send(to, out.int64(life).array());
  }

  private static void wake(Peer peer) {
    List.copyOf(peer.resting).forEach(RaftDriver::leaderSilent);
  }

  private long now() {
    return host.environment().clock().monotonicNanos();
  }
}
