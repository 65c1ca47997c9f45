package io.quorate.core.sim;

/** The way from one machine to another, in one direction. */
final class Link {
  private static final double SLOW = 0.001;
  private static final int SLOW_FACTOR = 100;
  private static final long RETRANSMIT_NANOS = 200_000_000;
  private static final int MAX_RETRANSMITS = 15;
  /** A gigabit per second. */
  private static final long NANOS_PER_BYTE = 8;

  final SimNode<?> from;
  final SimNode<?> to;
  private final SeededRandom chance;
  private NetworkOptions options;
  private long minNanos;
  private long extraNanos;
  private boolean cut;
  private long cloggedUntilNanos;
  private long blockedSinceNanos;
  private long freeNanos;

  Link(SimNode<?> from, SimNode<?> to, SeededRandom chance, NetworkOptions options) {
    this.from = from;
    this.to = to;
    this.chance = chance;
    options(options);
  }

  void options(NetworkOptions options) {
    this.options = options;
    this.minNanos = options.minLatency().toNanos();
    this.extraNanos = options.meanExtraLatency().toNanos();
  }

  NetworkOptions options() {
    return options;
  }

  boolean isCut() {
    return cut;
  }

  void cut(boolean cut, long nowNanos) {
    if (cut && !isBlocked(nowNanos)) {
      blockedSinceNanos = nowNanos;
    }
    this.cut = cut;
  }

  void clogUntil(long untilNanos, long nowNanos) {
    if (!isBlocked(nowNanos)) {
      blockedSinceNanos = nowNanos;
    }
    cloggedUntilNanos = Math.max(cloggedUntilNanos, untilNanos);
  }

  void unclog() {
    cloggedUntilNanos = 0;
  }

  boolean isBlocked(long nowNanos) {
    return cut || nowNanos < cloggedUntilNanos;
  }

  /** Since when it has been blocked without a break; only of use if it is. */
  long blockedSinceNanos() {
    return blockedSinceNanos;
  }

  /** When a segment of a connection that leaves now arrives, sent again until it does. */
  long streamArrivalNanos(long nowNanos, int bytes) {
    long nanos = transferNanos(nowNanos, bytes) + latencyNanos();
    for (int i = 0; i < MAX_RETRANSMITS && loses(); i++) {
      nanos += RETRANSMIT_NANOS;
    }
    return nanos;
  }

  long datagramArrivalNanos(long nowNanos, int bytes) {
    return transferNanos(nowNanos, bytes) + latencyNanos();
  }

  boolean loses() {
    return chance.chance(options.loss());
  }

  boolean duplicates() {
    return chance.chance(options.duplication());
  }

  boolean corrupts() {
    return chance.chance(options.corruption());
  }

  long latencyNanos() {
    long nanos = minNanos + chance.exponential(extraNanos);
    return chance.chance(SLOW) ? nanos * SLOW_FACTOR : nanos;
  }

  /** How long after a blockage has gone the sender tries again. */
  long retransmitNanos() {
    return minNanos + chance.nextLong(RETRANSMIT_NANOS);
  }

  private long transferNanos(long nowNanos, int bytes) {
    freeNanos = Math.max(freeNanos, nowNanos) + bytes * NANOS_PER_BYTE;
    return freeNanos;
  }
}
