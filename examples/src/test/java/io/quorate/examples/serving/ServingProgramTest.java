package io.quorate.examples.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.examples.Run;
import io.quorate.resilience.Deadline;
import io.quorate.resilience.RejectedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * Runs all scenes. What depends on the speed of the machine is printed and not asserted; what must
 * hold on any machine is.
 */
class ServingProgramTest {
  private static final Duration TARGET = Duration.ofMillis(20);
  private static final Model MODEL = new Model(1, Duration.ofMillis(2), Duration.ofMillis(1));

  @Test
  void all_scenes_run_and_what_does_not_depend_on_speed_holds() {
    String out = Run.program("serving", "--seconds", "1", "--rate", "50").out();

    assertThat(out).contains("S1 ", "S2 ", "S3 ", "S4 ", "S7 ");
    assertThat(out)
        .containsPattern("older version than the user had seen +0  yes")
        .containsPattern("requests past their deadline +0  yes")
        .containsPattern("rolled back after requests, at most 200 +\\d+  yes")
        .containsPattern("users beside the canary who noticed +0  yes")
        .containsPattern("off by so many points, at most 1 +0\\.\\d+  yes");
  }

  @Test
  void bad_options_are_one_line_and_exit_code_2() {
    Run.program("serving", "--rate", "9999").isRefusedWith("--rate must be 10 to 600, was 9999");
  }

  @Test
  void a_caller_that_has_seen_the_next_version_gets_it_from_who_has_only_prepared_it()
      throws Exception {
    try (ModelReplica replica = new ModelReplica("r", MODEL, 8, 16)) {
      replica.prepare(MODEL.withVersion(2));

      assertThat(version(replica, 0)).isEqualTo(1);
      assertThat(version(replica, 2)).isEqualTo(2);
      assertThatThrownBy(() -> version(replica, 3)).hasMessageContaining("version 3");

      replica.activate();
      assertThat(version(replica, 0)).isEqualTo(2);
    }
  }

  private static long version(ModelReplica replica, long atLeast) throws Exception {
    return replica
        .predict("x", atLeast, Deadline.none())
        .get(10, TimeUnit.SECONDS)
        .version();
  }

  @Test
  void one_request_too_many_is_refused_at_once_with_a_type_of_its_own() {
    try (ModelReplica replica = new ModelReplica("r", MODEL, 8, 4)) {
      replica.freeze(true);
      List<CompletableFuture<Prediction>> answers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        answers.add(replica.predict("x", 0, Deadline.none()));
      }

      assertThat(answers.subList(0, 4)).noneMatch(CompletableFuture::isDone);
      assertThatThrownBy(answers.get(4)::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(RejectedException.LimitExceeded.class);
    }
  }

  @Test
  void a_request_whose_deadline_has_passed_never_reaches_the_model() {
    long[] calls = new long[1];
    try (Batcher batcher = new Batcher("b", version -> counting(calls), 8, TARGET)) {
      CompletableFuture<Prediction> late =
          batcher.submit("x", 0, Deadline.afterNanos(0, System::nanoTime));

      assertThatThrownBy(late::join).hasCauseInstanceOf(ExpiredException.class);
      assertThat(batcher.submit("x", 0, Deadline.none()).join().value()).isEqualTo(1);
      assertThat(calls[0]).isEqualTo(1);
      assertThat(batcher.dropped()).isEqualTo(1);
      assertThat(batcher.late()).isZero();
    }
  }

  private static Model counting(long[] calls) {
    calls[0]++;
    return MODEL;
  }

  @Test
  void requests_that_wait_are_computed_together() {
    int[] batches = new int[1];
    try (Batcher batcher =
        new Batcher(
            "b",
            version -> {
              batches[0]++;
              return MODEL;
            },
            8,
            Duration.ofSeconds(10))) {
      List<CompletableFuture<Prediction>> answers =
          IntStream.range(0, 64).mapToObj(i -> batcher.submit("x", 0, Deadline.none())).toList();
      answers.forEach(CompletableFuture::join);
    }

    // Limits 1, 2, 3, ... 8, 8, 8: about a dozen batches rather than 64.
    assertThat(batches[0]).isBetween(9, 25);
  }
}
