package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Item 25 of the bad inputs, in a process of its own that has little direct memory. */
class DirectMemoryTest {
  @Test
  void item_25_without_memory_for_buffers_a_node_sheds_load_and_recovers() throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Dio.netty.maxDirectMemory=8388608",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Scarce.class.getName())
            .redirectErrorStream(true)
            .start();

    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(child.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output).contains("failed some: true").contains("recovered: true");
    assertThat(child.exitValue()).isZero();
  }

  /** Asks for far more than there is memory for, then for little. */
  static final class Scarce {
    private static final NodeId B = NodeId.of("b");

    private Scarce() {}

    public static void main(String[] args) throws Exception {
      TransportOptions options =
          TransportOptions.defaults()
              .withLimits(TransportLimits.defaults().withWaterMarkBytes(1 << 29, 1 << 28));
      EnvironmentOptions base =
          EnvironmentOptions.of(NodeId.of("a"), "test").withTransport(options);
      try (Environment a = Environment.real(base);
          Environment b =
              Environment.real(EnvironmentOptions.of(B, "test").withTransport(options))) {
        b.transport().open("svc", b.eventLoop("svc"), new Recorder());
        a.transport().setPeer(B, b.transport().address());
        Endpoint endpoint = a.transport().open("svc", a.eventLoop("svc"), Handler.NONE);
        System.out.println("failed some: " + (failures(endpoint) > 0));
        System.out.println("recovered: " + recovers(endpoint));
      }
    }

    private static int failures(Endpoint endpoint) throws Exception {
      List<CompletableFuture<byte[]>> answers = new ArrayList<>();
      byte[] payload = new byte[1 << 20];
      for (int i = 0; i < 100; i++) {
        answers.add(endpoint.request(B, payload, Duration.ofSeconds(10)));
      }
      int failed = 0;
      for (CompletableFuture<byte[]> answer : answers) {
        try {
          answer.get(30, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          failed++;
        }
      }
      return failed;
    }

    private static boolean recovers(Endpoint endpoint) throws Exception {
      for (int i = 0; i < 500; i++) {
        try {
          return endpoint
                  .request(B, new byte[10], Duration.ofSeconds(10))
                  .get(30, TimeUnit.SECONDS)
                  .length
              == 10;
        } catch (ExecutionException e) {
          // The connection was given up and comes back in a moment.
          TimeUnit.MILLISECONDS.sleep(20);
        }
      }
      return false;
    }
  }
}
