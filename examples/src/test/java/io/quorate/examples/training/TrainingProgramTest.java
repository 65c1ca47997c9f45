package io.quorate.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class TrainingProgramTest {
  @TempDir Path directory;

  @Test
  void training_goes_on_when_a_worker_is_killed_and_the_bits_do_not_depend_on_the_workers() {
    String four = run("--epochs", "3");
    String one = run("--epochs", "3", "--workers", "1", "--straggler", "0");

    assertThat(four).contains("w1 is killed", "examples/s", "ETA 0 s");
    assertThat(accuracy(four)).isGreaterThan(30);
    assertThat(digest(four)).isEqualTo(digest(one));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "full dense", "full top-k:0.05", "full one-bit", "backup:7 fp16", "local:2 int8",
        "bounded:2 dense", "async fp16"
      })
  void a_table_is_learned_with_every_policy_and_codec(String settings) throws Exception {
    String[] words = settings.split(" ");
    String output =
        run(
            "--data", TaskTest.striped(directory).toString(), "--epochs", "10", "--straggler", "2",
            "--sync", words[0], "--codec", words[1]);

    assertThat(accuracy(output)).isGreaterThan(90);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "--workers 0; --workers must be 1 to 64, was 0",
        "--epochs 0; --epochs must be at least 1, was 0",
        "--straggler -1; --straggler must be at least 0, was -1",
        "--codec zip; expected dense, fp16, int8, one-bit or top-k:SHARE",
        "--codec top-k; top-k takes a number, as in top-k:N",
        "--codec top-k:2; share must be more than 0 and at most 1, was 2.0",
        "--codec fp16:3; fp16 takes no number, had 3",
        "--sync best; expected full, backup:SHARDS",
        "--sync backup:9; BackupWorkers must wait for at most 8 shards, was 9",
        "--sync async --codec int8; would lose residuals of int8",
        "--shards 0; shards must be 1 to 4096, was 0",
      })
  void bad_arguments_are_answered_by_what_is_wrong_with_them(String arguments, String problem)
      throws Exception {
    String table = TaskTest.striped(directory).toString();

    assertThat(refused(("--data " + table + " " + arguments).split(" "))).contains(problem);
  }

  @Test
  void a_malformed_table_is_answered_by_file_line_and_problem() throws Exception {
    Path file = Files.writeString(directory.resolve("bad.csv"), "letter,x\nA,1\nB,one\n");

    assertThat(refused("--data", file.toString()))
        .isEqualTo(file + ": line 3: number 1 must be a finite number, was \"one\"");
    assertThat(refused("--data", directory.resolve("none.csv").toString()))
        .endsWith("none.csv: no such file");
  }

  private static double accuracy(String output) {
    return Double.parseDouble(find("held out: ([0-9.]+) %", output));
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
    assertThat(exitCode).as(bytes.toString(StandardCharsets.UTF_8)).isZero();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  /** The first line of what is said about bad arguments. */
  private static String refused(String... arguments) {
    StringWriter error = new StringWriter();
    PrintStream nowhere = new PrintStream(new ByteArrayOutputStream());
    int exitCode =
        new CommandLine(new TrainingProgram(nowhere))
            .setErr(new PrintWriter(error))
            .execute(arguments);
    assertThat(exitCode).isEqualTo(2);
    return error.toString().lines().findFirst().orElse("");
  }
}
