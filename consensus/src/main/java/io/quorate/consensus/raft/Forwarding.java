package io.quorate.consensus.raft;

import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Batches of commands on their way to the leader of another node, and the answers.
 *
 * <p>A request has, behind its count, for each command: kind, session, sequence, lowest pending
 * (all but the first as varints) and the payload as a block. An answer has for each command a
 * status, the index as a varint, and the result as a block.
 */
final class Forwarding {
  private static final int APPLIED = 0;
  private static final int REFUSED = 1;
  private static final int UNKNOWN = 2;
  private static final int EXPIRED = 3;

  private Forwarding() {}

  static void writeBatch(ByteWriter out, List<Proposal> batch) {
    out.varint(batch.size());
    for (Proposal proposal : batch) {
      out.int8(proposal.kind()).varint(proposal.session()).varint(proposal.sequence());
      out.varint(proposal.lowestPending()).block(proposal.payload());
    }
  }

  static List<Proposal> readBatch(ByteReader in) {
    int count = in.count(5, "commands");
    List<Proposal> batch = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int kind = in.uint8();
      if (kind != Entry.COMMAND && kind != Entry.SESSION) {
        throw in.malformed("a forwarded entry of kind " + kind);
      }
      long session = in.varint();
      long sequence = in.varint();
      long lowestPending = in.varint();
      if (lowestPending > sequence) {
        throw in.malformed("lowest pending " + lowestPending + " behind " + sequence);
      }
      batch.add(new Proposal(kind, session, sequence, lowestPending, in.block()));
    }
    return batch;
  }

  /** Collects what becomes of a batch and answers when it is all known. */
  static final class Answer<R> {
    private final Request request;
    private final Codec<R> codec;
    private final byte[][] outcomes;
    private final AtomicInteger missing;

    Answer(Request request, Codec<R> codec, int count) {
      this.request = request;
      this.codec = codec;
      this.outcomes = new byte[count][];
      this.missing = new AtomicInteger(count);
    }

    List<Completion<R>> completions() {
      List<Completion<R>> completions = new ArrayList<>();
      for (int i = 0; i < outcomes.length; i++) {
        completions.add(new One(i));
      }
      return completions;
    }

    private void set(int i, byte[] outcome) {
      outcomes[i] = outcome;
      // The counter publishes the outcomes to whoever comes last.
      if (missing.decrementAndGet() == 0) {
        ByteWriter out = new ByteWriter();
        for (byte[] one : outcomes) {
          out.bytes(one);
        }
        request.respond(out.toByteArray());
      }
    }

    private final class One implements Completion<R> {
      private final int at;

      One(int at) {
        this.at = at;
      }

      @Override
      public void applied(long index, R result) {
        ByteWriter out = new ByteWriter().int8(APPLIED).varint(index);
        // There is no result for what opens a session, nor for what nobody waits for any more.
        set(at, out.block(result == null ? new byte[0] : codec.encode(result)).toByteArray());
      }

      @Override
      public void failed(OperationException cause) {
        int status =
            cause instanceof SessionExpiredException
                ? EXPIRED
                : cause.mayHaveTakenEffect() ? UNKNOWN : REFUSED;
        set(at, new ByteWriter().int8(status).toByteArray());
      }
    }
  }

  /** Tells each completion what the leader's node has answered. */
  static <R> void readAnswer(
      ByteReader in,
      Codec<R> codec,
      List<Proposal> batch,
      List<? extends Completion<R>> completions) {
    for (int i = 0; i < batch.size(); i++) {
      int status = in.uint8();
      Completion<R> completion = completions.get(i);
      switch (status) {
        case APPLIED -> {
          long index = in.varint();
          byte[] result = in.block();
          boolean command = batch.get(i).kind() == Entry.COMMAND;
          completion.applied(
              index, command && result.length > 0 ? codec.decode(result) : null);
        }
        case REFUSED -> completion.failed(new RefusedException("refused by the leader"));
        case UNKNOWN -> completion.failed(new IndeterminateException("the leader lost its office"));
        case EXPIRED ->
            completion.failed(new SessionExpiredException(batch.get(i).session()));
        default -> throw in.malformed("a status of " + status);
      }
    }
  }
}
