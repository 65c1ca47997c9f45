package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Main;
import io.quorate.examples.Ports;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's cluster of processes, started and asked by its own commands, on other ports. */
class ReadmeClusterTest {
  private static final List<String> COMMANDS =
      Readme.read(Readme.ROOT.resolve("README.md")).commands().stream()
          .map(Readme.Command::text)
          .toList();

  private final List<Process> processes = new ArrayList<>();
  private final int[] peerPorts = new int[4];
  private final int[] httpPorts = new int[4];

  @TempDir private Path directory;

  @AfterEach
  void killAll() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void curl_reads_on_one_process_what_it_wrote_on_another() throws Exception {
    choosePorts();
    String node =
        COMMANDS.stream().filter(text -> text.contains(" node ")).findFirst().orElseThrow();
    List<String> curls = COMMANDS.stream().filter(text -> text.startsWith("curl ")).toList();
    assertThat(node).contains("--id n1", "127.0.0.1:7101", "127.0.0.1:8101", "--dir n1");
    assertThat(curls).hasSize(2);

    for (int i = 1; i <= 3; i++) {
      start(i, node);
    }
    for (int i = 1; i <= 3; i++) {
      awaitReady(i);
    }
    curl(curls.get(0));

    assertThat(curl(curls.get(1))).isEqualTo("hello");
  }

  private void choosePorts() throws IOException {
    int[] ports = Ports.free(6);
    System.arraycopy(ports, 0, peerPorts, 1, 3);
    System.arraycopy(ports, 3, httpPorts, 1, 3);
  }

  /** "Start n2 and n3 alike": the same command with another number in it. */
  private void start(int number, String first) throws IOException {
    String its =
        first
            .replace("--id n1", "--id n" + number)
            .replace("--listen 127.0.0.1:7101", "--listen 127.0.0.1:710" + number)
            .replace("--http 127.0.0.1:8101", "--http 127.0.0.1:810" + number)
            .replace("--dir n1", "--dir n" + number);
    List<String> tokens = CommandLineTokens.of(ours(its));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
                "-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(tokens.subList(tokens.indexOf("-jar") + 2, tokens.size()));
    processes.add(
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(directory.resolve(number + ".out").toFile())
            .redirectError(directory.resolve(number + ".err").toFile())
            .start());
  }

  /** {@code command} with this test's ports. */
  private String ours(String command) {
    String ours = command;
    for (int i = 1; i <= 3; i++) {
      ours = ours.replace(":710" + i, ":" + peerPorts[i]).replace(":810" + i, ":" + httpPorts[i]);
    }
    return ours;
  }

  private void awaitReady(int number) throws IOException {
    for (int round = 0; round < 1_200; round++) {
      if (Files.readString(directory.resolve(number + ".out")).contains("ready ")) {
        return;
      }
      assertThat(processes.get(number - 1).isAlive())
          .as(Files.readString(directory.resolve(number + ".err")))
          .isTrue();
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    throw new AssertionError("node " + number + " is not ready after a minute");
  }

  /** Runs it until it succeeds: a person would not be faster than the first election. */
  private String curl(String command) throws Exception {
    List<String> tokens = new ArrayList<>(CommandLineTokens.of(ours(command)));
    tokens.addAll(1, List.of("--silent", "--show-error", "--fail", "--max-time", "10"));
    String printed = "";
    for (int round = 0; round < 30; round++) {
      Process process = new ProcessBuilder(tokens).redirectErrorStream(true).start();
      printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() == 0) {
        return printed;
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
    }
    throw new AssertionError(command + ": " + printed);
  }
}
