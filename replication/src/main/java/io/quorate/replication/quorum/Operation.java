package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import io.quorate.replication.Tag;
import io.quorate.replication.local.Cell;
import io.quorate.replication.local.Key;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a coordinator knows of one operation. */
final class Operation {
  /** What was asked for. */
  enum Kind {
    GET,
    PUT,
    DELETE
  }

  /** How far it has come. */
  enum Phase {
    /** Asking replicas which version they hold. */
    ASK,
    /** Making sure that enough replicas hold the version that is to be returned. */
    WRITE_BACK,
    /** Writing a new version. */
    WRITE,
    /** Acknowledged; waiting for the other replicas, which get a hint otherwise. */
    LINGER
  }

  final long id;
  final Kind kind;
  final Key key;
  final Consistency level;
  /** What a put writes. */
  final byte[] value;
  final long expiryMillis;
  final long startNanos;
  final long deadlineNanos;

  /** Bits of {@link #wireId} that are the operation's own. */
  private static final int ID_BITS = 48;

  private static final long MAX_PLANS = 1L << 62 - ID_BITS;

  /** Within what a replica that was told of a newer epoch has learned of it, if nothing is wrong. */
  private static final long LAG_NANOS = 10_000_000;

  /** How often the time to wait for a lagging replica, or for an answer, is doubled. */
  static final int MAX_DOUBLINGS = 4;

  Plan plan;
  private long plans;
  Phase phase = Phase.ASK;
  /** By position in {@link Plan#replicas}, as the bits of the sets below. */
  private QuorumMessage.Held[] answers;
  /** Why each has refused; null while none has. */
  private QuorumMessage.Reason[] reasons;

  long asked;
  /** Replicas that have told which version they hold. */
  long answered;
  /** Replicas that hold {@link #cell} or a newer version. */
  long holders;
  /** Replicas that have refused this attempt for good. */
  long refused;
  /** What is written or written back. */
  Cell cell;
  long sentNanos;
  int resends;
  /** Replicas that are behind the placement's epoch, and are to be asked again before long. */
  private long lagging;
  private long laggedNanos;
  private int lags;
  /** Whether a replica was asked for the value of the version that is to be returned. */
  boolean fetching;

  Operation(
      long id,
      Kind kind,
      Key key,
      Consistency level,
      byte[] value,
      long expiryMillis,
      long startNanos,
      long deadlineNanos) {
    this.id = id;
    this.kind = kind;
    this.key = key;
    this.level = level;
    this.value = value;
    this.expiryMillis = expiryMillis;
    this.startNanos = startNanos;
    this.deadlineNanos = deadlineNanos;
  }

  /** What messages carry: the number of the operation and how often it was planned anew. */
  long wireId() {
    return plans << ID_BITS | id;
  }

  /** The number of the operation that messages with {@code wireId} are about. */
  static long idOf(long wireId) {
    return wireId & (1L << ID_BITS) - 1;
  }

  /**
   * Whether it has gone over to another placement, so that others than its replicas may hold it.
   */
  boolean replanned() {
    return plans > 0;
  }

  /** Begins its quorum. */
  void plan(Plan first) {
    plan = first;
    answers = new QuorumMessage.Held[first.replicas().size()];
  }

  /** Begins its quorum anew among other replicas. */
  void replan(Plan next) {
    plan(next);
    plans = (plans + 1) % MAX_PLANS;
    reasons = null;
    asked = 0;
    answered = 0;
    holders = 0;
    refused = 0;
    resends = 0;
    lagging = 0;
    lags = 0;
    fetching = false;
  }

  /** The replica has told what it holds; of two answers the newer counts, or that with the value. */
  void heard(int replica, QuorumMessage.Held held) {
    QuorumMessage.Held before = answers[replica];
    int order = before == null ? 1 : held.tag().compareTo(before.tag());
    if (order > 0 || order == 0 && held.hasValue()) {
      answers[replica] = held;
    }
    answered |= 1L << replica;
    refused &= ~(1L << replica);
  }

  /** The replica holds {@link #cell}. */
  void holds(int replica) {
    holders |= 1L << replica;
    refused &= ~(1L << replica);
  }

  void refuses(int replica, QuorumMessage.Reason reason) {
    if (reasons == null) {
      reasons = new QuorumMessage.Reason[answers.length];
    }
    reasons[replica] = reason;
    refused |= 1L << replica;
  }

  /** The replica does not go by the placement of this attempt yet, but is about to. */
  void lags(int replica, long nowNanos) {
    if (lagging == 0) {
      laggedNanos = nowNanos;
    }
    lagging |= 1L << replica;
  }

  /** Those that lagged long enough ago to be asked again, each time told of once. */
  long takeLagging(long nowNanos) {
    if (lagging == 0 || nowNanos - laggedNanos < LAG_NANOS << Math.min(lags, MAX_DOUBLINGS)) {
      return 0;
    }
    long due = lagging;
    lagging = 0;
    lags++;
    return due;
  }

  /** Which replica has refused, and why, for messages. */
  Map<NodeId, QuorumMessage.Reason> refusals() {
    Map<NodeId, QuorumMessage.Reason> refusals = new LinkedHashMap<>();
    for (NodeId node : plan.nodesOf(refused)) {
      refusals.put(node, reasons[plan.indexOf(node)]);
    }
    return refusals;
  }

  /** What the replica has told, null if nothing. */
  QuorumMessage.Held answerOf(int replica) {
    return answers[replica];
  }

  /** The newest version that was told of; {@link Cell#NONE} if none. */
  Cell newest() {
    Cell newest = Cell.NONE;
    for (QuorumMessage.Held held : answers) {
      if (held != null && held.tag().compareTo(newest.tag()) > 0) {
        newest = held.cell();
      }
    }
    return newest;
  }

  /** The newest version with its value, null if nobody has sent the value yet. */
  Cell newestWithValue() {
    Cell newest = newest();
    if (newest.isTombstone()) {
      return newest;
    }
    for (QuorumMessage.Held held : answers) {
      if (held != null && held.hasValue() && held.tag().equals(newest.tag())) {
        return held.cell();
      }
    }
    return null;
  }

  /** Which replicas are known to hold {@code tag} or a newer version. */
  long holdersOf(Tag tag) {
    long nodes = 0;
    for (int i = 0; i < answers.length; i++) {
      if (answers[i] != null && answers[i].tag().compareTo(tag) >= 0) {
        nodes |= 1L << i;
      }
    }
    return nodes;
  }
}
