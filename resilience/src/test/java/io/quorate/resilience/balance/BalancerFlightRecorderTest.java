package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.resilience.Outcome;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BalancerFlightRecorderTest {
  private static final String PREFIX = "io.quorate.resilience.";

  @Test
  void what_a_balancer_does_can_be_seen_in_a_recording(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      for (String name : List.of("BalancedCall", "ReplicaChange", "Panic")) {
        recording.enable(PREFIX + name).withoutThreshold();
      }
      recording.start();
      LoadBalancer.Listener<String> listener = LoadBalancer.Listener.flightRecorder("ranker");
      listener.onDone("a", Outcome.SUCCESS, 5_000);
      listener.onEjected("a", 1_000);
      listener.onReadmitted("a");
      listener.onHealth("a", false);
      listener.onDrained("a");
      listener.onPanic(true);
      recording.stop();
      recording.dump(file);
    }

    Set<String> seen = new TreeSet<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().startsWith(PREFIX)) {
        assertThat(event.getString("balancer")).isEqualTo("ranker");
        seen.add(
            event.getEventType().getName().substring(PREFIX.length())
                + (event.hasField("change") ? " " + event.getString("change") : ""));
      }
    }
    assertThat(seen)
        .containsExactly(
            "BalancedCall",
            "Panic",
            "ReplicaChange drained",
            "ReplicaChange ejected",
            "ReplicaChange readmitted",
            "ReplicaChange unhealthy");
  }
}
