package io.quorate.core.membership;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Prints the figures of the README; what they must be is asserted by {@link SwimCoreTest}. */
class MembershipFiguresTest {
  @Test
  @Timeout(7_200)
  @EnabledIfSystemProperty(named = "figures.seeds", matches = "\\d+")
  void the_figures_of_the_readme() {
    MembershipFigures.main(new String[] {System.getProperty("figures.seeds")});
  }
}
