package io.quorate.core.membership;

/** What a view believes of a member. */
public enum MemberState {
  /** It answers. */
  ALIVE,
  /** It did not answer; it has some seconds to refute that it is gone. Still a member. */
  SUSPECT,
  /** It did not refute in time. It comes back only by itself, under a higher incarnation. */
  DEAD,
  /** It said good-bye. */
  LEFT;

  /** Whether members in this state are to be spoken to. */
  public boolean isPresent() {
    return this == ALIVE || this == SUSPECT;
  }
}
