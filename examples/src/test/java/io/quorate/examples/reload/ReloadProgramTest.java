package io.quorate.examples.reload;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Run;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReloadProgramTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void all_replicas_reach_the_newest_model_none_goes_back_and_no_answer_is_of_another_one(
      long seed) {
    String out = Run.program("reload", "--seed", Long.toString(seed)).isOk();

    assertThat(number("notices lost", 1, out)).isPositive();
    assertThat(number("notices doubled", 1, out)).isPositive();
    assertThat(number("replaced a newer one", 1, out)).isZero();
    assertThat(number("than they said", 1, out)).isZero();
  }

  /** The control: without the two rules the same notices do harm. */
  @Test
  void textbook_replicas_go_back_and_answer_with_another_model_than_they_say() {
    String out = Run.program("reload").isOk();

    assertThat(number("replaced a newer one", 2, out)).isPositive();
    assertThat(number("than they said", 2, out)).isPositive();
  }

  @Test
  void bad_options_are_one_line_and_exit_code_2() {
    Run.program("reload", "--trouble", "90").isRefusedWith("--trouble must be 0 to 50, was 90");
  }

  private static long number(String row, int column, String out) {
    String pattern = row + " +([\\d,]+) +([\\d,]+)\n";
    String both = Run.find("(" + pattern + ")", out).strip();
    String[] fields = both.split(" +");
    return Long.parseLong(fields[fields.length - 3 + column].replace(",", ""));
  }
}
