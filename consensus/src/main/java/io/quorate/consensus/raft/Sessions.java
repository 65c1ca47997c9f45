package io.quorate.consensus.raft;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

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
    final Answers<R> answers = new Answers<>();
  }

  private final long timeoutMillis;
  /** In the order of their latest use. */
  private final LinkedHashMap<Long, Session<R>> sessions = new LinkedHashMap<>(16, LOAD, true);
  /** The one used last, which need not be looked up again; 0 and null if there is none. */
  private long latestId;
  private Session<R> latest;

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
    latestId = 0;
    if (sessions.size() > MAX_SESSIONS) {
      forgetOldest();
    }
  }

  Verdict judge(Entry entry) {
    Session<R> session = session(entry.session);
    if (session == null) {
      return Verdict.EXPIRED;
    }
    session.lastMillis = entry.timeMillis;
    if (entry.lowestPending > session.lowestPending) {
      session.lowestPending = entry.lowestPending;
      session.answers.forgetBelow(entry.lowestPending);
    }
    if (entry.sequence < session.lowestPending) {
      return Verdict.CONFIRMED;
    }
    return session.answers.find(entry.sequence) >= 0 ? Verdict.KNOWN : Verdict.NEW;
  }

  R result(Entry entry) {
    Answers<R> answers = session(entry.session).answers;
    return answers.at(answers.find(entry.sequence));
  }

  void remember(Entry entry, R result) {
    session(entry.session).answers.add(entry.sequence, result);
  }

  /** Forgets sessions that have not been used for the time-out. */
  void expire(long timeMillis) {
    Iterator<Session<R>> oldest = sessions.values().iterator();
    while (oldest.hasNext() && timeMillis - oldest.next().lastMillis > timeoutMillis) {
      oldest.remove();
      latestId = 0;
    }
  }

  /** The table, least recently used sessions first: their order is part of the state. */
  void write(ByteWriter out, Codec<R> codec) {
    out.varint(sessions.size());
    for (Map.Entry<Long, Session<R>> entry : sessions.entrySet()) {
      Session<R> session = entry.getValue();
      out.varint(entry.getKey()).varint(session.lastMillis).varint(session.lowestPending);
      out.varint(session.answers.size());
      session.answers.forEach(
          (sequence, result) -> out.varint(sequence).block(codec.encode(result)));
    }
  }

  void read(ByteReader in, Codec<R> codec) {
    sessions.clear();
    latestId = 0;
    int count = in.count(4, "sessions");
    for (int i = 0; i < count; i++) {
      Session<R> session = new Session<>();
      sessions.put(in.varint(), session);
      session.lastMillis = in.varint();
      session.lowestPending = in.varint();
      int results = in.count(2, "results");
      for (int j = 0; j < results; j++) {
        session.answers.add(in.varint(), codec.decode(in.block()));
      }
    }
  }

  /** Looks a session up, which makes it the one used last. */
  private Session<R> session(long id) {
    if (id != latestId) {
      latest = sessions.get(id);
      latestId = latest == null ? 0 : id;
    }
    return latest;
  }

  private void forgetOldest() {
    latestId = 0;
    Iterator<Session<R>> oldest = sessions.values().iterator();
    oldest.next();
    oldest.remove();
  }
}
