package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Training without lock step, over the simulated network. */
class FreeRunSimulationTest {
  private static final int SHARDS = 8;
  private static final Speculation NEVER = new Speculation(1, 1e9);

  private static TrainingOptions with(SyncPolicy policy) {
    return TrainingOptions.of("job", "line-1", SHARDS, 42)
        .withLimits(
            new TrainingOptions.Limits(Duration.ofSeconds(30), Duration.ofMillis(500), 10, 3))
        .withSync(policy);
  }

  static Stream<TrainingOptions> jobs() {
    return Stream.of(with(new SyncPolicy.BoundedStaleness(3)), with(new SyncPolicy.Async()));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void every_step_of_every_shard_counts_once_and_the_line_is_learned(TrainingOptions options) {
    try (SimulatedJob job = new SimulatedJob(1, options, 4)) {
      TrainingReport report = job.finish();

      assertThat(report.steps()).isEqualTo(SimulatedJob.STEPS);
      assertThat(job.steps).hasSize((int) SimulatedJob.STEPS);
      assertThat(job.steps.stream().mapToDouble(step -> step.loss().weight()).sum())
          .isEqualTo(SimulatedJob.examples(SHARDS));
      assertHasLearned(job);
      assertThat(job.steps).anyMatch(step -> step.staleness().mean() > 0);
    }
  }

  private static void assertHasLearned(SimulatedJob job) {
    double first = job.steps.get(0).loss().mean();
    double last = job.steps.get(job.steps.size() - 1).loss().mean();
    assertThat(last).as("seed %d", job.sim.seed()).isLessThan(first / 20);
  }

  @Test
  void a_straggler_that_rotates_does_not_hold_the_others_up() {
    double full = seconds(new SyncPolicy.FullSync());
    double bounded = seconds(new SyncPolicy.BoundedStaleness(3));
    double free = seconds(new SyncPolicy.Async());

    assertThat(bounded).isLessThan(full / 2);
    assertThat(free).isLessThan(bounded);
  }

  /** Virtual time to the end while one worker after the other is slow, and nothing is copied. */
  private static double seconds(SyncPolicy policy) {
    try (SimulatedJob job = new SimulatedJob(2, with(policy).withSpeculation(NEVER), 4)) {
      job.sim.runUntil(() -> job.steps.size() >= 2, Duration.ofSeconds(5));
      job.rotateStraggler(Duration.ofMillis(500), Duration.ofMillis(100));
      job.finish();
      if (policy instanceof SyncPolicy.BoundedStaleness bounded) {
        assertThat(job.steps)
            .allMatch(step -> step.staleness().spread() <= bounded.steps() + 1)
            .anyMatch(step -> step.staleness().spread() == bounded.steps() + 1);
      }
      return job.steps.stream().mapToLong(StepStats::durationNanos).sum() / 1e9;
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void kills_pauses_and_cuts_of_workers_and_master_do_not_stop_it(TrainingOptions options) {
    for (int seed = 200; seed < 215; seed++) {
      try (SimulatedJob job = new SimulatedJob(seed, options, 4)) {
        RandomGenerator random = job.sim.random("schedule");
        for (int event = 0; event < 12; event++) {
          TrainingSimulationTest.schedule(
              job, random, Duration.ofMillis(random.nextInt(1_500)));
        }
        TrainingReport report = job.finish();
        assertThat(report.steps()).as("seed %d", seed).isEqualTo(SimulatedJob.STEPS);
        assertHasLearned(job);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void a_master_that_crashes_goes_on_from_its_checkpoint(TrainingOptions options) {
    try (SimulatedJob job = new SimulatedJob(3, options, 4)) {
      job.sim.runUntil(() -> job.steps.size() >= 35, Duration.ofSeconds(20));
      int before = job.steps.size();
      job.master.crash();
      job.master.restart();
      TrainingReport report = job.finish();

      assertThat(report.steps()).isEqualTo(SimulatedJob.STEPS);
      assertThat(job.steps.get(before).step()).isBetween(10L, 35L);
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void a_worker_whose_gradient_is_nan_is_named(TrainingOptions options) {
    GradientFunction<List<float[]>> broken =
        (model, batch, sum, context) -> {
          if (context.step() == 5 && context.shard() == 3) {
            sum[0] = Float.NaN;
          }
          return SimulatedJob.gradient(model, batch, sum, context);
        };

    try (SimulatedJob job = new SimulatedJob(4, options, 2, broken)) {
      assertThatThrownBy(job::finish)
          .hasRootCauseInstanceOf(TrainingException.class)
          .hasStackTraceContaining("step 5, shard 3 of worker w")
          .hasStackTraceContaining("NaN");
    }
  }
}
