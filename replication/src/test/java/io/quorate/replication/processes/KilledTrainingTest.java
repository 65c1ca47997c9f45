package io.quorate.replication.processes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal T2, with real processes, sockets and disks: master and workers are killed at random moments,
 * also while a checkpoint is written, and the job ends in the same bits. More runs with {@code
 * -Dtraining.kill.runs=100}, from another seed than 0 on with {@code -Dtraining.kill.first=}.
 */
class KilledTrainingTest {
  private static final int FIRST = Integer.getInteger("training.kill.first", 0);
  private static final int RUNS = Integer.getInteger("training.kill.runs", 2);
  private static final int KILLS = 3;
  private static final int WORKERS = 2;

  private static String expected;

  /** One job's processes. */
  private static final class Job implements AutoCloseable {
    private final Path place;
    private final String address;
    private final List<Process> workers = new ArrayList<>();
    private Process master;
    private int term;

    Job(Path directory) throws IOException {
      place = directory;
      address = "127.0.0.1:" + freePort();
      startMaster();
      for (int i = 0; i < WORKERS; i++) {
        workers.add(start("w" + i, ""));
      }
    }

    private void startMaster() throws IOException {
      master = start(TrainingProcess.MASTER, String.valueOf(++term));
    }

    private Process start(String id, String argument) throws IOException {
      return new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Xmx128m",
              "-XX:TieredStopAtLevel=1",
              "-XX:+UseSerialGC",
              "-cp",
              System.getProperty("java.class.path"),
              TrainingProcess.class.getName(),
              id,
              place.resolve(id).toString(),
              address,
              argument)
          .redirectError(ProcessBuilder.Redirect.DISCARD)
          .start();
    }

    /** Kills one of them after a while, and starts it again. */
    void kill(SplittableRandom random) throws Exception {
      master.waitFor(100 + random.nextInt(1_200), TimeUnit.MILLISECONDS);
      if (random.nextInt(3) > 0) {
        master.destroyForcibly().waitFor();
        startMaster();
      } else {
        int victim = random.nextInt(WORKERS);
        workers.get(victim).destroyForcibly().waitFor();
        workers.set(victim, start("w" + victim, ""));
      }
    }

    String digest() throws IOException {
      BufferedReader out =
          new BufferedReader(
              new InputStreamReader(master.getInputStream(), StandardCharsets.UTF_8));
      return String.valueOf(out.readLine());
    }

    @Override
    public void close() {
      master.destroyForcibly().onExit().join();
      workers.forEach(worker -> worker.destroyForcibly().onExit().join());
    }
  }

  @BeforeAll
  static void undisturbed(@TempDir Path directory) throws IOException {
    try (Job job = new Job(directory)) {
      expected = job.digest();
    }
    assertThat(expected).matches("digest [0-9a-f]{64}");
  }

  static IntStream seeds() {
    return IntStream.range(FIRST, FIRST + RUNS);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void whoever_is_killed_and_when_the_job_ends_in_the_same_bits(int seed, @TempDir Path directory)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    try (Job job = new Job(directory)) {
      for (int kill = 0; kill < KILLS; kill++) {
        job.kill(random);
      }

      assertThat(job.digest()).isEqualTo(expected);
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
