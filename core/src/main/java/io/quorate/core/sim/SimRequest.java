package io.quorate.core.sim;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Request;
import java.nio.charset.StandardCharsets;

/** A request as its receiver sees it. */
final class SimRequest implements Request {
  private final SimTransport transport;
  private final Connection.Side side;
  private final long id;
  private final byte[] payload;
  private final long deadlineNanos;
  private boolean cancelled;
  private boolean answered;

  SimRequest(SimTransport transport, Connection.Side side, Frame frame) {
    this.transport = transport;
    this.side = side;
    this.id = frame.id();
    this.payload = frame.payload().clone();
    this.deadlineNanos = clock().elapsedNanos() + frame.remainingNanos();
  }

  private SimClock clock() {
    return transport.node().clock();
  }

  void cancel() {
    cancelled = true;
  }

  @Override
  public NodeId from() {
    return side.peer().id();
  }

  @Override
  public byte[] payload() {
    return payload;
  }

  @Override
  public long remainingNanos() {
    return Math.max(0, deadlineNanos - clock().elapsedNanos());
  }

  @Override
  public boolean isCancelled() {
    return cancelled || remainingNanos() == 0;
  }

  @Override
  public void respond(byte[] answer) {
    if (answer.length > transport.maxFrameBytes()) {
      throw new IllegalArgumentException(
          "payload must be at most " + transport.maxFrameBytes() + " bytes, was "
              + answer.length);
    }
    answer(Frame.Kind.RESPONSE, answer);
  }

  @Override
  public void respondAndRecycle(byte[] answer) {
    respond(answer.clone());
    SimEndpoint.spoil(answer);
  }

  @Override
  public void refuse(String reason) {
    answer(Frame.Kind.REFUSED, reason.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void fail(String reason) {
    answer(Frame.Kind.FAILED, reason.getBytes(StandardCharsets.UTF_8));
  }

  private void answer(Frame.Kind kind, byte[] answer) {
    if (answered) {
      return;
    }
    answered = true;
    side.connection().serving.remove(id);
    if (!cancelled && side.open && transport.owner().isAlive()) {
      side.transmit(new Frame(kind, "", id, answer, 0, transport.checksum(answer)));
    }
  }
}
