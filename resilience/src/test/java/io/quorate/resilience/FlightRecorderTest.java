package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlightRecorderTest {
  @Test
  void what_a_guard_does_can_be_seen_in_a_recording(@TempDir Path folder) throws Exception {
    VirtualTime time = new VirtualTime();
    Path file = folder.resolve("recording.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("io.quorate.resilience.*");
      for (String name :
          Set.of("BreakerTransition", "Rejection", "Attempt", "Retry", "Hedge", "Fallback")) {
        recording.enable("io.quorate.resilience." + name).withoutThreshold();
      }
      recording.start();
      Guard guard =
          Guard.named("recorded")
              .time(time, time)
              .listener(Listener.flightRecorder())
              .breaker(Breakers.SMALL.withCountWindow(2, 2))
              .retry(Retry.idempotent(3).withBackoff(Backoff.none()))
              .hedge(Hedge.defaults())
              .build();
      CompletableFuture<String> slow = new CompletableFuture<>();
      guard.callAsync(attempt -> slow);
      time.advance(Breakers.SECOND);
      slow.complete("first");
      guard.callAsync(
          attempt -> CompletableFuture.<String>failedFuture(new IllegalStateException()),
          Fallback.value("old"));
      guard.callAsync(attempt -> CompletableFuture.completedFuture("never"));
      recording.stop();
      recording.dump(file);
    }
    assertThat(Files.size(file)).isPositive();

    Set<String> seen = new TreeSet<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().startsWith("io.quorate.resilience.")) {
        seen.add(event.getEventType().getName().substring("io.quorate.resilience.".length()));
      }
    }
    assertThat(seen)
        .containsExactly(
            "Attempt", "BreakerTransition", "Fallback", "Hedge", "Rejection", "Retry");
  }
}
