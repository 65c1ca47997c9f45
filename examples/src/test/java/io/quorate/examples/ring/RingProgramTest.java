package io.quorate.examples.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Run;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class RingProgramTest {
  @Test
  void joining_moves_about_the_ideal_share_and_only_to_the_one_that_joins() {
    String joined = section(Run.program("ring").isOk(), "n6 joins", "n2 leaves");

    assertThat(percent(joined)).isBetween(16.67 * 0.75, 16.67 * 1.25);
    assertThat(joined.lines().filter(line -> line.contains("->")))
        .hasSize(5)
        .allMatch(line -> line.contains("-> n6"));
  }

  @Test
  void leaving_moves_only_from_the_one_that_leaves() {
    String left = section(Run.program("ring").isOk(), "n2 leaves", "\\z");

    assertThat(left.lines().filter(line -> line.contains("->")))
        .hasSize(5)
        .allMatch(line -> line.contains("n2 ->"));
    assertThat(left).doesNotContain("  n2  ");
  }

  @Test
  void slots_are_even_and_modulo_moves_nearly_everything() {
    String slots = Run.program("ring", "--strategy", "SLOTS").isOk();
    String modulo = Run.program("ring", "--strategy", "MODULO").isOk();

    assertThat(percent(slots)).isBetween(16.0, 17.4);
    assertThat(percent(modulo)).isGreaterThan(60);
  }

  @Test
  void bad_options_are_one_line_and_exit_code_2() {
    Run.program("ring", "--nodes", "1").isRefusedWith("--nodes must be 2 to 100, was 1");
    Run.program("ring", "--nodes", "many").isRefusedWith("many");
    Run.program("ring", "--strategy", "LUCK").isRefusedWith("LUCK");
  }

  private static double percent(String section) {
    return Double.parseDouble(Run.find("moved: ([0-9.]+) %", section));
  }

  private static String section(String output, String from, String to) {
    return Run.find("(?s)" + Pattern.quote(from) + "\n(.*?)" + to, output);
  }
}
