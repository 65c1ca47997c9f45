package io.quorate.examples.breaker;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Run;
import org.junit.jupiter.api.Test;

class BreakerProgramTest {
  @Test
  void the_circuit_opens_spares_calls_and_closes_after_recovery() {
    String out = Run.program("breaker", "--seed", "7").isOk();

    assertThat(out).contains("CLOSED", "OPEN", "<- down", "<- well again");
    assertThat(number("down, ([0-9,]+) of", out)).isBetween(10L, 60L);
    assertThat(number("of ([0-9,]+) calls", out)).isEqualTo(360);
    assertThat(number("opened ([0-9]+) times", out)).isBetween(2L, 6L);
  }

  @Test
  void equal_seeds_print_equal_pictures_and_others_do_not() {
    String one = Run.program("breaker", "--seed", "1").isOk();

    assertThat(Run.program("breaker", "--seed", "1").isOk()).isEqualTo(one);
    assertThat(Run.program("breaker", "--seed", "2").isOk()).isNotEqualTo(one);
  }

  @Test
  void bad_options_are_one_line_and_exit_code_2() {
    Run.program("breaker", "--rate", "0").isRefusedWith("--rate must be 1 to 100, was 0");
  }

  private static long number(String pattern, String out) {
    return Long.parseLong(Run.find(pattern, out).replace(",", ""));
  }
}
