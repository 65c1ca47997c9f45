package io.quorate.consensus.raft;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One entry of the replicated log: a window on an encoded array that it shares with its neighbours.
 *
 * <p>The same bytes travel on the wire and lie on disk, so a follower never encodes what it
 * received.
 *
 * <pre>
 * bytes  field
 * 1-4    length of all that follows, a varint
 * 1      kind
 * 1-9    term, a varint
 * 1-9    log time in milliseconds, a varint
 * 1-9    session, a varint; 0 for none            (commands only)
 * 1-9    sequence within the session, a varint    (only with a session)
 * 1-9    sequence minus the lowest not yet answered, a varint   (only with a session)
 * rest   payload
 * </pre>
 */
final class Entry {
  /** Takes effect by its place in the log alone: the first of a term, or the passing of time. */
  static final int NOOP = 0;

  /** A command for the state machine. */
  static final int COMMAND = 1;

  /** Who votes and who learns from here on. */
  static final int CONFIGURATION = 2;

  /** Opens the session whose id is this entry's index. */
  static final int SESSION = 3;

  private static final int MIN_BYTES = 4;
  /** Kind, term, time, session and its numbers, and the length. */
  private static final int USUAL_HEADER_BYTES = 24;

  final int kind;
  final long term;
  final long timeMillis;
  final long session;
  final long sequence;
  final long lowestPending;
  final byte[] array;
  final int from;
  final int length;
  final int payloadFrom;

  private Entry(byte[] array, int from, ByteReader in) {
    int body = in.varint(in.remaining(), "entry length");
    int bodyFrom = in.position();
    this.array = array;
    this.from = from;
    this.length = bodyFrom - from + body;
    this.kind = in.uint8();
    if (kind > SESSION) {
      throw in.malformed("an entry of kind " + kind);
    }
    this.term = in.varint();
    this.timeMillis = in.varint();
    this.session = kind == COMMAND ? in.varint() : 0;
    this.sequence = session == 0 ? 0 : in.varint();
    this.lowestPending = session == 0 ? 0 : sequence - in.varint();
    this.payloadFrom = in.position();
    if (payloadFrom - bodyFrom > body || lowestPending < 0) {
      throw in.malformed("an entry whose header does not fit it");
    }
    in.skip(body - (payloadFrom - bodyFrom));
  }

  int payloadLength() {
    return from + length - payloadFrom;
  }

  byte[] payload() {
    return payloadReader().bytes(payloadLength());
  }

  ByteReader payloadReader() {
    return new ByteReader(array, payloadFrom, payloadLength());
  }

  /** The entry whose encoding begins at {@code from} of {@code array}. */
  static Entry at(byte[] array, int from) {
    return new Entry(array, from, new ByteReader(array, from, array.length - from));
  }

  /** The entry that {@code proposal} becomes in {@code term}. */
  static Entry of(Proposal proposal, long term, long timeMillis) {
    return encode(List.of(proposal), term, timeMillis).get(0);
  }

  /** Encodes a batch into one array that all of its entries share, without room to spare. */
  static List<Entry> encode(List<Proposal> batch, long term, long timeMillis) {
    ByteWriter headers = new ByteWriter(batch.size() * USUAL_HEADER_BYTES);
    int[] lengthsAt = new int[batch.size()];
    int[] ends = new int[batch.size()];
    int total = 0;
    for (int i = 0; i < ends.length; i++) {
      Proposal proposal = batch.get(i);
      int from = headers.size();
      headers.int8(proposal.kind()).varint(term).varint(timeMillis);
      if (proposal.kind() == COMMAND) {
        headers.varint(proposal.session());
        if (proposal.session() != 0) {
          headers.varint(proposal.sequence());
          headers.varint(proposal.sequence() - proposal.lowestPending());
        }
      }
      // The length stands before the header, but is known behind it.
      lengthsAt[i] = headers.size();
      headers.varint(headers.size() - from + proposal.payload().length);
      ends[i] = headers.size();
      total += ends[i] - from + proposal.payload().length;
    }
    ByteWriter out = new ByteWriter(total);
    for (int i = 0; i < ends.length; i++) {
      int from = i == 0 ? 0 : ends[i - 1];
      out.bytes(headers.array(), lengthsAt[i], ends[i] - lengthsAt[i]);
      out.bytes(headers.array(), from, lengthsAt[i] - from).bytes(batch.get(i).payload());
    }
    ByteReader in = new ByteReader(out.array());
    List<Entry> entries = new ArrayList<>(batch.size());
    for (int i = 0; i < ends.length; i++) {
      entries.add(new Entry(out.array(), in.position(), in));
    }
    return entries;
  }

  /** Writes entries behind their count. */
  static void writeAll(ByteWriter out, List<Entry> entries) {
    out.varint(entries.size());
    copy(pieces(entries), out);
  }

  /** What {@code head} holds, then entries behind their count, in an array without spare room. */
  static byte[] behind(ByteWriter head, List<Entry> entries) {
    List<ByteBuffer> pieces = piecesBehind(head, entries);
    int size = 0;
    for (ByteBuffer piece : pieces) {
      size += piece.remaining();
    }
    ByteWriter out = new ByteWriter(size);
    copy(pieces, out);
    return out.array();
  }

  private static void copy(List<ByteBuffer> pieces, ByteWriter out) {
    for (ByteBuffer piece : pieces) {
      out.bytes(piece.array(), piece.position(), piece.remaining());
    }
  }

  /**
   * The same where it lies: what {@code head} holds, which must not be altered any more, then
   * entries behind their count.
   */
  static List<ByteBuffer> piecesBehind(ByteWriter head, List<Entry> entries) {
    head.varint(entries.size());
    List<ByteBuffer> pieces = new ArrayList<>();
    pieces.add(ByteBuffer.wrap(head.array(), 0, head.size()));
    pieces.addAll(pieces(entries));
    return pieces;
  }

  /** Where the bytes of entries lie; neighbours in one array are one piece. */
  private static List<ByteBuffer> pieces(List<Entry> entries) {
    List<ByteBuffer> pieces = new ArrayList<>();
    int i = 0;
    while (i < entries.size()) {
      Entry first = entries.get(i);
      int end = first.from + first.length;
      i++;
      while (i < entries.size()
          && entries.get(i).array == first.array
          && entries.get(i).from == end) {
        end += entries.get(i).length;
        i++;
      }
      pieces.add(ByteBuffer.wrap(first.array, first.from, end - first.from));
    }
    return pieces;
  }

  /** Reads what {@link #writeAll} writes; the entries alias the reader's array. */
  static List<Entry> readAll(ByteReader in) {
    int count = in.count(MIN_BYTES, "entries");
    List<Entry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      entries.add(new Entry(in.array(), in.position(), in));
    }
    return entries;
  }
}
