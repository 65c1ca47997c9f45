package io.quorate.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;

/**
 * One run of a program in this process.
 *
 * @param exitCode what the process would have ended with
 * @param out what it printed, with Unix line ends
 * @param err what it printed to the error stream
 */
public record Run(int exitCode, String out, String err) {
  /** Runs the program that {@code arguments} begin with. */
  public static Run program(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exitCode =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(Main.withProgram(arguments));
    String lines = out.toString().replace(System.lineSeparator(), "\n");
    return new Run(exitCode, lines, err.toString());
  }

  /** What is wrong with {@code arguments}, without running the program; empty if nothing is. */
  public static List<String> problemsOf(List<String> arguments) {
    try {
      Main.commandLine().parseArgs(Main.withProgram(arguments.toArray(String[]::new)));
      return List.of();
    } catch (CommandLine.ParameterException e) {
      return List.of(e.getMessage());
    }
  }

  /** The output of a run that must have gone well. */
  public String isOk() {
    assertThat(exitCode).as(err + out).isZero();
    assertThat(err).isEmpty();
    return out;
  }

  /** Requires one line that contains {@code reason}, and exit code 2. */
  public void isRefusedWith(String reason) {
    assertThat(err).contains(reason);
    assertThat(err.strip().lines()).as(err).hasSize(1);
    assertThat(exitCode).isEqualTo(2);
  }

  /** The first group of {@code pattern}'s first match in {@code output}. */
  public static String find(String pattern, String output) {
    Matcher matcher = Pattern.compile(pattern).matcher(output);
    assertThat(matcher.find()).as(pattern + " in\n" + output).isTrue();
    return matcher.group(1);
  }
}
