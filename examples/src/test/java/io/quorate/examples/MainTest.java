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
}
