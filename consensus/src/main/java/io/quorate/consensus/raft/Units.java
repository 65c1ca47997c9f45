package io.quorate.consensus.raft;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The form in which a node remembers: one record of its write-ahead log for each persist.
 *
 * <pre>
 * bytes  field
 * 1      version, 1
 * 1-9    term, a varint
 * 1-65   vote as text; empty for none
 * 1      whether a reset follows
 * n      the mark of the snapshot behind which the log begins anew
 * 1-9    index of the first entry, a varint; 0 if the log does not change
 * n      entries behind their count
 * </pre>
 */
final class Units {
  private static final int VERSION = 1;

  private Units() {}

  static byte[] encode(Effect.Persist unit) {
    return Entry.behind(head(unit), unit.entries());
  }

  /** The same where it lies, so that it is copied but once, into the log. */
  static ByteBuffer[] pieces(Effect.Persist unit) {
    return Entry.piecesBehind(head(unit), unit.entries()).toArray(ByteBuffer[]::new);
  }

  private static ByteWriter head(Effect.Persist unit) {
    ByteWriter head = new ByteWriter(64);
    head.int8(VERSION).varint(unit.term());
    head.text(unit.vote().map(NodeId::value).orElse(""));
    head.bool(unit.reset().isPresent());
    unit.reset().ifPresent(mark -> SnapshotMark.CODEC.write(head, mark));
    head.varint(unit.fromIndex());
    return head;
  }

  /** Gives one unit back to {@code replay}. */
  static void decode(byte[] record, Replay replay) {
    ByteReader in = new ByteReader(record);
    int version = in.uint8();
    if (version != VERSION) {
      throw in.malformed("a log unit of version " + version + ", this release knows " + VERSION);
    }
    long term = in.varint();
    String vote = in.text(64, "vote");
    SnapshotMark reset = in.bool() ? SnapshotMark.CODEC.read(in) : null;
    long fromIndex = in.varint();
    List<Entry> entries = Entry.readAll(in);
    in.expectEnd();
    replay.take(term, vote.isEmpty() ? null : NodeId.of(vote), reset, fromIndex, entries);
  }
}
