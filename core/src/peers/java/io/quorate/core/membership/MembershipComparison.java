package io.quorate.core.membership;

import java.util.List;

/**
 * Measures {@link Membership} beside JGroups, as it comes and told to be about as quick; at the same
 * time and each member a process.
 */
final class MembershipComparison {
  private MembershipComparison() {}

  /** Takes what {@link ProcessFigures#run} takes. */
  public static void main(String[] arguments) throws Exception {
    ProcessFigures.run(
        arguments,
        List.of(
            new ProcessFigures.Contender("Quorate", MemberProcess.class, "ON"),
            new ProcessFigures.Contender("JGroups", JGroupsMember.class, "40"),
            new ProcessFigures.Contender("JGroups, 3 s of silence", JGroupsMember.class, "3")));
  }
}
