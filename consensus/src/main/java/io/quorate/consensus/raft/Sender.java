package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Sends the messages of one group, and holds back those that rest on what is not durable yet.
 * Belongs to the group's loop.
 */
final class Sender {
  private record Held(long barrier, NodeId to, Message message) {}

  private final Raft host;
  private final long groupId;
  private final ByteWriter wire = new ByteWriter(128);
  private final Deque<Held> held = new ArrayDeque<>();
  /** What was encoded last, and from what: the peers of a leader are often sent the same. */
  private Message.Append latest;
  private byte[] latestBytes;

  Sender(Raft host, long groupId) {
    this.host = host;
    this.groupId = groupId;
  }

  /** Sends {@code effect}'s message once all up to its barrier is durable. */
  void send(Effect.Send effect, long durablePersist) {
    if (effect.barrier() <= durablePersist) {
      transmit(effect.to(), effect.message());
    } else {
      held.addLast(new Held(effect.barrier(), effect.to(), effect.message()));
    }
  }

  /** All up to {@code persist} is durable. */
  void release(long persist) {
    while (!held.isEmpty() && held.peekFirst().barrier <= persist) {
      Held next = held.pollFirst();
      transmit(next.to, next.message);
    }
  }

  /** Forgets what is held back. */
  void close() {
    held.clear();
    latest = null;
    latestBytes = null;
  }

  void transmit(NodeId to, Message message) {
    if (message instanceof Message.Append append) {
      host.endpoint().send(to, encoded(append));
      return;
    }
    beginMessage();
    MessageCodec.INSTANCE.write(wire, message);
    host.endpoint().send(to, wire.toByteArray());
  }

  private byte[] encoded(Message.Append append) {
    if (append != latest) {
      beginMessage();
      MessageCodec.writeHead(wire, append);
      latestBytes = Entry.behind(wire, append.entries());
      latest = append;
    }
    return latestBytes;
  }

  private void beginMessage() {
    wire.clear();
    host.writeHeader(wire, groupId);
    wire.int64(host.member().birth());
  }
}
