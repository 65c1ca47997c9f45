package io.quorate.replication.quorum;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import java.util.Map;
import java.util.TreeMap;

/**
 * Gathers what is said to each peer during one turn of the loop and sends it as one frame. What
 * cannot be sent now is dropped: the coordinator says it again in time. Belongs to the loop.
 */
final class Frames implements AutoCloseable {
  private static final String SERVICE = "quorum";
  private static final int FRAME_BYTES = 256 << 10;
  private static final int EMPTY_BYTES = 9;

  private final EventLoop loop;
  private final long incarnation;
  private final Endpoint endpoint;
  private final Map<NodeId, Lane> lanes = new TreeMap<>();
  private boolean planned;

  /** Two frames for one peer: what we ask, and what we answer. */
  private static final class Lane {
    final ByteWriter requests = new ByteWriter(1 << 12);
    final ByteWriter replies = new ByteWriter(1 << 12);
    long repliesTo;
  }

  Frames(Environment environment, EventLoop loop, long incarnation, Handler handler) {
    this.loop = loop;
    this.incarnation = incarnation;
    this.endpoint = environment.transport().open(SERVICE, loop, handler);
  }

  void request(NodeId to, QuorumMessage.Request request) {
    Lane lane = lane(to);
    if (lane.requests.size() == 0) {
      QuorumFrames.begin(lane.requests, incarnation);
    }
    QuorumFrames.write(lane.requests, request);
    written(to, lane.requests);
  }

  void reply(NodeId to, long incarnation, QuorumMessage.Reply reply) {
    Lane lane = lane(to);
    if (lane.replies.size() > 0 && lane.repliesTo != incarnation) {
      flush(to, lane.replies);
    }
    if (lane.replies.size() == 0) {
      lane.repliesTo = incarnation;
      QuorumFrames.begin(lane.replies, incarnation);
    }
    QuorumFrames.write(lane.replies, reply);
    written(to, lane.replies);
  }

  private Lane lane(NodeId to) {
    return lanes.computeIfAbsent(to, node -> new Lane());
  }

  private void written(NodeId to, ByteWriter frame) {
    if (frame.size() >= FRAME_BYTES) {
      flush(to, frame);
    } else if (!planned) {
      planned = true;
      loop.execute(this::flushAll);
    }
  }

  private void flushAll() {
    planned = false;
    for (Map.Entry<NodeId, Lane> lane : lanes.entrySet()) {
      flush(lane.getKey(), lane.getValue().requests);
      flush(lane.getKey(), lane.getValue().replies);
    }
  }

  private void flush(NodeId to, ByteWriter frame) {
    if (frame.size() > EMPTY_BYTES) {
      endpoint.send(to, frame.toByteArray());
    }
    frame.clear();
  }

  @Override
  public void close() {
    flushAll();
    endpoint.close();
  }
}
