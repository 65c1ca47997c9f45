package io.quorate.core.membership;

/**
 * What Lifeguard adds to SWIM. Always {@link #ON} in use; {@link #OFF} shows in tests what it is
 * for.
 *
 * @param worstHealth how badly this member may think of itself, see {@link LocalHealth}
 * @param suspicionStretch the longest suspicion, as a multiple of the shortest, see {@link
 *     Suspicion}
 * @param forgiving whether time in which this member was stalled is not held against others
 * @param calling whether suspects are told so again and again
 * @param anticipating whether a member that has been slow refutes before it hears that it is
 *     suspected
 */
record Lifeguard(
    int worstHealth,
    int suspicionStretch,
    boolean forgiving,
    boolean calling,
    boolean anticipating) {
  static final Lifeguard ON = new Lifeguard(8, 6, true, true, true);
  static final Lifeguard OFF = new Lifeguard(0, 1, false, false, false);
}
