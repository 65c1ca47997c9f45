package io.quorate.replication.quorum;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Delivers hints: a few at a time to each replica that has some, until it has them. A replica takes
 * a hint as any write, by comparing versions, so an old one harms nothing. If the key has moved,
 * its new replicas get the hint. Belongs to the loop.
 */
final class Hints {
  private static final long INTERVAL_NANOS = 200_000_000;
  private static final int PER_ROUND = 128;

  private final HintLog hintLog;
  private final QuorumNode node;
  private final EventLoop loop;
  private final Map<Long, Delivery> deliveries = new HashMap<>();
  private long nextOperation = 1;
  private boolean closed;

  private record Delivery(NodeId target, Key key, Cell cell) {}

  Hints(HintLog hintLog, QuorumNode node, EventLoop loop) {
    this.hintLog = hintLog;
    this.node = node;
    this.loop = loop;
    plan();
  }

  /** Hints and operations share replies; a hint's number is odd. */
  static boolean isHint(long operation) {
    return (operation & 1) == 1;
  }

  HintLog log() {
    return hintLog;
  }

  void keep(NodeId target, Key key, Cell cell) {
    hintLog.keep(target, key, cell);
  }

  private void plan() {
    loop.schedule(
        INTERVAL_NANOS,
        () -> {
          if (!closed) {
            deliveries.clear();
            hintLog.targets().forEach(this::deliver);
            plan();
          }
        });
  }

  private void deliver(NodeId target) {
    for (Key key : hintLog.some(target, PER_ROUND)) {
      hintLog
          .read(target, key)
          .thenAccept(
              cell -> {
                if (cell.isPresent() && !closed) {
                  deliver(target, key, cell.get());
                }
              });
    }
  }

  private void deliver(NodeId target, Key key, Cell cell) {
    List<NodeId> owners =
        node.topology().setsOf(key.bytes()).stream().flatMap(List::stream).distinct().toList();
    if (!owners.contains(target)) {
      owners.forEach(owner -> hintLog.keep(owner, key, cell));
      hintLog.delivered(target, key, cell);
      return;
    }
    long operation = nextOperation;
    nextOperation += 2;
    deliveries.put(operation, new Delivery(target, key, cell));
    node.send(
        target, new QuorumMessage.Write(operation, node.topology().epoch(), key, cell));
  }

  void answered(QuorumMessage.Reply reply) {
    Delivery delivery = deliveries.remove(reply.operation());
    if (delivery == null) {
      return;
    }
    boolean useless =
        reply instanceof QuorumMessage.Refused refused
            && refused.reason() == QuorumMessage.Reason.TOO_OLD;
    if (reply instanceof QuorumMessage.Stored || useless) {
      hintLog.delivered(delivery.target, delivery.key, delivery.cell);
    }
  }

  CompletableFuture<Void> shutdown() {
    closed = true;
    return hintLog.shutdown();
  }
}
