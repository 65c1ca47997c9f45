package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.sim.NetworkOptions;
import io.quorate.core.sim.SimNode;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Goal T8: pauses, partitions, half-open connections, slow readers, NaN, corrupted frames, crashes.
 * Every step ends, or the job fails within its limits and names the culprit. More runs with {@code
 * -Dtraining.chaos.seeds=200}.
 */
class TrainingChaosTest {
  private static final int SEEDS = Integer.getInteger("training.chaos.seeds", 20);
  private static final Duration STEP_TIMEOUT = Duration.ofSeconds(5);

  static List<TrainingOptions> jobs() {
    TrainingOptions plain =
        TrainingOptions.of("job", "line-1", 8, 42)
            .withLimits(
                new TrainingOptions.Limits(STEP_TIMEOUT, Duration.ofMillis(500), 10, 3));
    return List.of(
        plain,
        plain.withCodec(GradientCodec.topK(0.2)),
        plain.withSync(new SyncPolicy.BackupWorkers(7)),
        plain.withSync(new SyncPolicy.LocalSgd(5, 0.01)),
        plain.withSync(new SyncPolicy.BoundedStaleness(2)),
        plain.withSync(new SyncPolicy.Async()));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void every_step_ends_or_names_the_culprit_in_time(TrainingOptions options) {
    int finished = 0;
    for (int seed = 1_000; seed < 1_000 + SEEDS; seed++) {
      finished += runsToTheEnd(options, seed) ? 1 : 0;
    }

    assertThat(finished).isGreaterThan(SEEDS / 2);
  }

  /** One run; whether the job came to its end rather than failed. */
  private static boolean runsToTheEnd(TrainingOptions options, int seed) {
    double[] nanChance = {0};
    RandomGenerator chance = new SplittableRandom(seed);
    GradientFunction<List<float[]>> sometimesNan =
        (model, batch, sum, context) -> {
          Loss loss = SimulatedJob.gradient(model, batch, sum, context);
          if (chance.nextDouble() < nanChance[0]) {
            sum[0] = Float.NaN;
          }
          return loss;
        };
    try (SimulatedJob job = new SimulatedJob(seed, options, 4, sometimesNan)) {
      RandomGenerator random = job.sim.random("chaos");
      nanChance[0] = random.nextInt(4) == 0 ? 0.05 : 0;
      for (int event = 0; event < 10; event++) {
        strike(job, random, Duration.ofMillis(random.nextInt(1_500)));
      }
      job.sim.at(Duration.ofMillis(2_500), () -> calm(job));
      int steps = 0;
      long movedNanos = job.sim.nowNanos();
      while (!job.master.isRunning() || !job.master.service().report().isDone()) {
        job.sim.run(Duration.ofMillis(100));
        if (job.steps.size() > steps || job.events.remove("rollback")) {
          steps = job.steps.size();
          movedNanos = job.sim.nowNanos();
        }
        // The master may have been down for a while, and its successor starts anew.
        assertThat(job.sim.nowNanos() - movedNanos)
            .as("seed %d, step %d, events %s", seed, steps, job.events)
            .isLessThan(STEP_TIMEOUT.plusMillis(1_000 + 1_500).toNanos());
      }
      return outcome(job, seed);
    }
  }

  private static boolean outcome(SimulatedJob job, int seed) {
    try {
      TrainingReport report = job.master.service().report().join();
      assertThat(report.steps()).isEqualTo(SimulatedJob.STEPS);
      assertThat(StepReducer.isFinite(report.parameters())).as("seed %d", seed).isTrue();
      return true;
    } catch (CompletionException e) {
      assertThat(e.getCause()).as("seed %d", seed).isInstanceOf(TrainingException.class);
      assertThat(e.getCause().getMessage())
          .as("seed %d", seed)
          .matches("(?s).*(shard \\d+ of worker w\\d|still missing: .*shard \\d+).*");
      return false;
    }
  }

  private static void strike(SimulatedJob job, RandomGenerator random, Duration when) {
    SimNode<TrainingWorker> worker = job.workers.get(random.nextInt(job.workers.size()));
    NodeId id = worker.id();
    int millis = 1 + random.nextInt(900);
    switch (random.nextInt(8)) {
      case 0 -> job.sim.at(when, () -> worker.pause(Duration.ofMillis(millis)));
      case 1 -> job.sim.at(when, () -> job.master.pause(Duration.ofMillis(millis)));
      case 2 -> {
        job.sim.at(when, () -> job.sim.network().isolate(id));
        job.sim.at(when.plusMillis(millis), () -> job.sim.network().heal());
      }
      case 3 -> job.sim.at(when, () -> job.sim.network().halfOpen(SimulatedJob.MASTER, id));
      case 4 ->
          // A slow reader: it hears nothing for a while, then everything.
          job.sim.at(
              when,
              () ->
                  job.sim.network().clog(SimulatedJob.MASTER, id, Duration.ofMillis(millis)));
      case 5 ->
          job.sim.at(
              when, () -> job.sim.network().options(NetworkOptions.lan().withCorruption(0.02)));
      case 6 -> {
        job.sim.at(when, worker::kill);
        job.sim.at(when.plusMillis(millis), worker::restart);
      }
      default -> {
        job.sim.at(when, job.master::crash);
        job.sim.at(when.plusMillis(millis / 2), job.master::restart);
      }
    }
  }

  private static void calm(SimulatedJob job) {
    job.sim.network().heal();
    job.sim.network().options(NetworkOptions.lan());
    job.workers.forEach(SimNode::restart);
    job.master.restart();
  }
}
