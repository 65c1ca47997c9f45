package io.quorate.core.pubsub;

import io.quorate.core.OperationException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * What a {@link RemoteBroker} and a {@link BrokerHost} say to each other, in requests and answers
 * of the transport. Integers of fixed width are big-endian.
 *
 * <pre>
 * request  int8 version 1 | int8 kind | int64 incarnation of the host, 0 if unknown: it is told
 *          then, and nothing done | fields
 *   1 Command  text client | varint number | varint oldest number not given up | command
 *   2 Fetch    text session | varint confirmed
 * answer   int8 version 1 | int8 status | int64 incarnation of the host | fields
 *   0 Done     of a command: outcomes
 *   1 Effects  varint number of the first | varint count | effect*
 *   2 Restarted    the host is another one than the client knew
 *   3 Gone         the session is not open
 *   4 OutOfOrder   commands before this one are missing
 *   5 Stale        the command was given up by the client, or it is answered already
 *   6 Refused      text why the command had no effect and never will
 *   7 Failed       text why nobody knows what became of the command
 * </pre>
 *
 * Commands, outcomes and effects are as their codecs draw them.
 */
final class BrokerFrames {
  static final int VERSION = 1;
  private static final int MAX_TEXT_BYTES = 1 << 16;

  private BrokerFrames() {}

  /** What a client asks. */
  sealed interface Ask {
    /** The host that the client knows; 0 for any. */
    long incarnation();
  }

  /** Carries out the command with {@code number} once, after all from {@code oldest} to it. */
  record Command(
      long incarnation, String client, long number, long oldest, BrokerCommand command)
      implements Ask {}

  /** Waits for effects after those that are {@code confirmed}. */
  record Fetch(long incarnation, String session, long confirmed) implements Ask {}

  /** How a request went; the order is part of the format. */
  enum Status {
    DONE,
    EFFECTS,
    RESTARTED,
    GONE,
    OUT_OF_ORDER,
    STALE,
    REFUSED,
    FAILED
  }

  /**
   * What a host answers.
   *
   * @param outcomes empty unless DONE
   * @param first the number of the first effect
   * @param effects empty unless EFFECTS
   * @param text empty unless REFUSED or FAILED
   */
  record Answer(
      Status status,
      long incarnation,
      List<Outcome> outcomes,
      long first,
      List<BrokerEffect> effects,
      String text) {}

  static byte[] command(
      long incarnation, String client, long number, long oldest, byte[] command) {
    return new ByteWriter(command.length + 64)
        .int8(VERSION)
        .int8(1)
        .int64(incarnation)
        .text(client)
        .varint(number)
        .varint(oldest)
        .bytes(command)
        .toByteArray();
  }

  static byte[] fetch(long incarnation, String session, long confirmed) {
    return new ByteWriter()
        .int8(VERSION)
        .int8(2)
        .int64(incarnation)
        .text(session)
        .varint(confirmed)
        .toByteArray();
  }

  static Ask ask(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    Fields.version(in, VERSION, "broker request");
    int kind = in.uint8();
    long incarnation = in.int64();
    Ask ask =
        switch (kind) {
          case 1 ->
              new Command(
                  incarnation,
                  Fields.name(in),
                  in.varint(),
                  in.varint(),
                  BrokerCommand.CODEC.read(in));
          case 2 -> new Fetch(incarnation, Fields.name(in), in.varint());
          default -> throw in.malformed("no broker request " + kind);
        };
    in.expectEnd();
    return ask;
  }

  static byte[] status(Status status, long incarnation) {
    return head(status, incarnation).toByteArray();
  }

  private static ByteWriter head(Status status, long incarnation) {
    return new ByteWriter(256).int8(VERSION).int8(status.ordinal()).int64(incarnation);
  }

  static byte[] done(long incarnation, List<Outcome> outcomes) {
    ByteWriter out = head(Status.DONE, incarnation);
    Outcome.CODEC.write(out, outcomes);
    return out.toByteArray();
  }

  static byte[] failed(long incarnation, OperationException cause) {
    Status status = cause.mayHaveTakenEffect() ? Status.FAILED : Status.REFUSED;
    return head(status, incarnation).text(String.valueOf(cause.getMessage())).toByteArray();
  }

  /** Effects as bytes, those from {@code first} on. */
  static byte[] effects(long incarnation, long first, List<byte[]> effects) {
    ByteWriter out = head(Status.EFFECTS, incarnation);
    out.varint(first).varint(effects.size());
    effects.forEach(out::bytes);
    return out.toByteArray();
  }

  static Answer answer(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    Fields.version(in, VERSION, "broker answer");
    Status status = Fields.constant(in, Status.values());
    long incarnation = in.int64();
    List<Outcome> outcomes = List.of();
    List<BrokerEffect> effects = new ArrayList<>();
    long first = 0;
    String text = "";
    if (status == Status.DONE) {
      outcomes = Outcome.CODEC.read(in);
    } else if (status == Status.EFFECTS) {
      first = in.varint();
      for (int i = in.count(3, "effects"); i > 0; i--) {
        effects.add(BrokerEffect.CODEC.read(in));
      }
    }
    if (status == Status.REFUSED || status == Status.FAILED) {
      text = in.text(MAX_TEXT_BYTES, "reason");
    }
    in.expectEnd();
    return new Answer(status, incarnation, outcomes, first, effects, text);
  }
}
