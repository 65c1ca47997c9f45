package io.quorate.consensus.raft;

/**
 * The rounds in which a leader asks whether it still leads. An answer to round r proves that its
 * sender followed at some time after round r began. Numbers are never used twice in a term.
 */
final class Rounds {
  private static final int REMEMBERED = 64;

  private final long[] beganNanos = new long[REMEMBERED];
  private long current;

  long begin(long nowNanos) {
    current++;
    beganNanos[(int) (current % REMEMBERED)] = nowNanos;
    return current;
  }

  long current() {
    return current;
  }

  /** Notes that {@code peer} has answered {@code round}. */
  void answered(Progress peer, long round) {
    if (round <= peer.ackedRound || round > current) {
      return;
    }
    peer.ackedRound = round;
    if (current - round < REMEMBERED) {
      peer.leased = true;
      peer.leaseFromNanos = beganNanos[(int) (round % REMEMBERED)];
    }
  }
}
