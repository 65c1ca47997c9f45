package io.quorate.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class MainTest {
  @Test
  void an_unknown_program_is_refused_with_exit_code_2() {
    StringWriter error = new StringWriter();

    int exitCode =
        Main.commandLine().setErr(new PrintWriter(error)).execute("no-such-program");

    assertThat(exitCode).isEqualTo(2);
    assertThat(error.toString()).contains("no-such-program");
  }

  @Test
  void without_a_program_the_platform_runs_and_help_is_still_help() {
    assertThat(Main.withProgram(new String[0])).containsExactly("platform");
    assertThat(Main.withProgram(new String[] {"--seconds", "9"}))
        .containsExactly("platform", "--seconds", "9");
    assertThat(Main.withProgram(new String[] {"node"})).containsExactly("node");
    assertThat(Main.withProgram(new String[] {"--help"})).containsExactly("--help");
  }

  @Test
  void bad_options_of_a_program_are_one_line_and_exit_code_2() {
    StringWriter error = new StringWriter();

    int exitCode =
        Main.commandLine()
            .setErr(new PrintWriter(error))
            .execute("platform", "--seconds", "1");

    assertThat(exitCode).isEqualTo(2);
    assertThat(error.toString().strip().lines()).hasSize(1);
  }
}
