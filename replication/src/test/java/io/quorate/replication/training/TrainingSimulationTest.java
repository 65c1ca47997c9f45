package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Goals T2, T3, T6 and T8: whatever happens to workers and master, the bits are the same. */
class TrainingSimulationTest {
  static Stream<TrainingOptions> jobs() {
    TrainingOptions.Limits limits =
        new TrainingOptions.Limits(Duration.ofSeconds(30), Duration.ofMillis(500), 10, 3);
    TrainingOptions plain = TrainingOptions.of("job", "line-1", 8, 42).withLimits(limits);
    return Stream.of(
        plain,
        plain.withCodec(GradientCodec.topK(0.2)),
        plain.withCodec(GradientCodec.topK(0.2).withResidual(GradientCodec.oneBit())),
        plain.withCodec(GradientCodec.int8()),
        plain.withSync(new SyncPolicy.LocalSgd(5, 0.01)));
  }

  private static String undisturbed(TrainingOptions options) {
    try (SimulatedJob job = new SimulatedJob(1, options, 1)) {
      return job.finish().digest();
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void the_bits_do_not_depend_on_the_number_of_workers_or_the_network(TrainingOptions options) {
    String expected = undisturbed(options);

    for (int seed = 2; seed < 8; seed++) {
      try (SimulatedJob job = new SimulatedJob(seed, options, seed)) {
        assertThat(job.finish().digest()).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void any_schedule_of_kills_pauses_and_cuts_ends_in_the_same_bits(TrainingOptions options) {
    String expected = undisturbed(options);
    int rollbacks = 0;

    for (int seed = 100; seed < 125; seed++) {
      try (SimulatedJob job = new SimulatedJob(seed, options, 4)) {
        RandomGenerator random = job.sim.random("schedule");
        for (int event = 0; event < 12; event++) {
          schedule(job, random, Duration.ofMillis(random.nextInt(1_500)));
        }
        assertThat(job.finish().digest()).as("seed %d", seed).isEqualTo(expected);
        rollbacks += job.events.contains("rollback") ? 1 : 0;
      }
    }
    assertThat(rollbacks > 0).isEqualTo(options.codec().isStateful());
  }

  static void schedule(SimulatedJob job, RandomGenerator random, Duration when) {
    SimNode<TrainingWorker> worker = job.workers.get(random.nextInt(job.workers.size()));
    switch (random.nextInt(5)) {
      case 0 -> {
        job.sim.at(when, worker::crash);
        job.sim.at(when.plusMillis(random.nextInt(800)), worker::restart);
      }
      case 1 -> job.sim.at(when, () -> worker.pause(Duration.ofMillis(random.nextInt(900))));
      case 2 -> {
        job.sim.at(when, () -> job.sim.network().isolate(worker.id()));
        job.sim.at(when.plusMillis(random.nextInt(900)), job.sim.network()::heal);
      }
      case 3 -> {
        job.sim.at(when, job.master::crash);
        job.sim.at(when.plusMillis(random.nextInt(500)), job.master::restart);
      }
      default ->
          job.sim.at(
              when,
              () -> job.sim.network().breakConnections(SimulatedJob.MASTER, worker.id()));
    }
  }

  @Test
  void control_sums_in_order_of_arrival_would_differ() {
    float[][] gradients = new float[8][SimulatedJob.PARAMETERS];
    for (int shard = 0; shard < 8; shard++) {
      List<float[]> batch = SimulatedJob.BATCHES.batch(0, 3, shard, 8);
      SimulatedJob.gradient(new float[SimulatedJob.PARAMETERS], batch, gradients[shard], null);
    }
    float[] inOrder = new float[SimulatedJob.PARAMETERS];
    float[] inReverse = new float[SimulatedJob.PARAMETERS];
    for (int shard = 0; shard < 8; shard++) {
      for (int k = 0; k < SimulatedJob.PARAMETERS; k++) {
        inOrder[k] += gradients[shard][k];
        inReverse[k] += gradients[7 - shard][k];
      }
    }

    assertThat(inOrder).isNotEqualTo(inReverse);
  }

  @Test
  void t6_the_distributed_gradient_with_unequal_batches_equals_that_of_one_process() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    TrainingState state = TrainingState.initial(new float[SimulatedJob.PARAMETERS], 1, 0);
    Optimizer optimizer = Optimizer.momentum(0.01, 0.9);
    for (long step = 0; step < SimulatedJob.STEPS; step++) {
      float[] sum = new float[SimulatedJob.PARAMETERS];
      double weight = 0;
      for (int shard = 0; shard < 8; shard++) {
        float[] own = new float[SimulatedJob.PARAMETERS];
        List<float[]> batch = SimulatedJob.BATCHES.batch(step / 20, step % 20, shard, 8);
        weight += SimulatedJob.gradient(state.parameters(), batch, own, null).weight();
        for (int k = 0; k < SimulatedJob.PARAMETERS; k++) {
          sum[k] += own[k];
        }
      }
      TrainingState next =
          new TrainingState(
              step + 1, state.parameters().clone(), new float[][] {state.slots()[0].clone()},
              new float[0][]);
      optimizer.apply(next.parameters(), sum, weight, next.slots(), step);
      state = next;
    }

    assertThat(undisturbed(options)).isEqualTo(state.digest());
  }

  @Test
  void a_worker_whose_gradient_is_nan_or_throws_is_named_and_the_job_fails_if_all_do() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    GradientFunction<List<float[]>> broken =
        (model, batch, sum, context) -> {
          if (context.step() == 5 && context.shard() == 3) {
            sum[0] = Float.NaN;
          }
          return SimulatedJob.gradient(model, batch, sum, context);
        };

    try (SimulatedJob job = new SimulatedJob(9, options, 2, broken)) {
      assertThatThrownBy(job::finish)
          .hasRootCauseInstanceOf(TrainingException.class)
          .hasStackTraceContaining("step 5, shard 3 of worker w")
          .hasStackTraceContaining("NaN");
    }
  }

  @Test
  void a_gradient_that_fails_once_is_computed_again_and_the_bits_are_the_same() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    GradientFunction<List<float[]>> flaky =
        (model, batch, sum, context) -> {
          if (context.step() == 5 && context.attempt() == 0) {
            throw new IllegalStateException("out of luck");
          }
          return SimulatedJob.gradient(model, batch, sum, context);
        };

    try (SimulatedJob job = new SimulatedJob(10, options, 2, flaky)) {
      assertThat(job.finish().digest()).isEqualTo(undisturbed(options));
      assertThat(job.events).anyMatch(event -> event.contains("out of luck"));
    }
  }

  @Test
  void a_worker_of_another_model_or_layout_is_refused_with_the_reason() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    try (SimulatedJob job = new SimulatedJob(11, options, 1)) {
      SimNode<TrainingWorker> other =
          job.sim.node(
              NodeId.of("other"),
              env -> {
                NodeId master = SimulatedJob.MASTER;
                env.transport().setPeer(master, SimNode.addressOf(master));
                return TrainingWorker.start(
                    env,
                    options,
                    SimulatedJob.PARAMETERS + 1,
                    SimulatedJob::gradient,
                    SimulatedJob.BATCHES,
                    () -> Optional.of(SimulatedJob.MASTER),
                    1);
              });
      CompletableFuture<Void> finished = other.service().finished();
      job.finish();
      job.sim.runUntil(finished::isDone, Duration.ofSeconds(5));

      assertThatThrownBy(finished::join)
          .hasRootCauseMessage("worker other has 41 parameters, expected 40");
    }
  }

  @Test
  void a_job_without_workers_ends_and_says_so() {
    TrainingOptions options = jobs().findFirst().orElseThrow();

    try (SimulatedJob job = new SimulatedJob(12, options, 0)) {
      assertThatThrownBy(job::finish)
          .hasStackTraceContaining("step 0 took more than PT30S")
          .hasStackTraceContaining("shard 0 (no worker)");
    }
  }

  @Test
  void workers_learn_that_the_job_is_over() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    try (SimulatedJob job = new SimulatedJob(13, options, 2)) {
      job.finish();
      job.sim.run(Duration.ofSeconds(2));

      job.workers.forEach(worker -> assertThat(worker.service().finished()).isCompleted());
    }
  }
}
