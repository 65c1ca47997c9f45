package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What cannot be done is refused before anything begins: one line, exit code 2. */
class PlatformArgumentsTest {
  @TempDir private Path directory;

  private static void assertRefused(String reason, String... arguments) {
    StringWriter error = new StringWriter();

    int exitCode =
        new CommandLine(new PlatformProgram(new PrintStream(OutputStream.nullOutputStream())))
            .setErr(new PrintWriter(error))
            .setParameterExceptionHandler(
                (e, given) -> {
                  error.write(e.getMessage());
                  return CommandLine.ExitCode.USAGE;
                })
            .execute(arguments);

    assertThat(exitCode).as(error.toString()).isEqualTo(2);
    assertThat(error.toString().strip().lines()).hasSize(1);
    assertThat(error.toString()).contains(reason);
  }

  @Test
  void options_out_of_range_and_unknown_ones() {
    assertRefused("--seconds", "--seconds", "4");
    assertRefused("--rate", "--rate", "0");
    assertRefused("--rate must be a number or max", "--rate", "fast");
    assertRefused("--epochs", "--epochs", "0");
    assertRefused("--ui", "--ui", "65536");
    assertRefused("--no-such-option", "--no-such-option");
  }

  @Test
  void a_table_with_a_malformed_line_is_refused_by_its_number() throws IOException {
    Path file = directory.resolve("table.csv");
    Files.write(
        file, List.of("label,x", "a,1", "b,2", "a,not-a-number", "b,4", "a,5", "b,6"));

    assertRefused("line 4", "--data", file.toString());
    assertRefused("no such file", "--data", directory.resolve("absent.csv").toString());
  }

  @Test
  void a_directory_that_holds_something_is_left_alone() throws IOException {
    Path precious = directory.resolve("precious");
    Files.writeString(precious, "do not lose");

    assertRefused("must be empty", "--data", table().toString(), "--dir", directory.toString());
    assertRefused("no directory", "--data", table().toString(), "--dir", precious.toString());
    assertRefused(
        "cannot be made",
        "--data", table().toString(), "--dir", precious.resolve("below").toString());

    assertThat(precious).hasContent("do not lose");
  }

  @Test
  void a_score_that_cannot_be_written_is_refused_before_the_story() {
    assertRefused("--json", "--json", directory.toString());
    assertRefused("--json", "--json", directory.resolve("absent/score.json").toString());
  }

  @Test
  void a_port_in_use_is_named() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      assertRefused(
          "--ui " + taken.getLocalPort(),
          "--data", table().toString(), "--ui", "" + taken.getLocalPort());
    }
  }

  private Path table() throws IOException {
    Path file = directory.resolve("good.csv");
    Files.write(file, List.of("label,x", "a,1", "b,2", "a,3", "b,4", "a,5", "b,6"));
    return file;
  }
}
