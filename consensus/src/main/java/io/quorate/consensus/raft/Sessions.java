package io.quorate.consensus.raft;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * Remembers which commands of which session have been applied, and with what result, so that one
 * that was sent twice is applied once. Part of the replicated state: the same on all nodes, and in
 * every snapshot. Sessions are forgotten by log time, and the least recently used one when there
 * are too many.
 *
 * @see <a href="https://github.com/ongardie/dissertation">Ongaro, Consensus, 6.3</a>
 */
final class Sessions<R> {
  static final int MAX_SESSIONS = 10_000;
  private static final float LOAD = 0.75f;

  /** What the table says of a command. */
  enum Verdict {
    NEW,
    /** Applied before; its result is known. */
    KNOWN,
    /** Applied before, and its caller has said that it has the result. */
    CONFIRMED,
    /** The session is not known any more: the command must not be applied. */
    EXPIRED
  }

  private static final class Session<R> {
    long lastMillis;
    long lowestPending;
    final TreeMap<Long, R> results = new TreeMap<>();
  }

  private final long timeoutMillis;
  /** In the order of their latest use. */
  private final LinkedHashMap<Long, Session<R>> sessions = new LinkedHashMap<>(16, LOAD, true);

  Sessions(long timeoutMillis) {
    this.timeoutMillis = timeoutMillis;
  }

  int size() {
    return sessions.size();
  }

  void open(long id, long timeMillis) {
    Session<R> session = new Session<>();
    session.lastMillis = timeMillis;
    sessions.put(id, session);
    if (sessions.size() > MAX_SESSIONS) {
      forgetOldest();
    }
  }

  Verdict judge(Entry entry) {
    Session<R> session = sessions.get(entry.session);
    if (session == null) {
      return Verdict.EXPIRED;
    }
    session.lastMillis = entry.timeMillis;
    if (entry.lowestPending > session.lowestPending) {
      session.lowestPending = entry.lowestPending;
      session.results.headMap(entry.lowestPending, false).clear();
    }
    if (entry.sequence < session.lowestPending) {
      return Verdict.CONFIRMED;
    }
    return session.results.containsKey(entry.sequence) ? Verdict.KNOWN : Verdict.NEW;
  }

  R result(Entry entry) {
    return sessions.get(entry.session).results.get(entry.sequence);
  }

  void remember(Entry entry, R result) {
    sessions.get(entry.session).results.put(entry.sequence, result);
  }

  /** Forgets sessions that have not been used for the time-out. */
  void expire(long timeMillis) {
    Iterator<Session<R>> oldest = sessions.values().iterator();
    while (oldest.hasNext() && timeMillis - oldest.next().lastMillis > timeoutMillis) {
      oldest.remove();
    }
  }

  /** The table, least recently used sessions first: their order is part of the state. */
  void write(ByteWriter out, Codec<R> codec) {
    out.varint(sessions.size());
    for (Map.Entry<Long, Session<R>> entry : sessions.entrySet()) {
      Session<R> session = entry.getValue();
      out.varint(entry.getKey()).varint(session.lastMillis).varint(session.lowestPending);
      out.varint(session.results.size());
      session.results.forEach(
          (sequence, result) -> out.varint(sequence).block(codec.encode(result)));
    }
  }

  void read(ByteReader in, Codec<R> codec) {
    sessions.clear();
    int count = in.count(4, "sessions");
    for (int i = 0; i < count; i++) {
      Session<R> session = new Session<>();
      sessions.put(in.varint(), session);
      session.lastMillis = in.varint();
      session.lowestPending = in.varint();
      int results = in.count(2, "results");
      for (int j = 0; j < results; j++) {
        session.results.put(in.varint(), codec.decode(in.block()));
      }
    }
  }

  private void forgetOldest() {
    Iterator<Session<R>> oldest = sessions.values().iterator();
    oldest.next();
    oldest.remove();
  }
}
