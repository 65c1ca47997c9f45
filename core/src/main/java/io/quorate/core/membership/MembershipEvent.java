package io.quorate.core.membership;

/**
 * One change of a view.
 *
 * @param kind what happened
 * @param member the member afterwards
 * @param view the view afterwards
 */
public record MembershipEvent(Kind kind, Member member, View view) {
  /** What happened to a member. */
  public enum Kind {
    /** It is new, or has come back after it was dead or gone, or was started anew. */
    JOINED,
    /** It says something else about itself: other metadata or another address. */
    UPDATED,
    /** It does not answer. */
    SUSPECTED,
    /** It was suspected and has shown that it is alive. */
    REFUTED,
    /** It did not refute the suspicion in time. */
    DIED,
    /** It said good-bye. */
    LEFT
  }
}
