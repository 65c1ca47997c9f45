package io.quorate.consensus.raft;

import io.quorate.consensus.raft.Message.Append;
import io.quorate.consensus.raft.Message.AppendReply;
import io.quorate.consensus.raft.Message.Chunk;
import io.quorate.consensus.raft.Message.ChunkReply;
import io.quorate.consensus.raft.Message.PreVote;
import io.quorate.consensus.raft.Message.PreVoteReply;
import io.quorate.consensus.raft.Message.ReadIndex;
import io.quorate.consensus.raft.Message.ReadIndexReply;
import io.quorate.consensus.raft.Message.Rest;
import io.quorate.consensus.raft.Message.TimeoutNow;
import io.quorate.consensus.raft.Message.Vote;
import io.quorate.consensus.raft.Message.VoteReply;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;

/** A byte for the kind, the term, then the fields in their order; numbers are varints. */
final class MessageCodec implements Codec<Message> {
  static final MessageCodec INSTANCE = new MessageCodec();

  private static final int PRE_VOTE = 1;
  private static final int PRE_VOTE_REPLY = 2;
  private static final int VOTE = 3;
  private static final int VOTE_REPLY = 4;
  private static final int APPEND = 5;
  private static final int APPEND_REPLY = 6;
  private static final int CHUNK = 7;
  private static final int CHUNK_REPLY = 8;
  private static final int TIMEOUT_NOW = 9;
  private static final int READ_INDEX = 10;
  private static final int READ_INDEX_REPLY = 11;
  private static final int REST = 12;

  private MessageCodec() {}

  @Override
  public void write(ByteWriter out, Message message) {
    if (message instanceof Append m) {
      writeHead(out, m);
      Entry.writeAll(out, m.entries());
    } else if (message instanceof AppendReply m) {
      out.int8(APPEND_REPLY).varint(m.term()).varint(m.round()).bool(m.success());
      out.varint(m.index()).varint(m.hint());
    } else if (message instanceof PreVote m) {
      out.int8(PRE_VOTE).varint(m.term()).varint(m.lastIndex()).varint(m.lastTerm());
    } else if (message instanceof PreVoteReply m) {
      out.int8(PRE_VOTE_REPLY).varint(m.term()).varint(m.requestTerm()).bool(m.granted());
    } else if (message instanceof Vote m) {
      out.int8(VOTE).varint(m.term()).varint(m.lastIndex()).varint(m.lastTerm());
      out.bool(m.transfer());
    } else if (message instanceof VoteReply m) {
      out.int8(VOTE_REPLY).varint(m.term()).bool(m.granted());
    } else if (message instanceof Chunk m) {
      out.int8(CHUNK).varint(m.term());
      writeId(out, m.id());
      out.varint(m.offset()).block(m.bytes());
    } else if (message instanceof ChunkReply m) {
      out.int8(CHUNK_REPLY).varint(m.term());
      writeId(out, m.id());
      out.varint(m.nextOffset()).bool(m.installed());
    } else if (message instanceof TimeoutNow m) {
      out.int8(TIMEOUT_NOW).varint(m.term());
    } else if (message instanceof ReadIndex m) {
      out.int8(READ_INDEX).varint(m.term()).varint(m.id());
    } else if (message instanceof ReadIndexReply m) {
      out.int8(READ_INDEX_REPLY).varint(m.term()).varint(m.id()).bool(m.known()).varint(m.index());
    } else if (message instanceof Rest m) {
      out.int8(REST).varint(m.term()).varint(m.index()).int64(m.life());
    } else {
      throw new AssertionError("unhandled message " + message);
    }
  }

  /** Writes all that is before the count of the entries. */
  static void writeHead(ByteWriter out, Append m) {
    out.int8(APPEND).varint(m.term()).varint(m.prevIndex()).varint(m.prevTerm());
    out.varint(m.commitIndex()).varint(m.round());
  }

  @Override
  public Message read(ByteReader in) {
    int kind = in.uint8();
    long term = in.varint();
    return switch (kind) {
      case PRE_VOTE -> new PreVote(term, in.varint(), in.varint());
      case PRE_VOTE_REPLY -> new PreVoteReply(term, in.varint(), in.bool());
      case VOTE -> new Vote(term, in.varint(), in.varint(), in.bool());
      case VOTE_REPLY -> new VoteReply(term, in.bool());
      case APPEND ->
          new Append(
              term, in.varint(), in.varint(), in.varint(), in.varint(), Entry.readAll(in));
      case APPEND_REPLY -> new AppendReply(term, in.varint(), in.bool(), in.varint(), in.varint());
      case CHUNK -> new Chunk(term, readId(in), in.varint(), in.block());
      case CHUNK_REPLY -> new ChunkReply(term, readId(in), in.varint(), in.bool());
      case TIMEOUT_NOW -> new TimeoutNow(term);
      case READ_INDEX -> new ReadIndex(term, in.varint());
      case READ_INDEX_REPLY -> new ReadIndexReply(term, in.varint(), in.bool(), in.varint());
      case REST -> new Rest(term, in.varint(), in.int64());
      default -> throw in.malformed("a message of kind " + kind);
    };
  }

  private static void writeId(ByteWriter out, SnapshotId id) {
    out.varint(id.index()).varint(id.term()).varint(id.bytes()).int32(id.crc());
  }

  private static SnapshotId readId(ByteReader in) {
    return new SnapshotId(in.varint(), in.varint(), in.varint(), in.int32());
  }
}
