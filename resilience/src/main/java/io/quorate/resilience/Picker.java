package io.quorate.resilience;

/**
 * Chooses the target of each attempt and learns from how it ended. Safe for use by many threads.
 *
 * <p>A pick is a token: the target and when the attempt began, packed into a {@code long}, so that
 * picking and reporting allocate nothing. Every token other than {@link #NONE} must be given to
 * {@link #done} once; a second time does nothing, and neither does the token of a target that has
 * been removed meanwhile.
 *
 * @param <T> a target: a replica, a connection, a region
 */
public interface Picker<T> {
  /** The token that says: no target is available. */
  long NONE = 0;

  /**
   * Picks a target, and counts it as in flight until {@link #done}.
   *
   * @param affinity hash of the key that the call is about; a picker without affinity ignores it
   * @param tried targets of earlier attempts of the same call: avoided while there is another
   * @param nowNanos the monotonic clock
   * @return a token, or {@link #NONE}
   */
  long pick(long affinity, Tried<T> tried, long nowNanos);

  /** The target behind a token that {@link #pick} returned and that is not yet done. */
  T target(long token);

  /** Ends the attempt behind {@code token}. The first call counts, later ones do nothing. */
  void done(long token, Outcome outcome, long nowNanos);

  /** This picker with every pick made for {@code affinity}: calls about one key meet one target. */
  default Picker<T> withAffinity(long affinity) {
    Picker<T> picker = this;
    return new Picker<>() {
      @Override
      public long pick(long ignored, Tried<T> tried, long nowNanos) {
        return picker.pick(affinity, tried, nowNanos);
      }

      @Override
      public T target(long token) {
        return picker.target(token);
      }

      @Override
      public void done(long token, Outcome outcome, long nowNanos) {
        picker.done(token, outcome, nowNanos);
      }
    };
  }
}
