package io.quorate.core.transport;

import io.quorate.core.NodeId;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A request that has arrived. Its first answer goes to the {@link Replies} it came with. */
final class IncomingRequest implements Request {
  /** How a request ended. */
  enum Answer {
    RESPONSE,
    /** A response whose array is the transport's from now on. */
    LAST_USED_RESPONSE,
    REFUSAL,
    FAILURE
  }

  /** Carries answers back. Called from any thread, once for each request. */
  interface Replies {
    void reply(IncomingRequest request, Answer answer, byte[] payload);

    long monotonicNanos();

    int maxPayloadBytes();
  }

  /** The most of a reason that is carried, in bytes. */
  static final int MAX_REASON_BYTES = 1_024;

  private static final VarHandle STATE;
  private static final int OPEN = 0;
  private static final int ANSWERED = 1;
  private static final int CANCELLED = 2;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(IncomingRequest.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Replies replies;
  private final NodeId from;
  private final long id;
  private final byte[] payload;
  private final long deadlineNanos;
  private volatile int state = OPEN;

  IncomingRequest(Replies replies, NodeId from, long id, byte[] payload, long deadlineNanos) {
    this.replies = replies;
    this.from = from;
    this.id = id;
    this.payload = payload;
    this.deadlineNanos = deadlineNanos;
  }

  long id() {
    return id;
  }

  @Override
  public NodeId from() {
    return from;
  }

  @Override
  public byte[] payload() {
    return payload;
  }

  @Override
  public long remainingNanos() {
    return Math.max(0, deadlineNanos - replies.monotonicNanos());
  }

  @Override
  public boolean isCancelled() {
    return state == CANCELLED || (state == OPEN && remainingNanos() == 0);
  }

  @Override
  public void respond(byte[] payload) {
    checkSize(payload);
    answer(Answer.RESPONSE, payload);
  }

  @Override
  public void respondAndRecycle(byte[] payload) {
    checkSize(payload);
    answer(Answer.LAST_USED_RESPONSE, payload);
  }

  private void checkSize(byte[] payload) {
    if (payload.length > replies.maxPayloadBytes()) {
      throw new IllegalArgumentException(
          "payload must be at most " + replies.maxPayloadBytes() + " bytes, was " + payload.length);
    }
  }

  @Override
  public void refuse(String reason) {
    answer(Answer.REFUSAL, bytesOf(reason));
  }

  @Override
  public void fail(String reason) {
    answer(Answer.FAILURE, bytesOf(reason));
  }

  /** The caller has given up. Returns whether it was not answered before. */
  boolean cancel() {
    return STATE.compareAndSet(this, OPEN, CANCELLED);
  }

  private void answer(Answer answer, byte[] bytes) {
    if (STATE.compareAndSet(this, OPEN, ANSWERED)) {
      replies.reply(this, answer, bytes);
    }
  }

  private static byte[] bytesOf(String reason) {
    byte[] bytes = reason.getBytes(StandardCharsets.UTF_8);
    return bytes.length <= MAX_REASON_BYTES ? bytes : Arrays.copyOf(bytes, MAX_REASON_BYTES);
  }
}
