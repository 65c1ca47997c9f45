package io.quorate.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class TrainingProgramTest {
  @Test
  void training_goes_on_when_a_worker_is_killed_and_the_bits_do_not_depend_on_the_workers() {
    String four = run("--epochs", "3");
    String one = run("--epochs", "3", "--workers", "1");

    assertThat(four).contains("w1 is killed", "examples/s");
    assertThat(accuracy(four)).isGreaterThan(30);
    assertThat(digest(four)).isEqualTo(digest(one));
  }

  private static double accuracy(String output) {
    return Double.parseDouble(find("names: ([0-9.]+) %", output));
  }

  private static String digest(String output) {
    return find("Digest of the model: ([0-9a-f]{64})", output);
  }

  private static String find(String pattern, String output) {
    Matcher matcher = Pattern.compile(pattern).matcher(output);
    assertThat(matcher.find()).as(output).isTrue();
    return matcher.group(1);
  }

  private static String run(String... arguments) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    int exitCode = new CommandLine(new TrainingProgram(out)).execute(arguments);
    assertThat(exitCode).isZero();
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
