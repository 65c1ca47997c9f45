package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.sim.SimNode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Input that is wrong is named, and what is only unusual counts as it should. Unequal batches,
 * another layout, two masters and foreign checkpoints are in {@link TrainingSimulationTest} and
 * {@link TrainingResumeTest}.
 */
class TrainingBadInputTest {
  private static final TrainingOptions.Limits LIMITS =
      new TrainingOptions.Limits(Duration.ofSeconds(30), Duration.ofMillis(500), 10, 3);
  private static final TrainingOptions PLAIN =
      TrainingOptions.of("job", "line-1", 8, 42).withLimits(LIMITS);

  private static TrainingReport run(TrainingOptions options, GradientFunction<List<float[]>> own) {
    try (SimulatedJob job = new SimulatedJob(21, options, 2, own)) {
      return job.finish();
    }
  }

  /** As if the shard had no examples. */
  private static GradientFunction<List<float[]>> without(int shard) {
    return (model, batch, sum, context) ->
        SimulatedJob.gradient(
            model, context.shard() == shard ? List.of() : batch, sum, context);
  }

  @Test
  void an_empty_shard_counts_nothing_and_is_waited_for_like_any_other() {
    // Shards 0 and 4 have no examples as it is.
    String expected = run(PLAIN, SimulatedJob::gradient).digest();

    assertThat(run(PLAIN, without(4)).digest()).isEqualTo(expected);
    assertThat(run(PLAIN, without(3)).digest()).as("control").isNotEqualTo(expected);
  }

  @Test
  void steps_without_any_example_change_nothing_and_divide_by_nothing() {
    for (SyncPolicy policy :
        List.of(
            new SyncPolicy.FullSync(),
            new SyncPolicy.LocalSgd(5, 0.01),
            new SyncPolicy.BoundedStaleness(2))) {
      TrainingReport report =
          run(
              PLAIN.withSync(policy),
              (model, batch, sum, context) ->
                  SimulatedJob.gradient(model, List.of(), sum, context));

      assertThat(report.parameters()).as("%s", policy).containsOnly(0);
    }
  }

  @Test
  void nan_in_the_data_ends_the_job_naming_step_shard_and_worker() {
    GradientFunction<List<float[]>> spoiled =
        (model, batch, sum, context) -> {
          if (context.step() == 5 && context.shard() == 3) {
            float[] example = batch.get(0).clone();
            example[0] = Float.NaN;
            return SimulatedJob.gradient(model, List.of(example), sum, context);
          }
          return SimulatedJob.gradient(model, batch, sum, context);
        };

    assertThatThrownBy(() -> run(PLAIN, spoiled))
        .hasRootCauseInstanceOf(TrainingException.class)
        .hasStackTraceContaining("step 5, shard 3 of worker w")
        .hasStackTraceContaining("NaN");
  }

  @Test
  void a_gradient_function_that_throws_an_error_or_returns_no_loss_is_named() {
    assertThatThrownBy(
            () ->
                run(
                    PLAIN,
                    (model, batch, sum, context) -> {
                      throw new AssertionError("out of bounds");
                    }))
        .hasStackTraceContaining("of worker w")
        .hasStackTraceContaining("java.lang.AssertionError: out of bounds");
    assertThatThrownBy(() -> run(PLAIN, (model, batch, sum, context) -> null))
        .hasStackTraceContaining("of worker w")
        .hasStackTraceContaining("the gradient function returned no loss");
  }

  @Test
  void data_without_steps_is_named() {
    BatchSource<List<float[]>> none =
        new BatchSource<>() {
          @Override
          public List<float[]> batch(long epoch, long step, int shard, int shards) {
            return List.of();
          }

          @Override
          public long stepsPerEpoch() {
            return 0;
          }
        };
    ShardComputer<List<float[]>> computer =
        new ShardComputer<>(PLAIN, SimulatedJob.PARAMETERS, SimulatedJob::gradient, none);

    assertThatThrownBy(
            () ->
                computer.compute(
                    new TrainingMessage.Work(1, 0, 0, 0, 0),
                    new float[SimulatedJob.PARAMETERS],
                    new float[0],
                    false,
                    () -> false))
        .isInstanceOf(TrainingException.class)
        .hasMessage("stepsPerEpoch must be at least 1, was 0");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void a_rate_of_local_steps_that_is_none_is_refused(double rate) {
    assertThatThrownBy(() -> new SyncPolicy.LocalSgd(5, rate))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rate must be more than 0, was " + rate);
  }

  @Test
  void a_worker_of_another_code_version_is_refused_naming_both_and_the_job_goes_on() {
    TrainingOptions newer = TrainingOptions.of("job", "line-2", 8, 42).withLimits(LIMITS);
    try (SimulatedJob job = new SimulatedJob(22, PLAIN, 1)) {
      SimNode<TrainingWorker> other =
          job.sim.node(
              NodeId.of("other"),
              env -> {
                env.transport()
                    .setPeer(SimulatedJob.MASTER, SimNode.addressOf(SimulatedJob.MASTER));
                return TrainingWorker.start(
                    env,
                    newer,
                    SimulatedJob.PARAMETERS,
                    SimulatedJob::gradient,
                    SimulatedJob.BATCHES,
                    () -> Optional.of(SimulatedJob.MASTER),
                    1);
              });
      CompletableFuture<Void> finished = other.service().finished();

      assertThat(job.finish().steps()).isEqualTo(SimulatedJob.STEPS);
      job.sim.runUntil(finished::isDone, Duration.ofSeconds(5));
      assertThatThrownBy(finished::join)
          .hasStackTraceContaining("worker other knows another job: model=line-2")
          .hasStackTraceContaining("expected model=line-1");
    }
  }

  @Test
  void a_residual_that_is_none_is_named_and_the_step_is_done_anew() {
    TrainingOptions options =
        PLAIN
            .withCodec(GradientCodec.topK(0.1))
            .withLimits(
                new TrainingOptions.Limits(Duration.ofSeconds(30), Duration.ofSeconds(2), 1, 3));
    CoreRig rig = CoreRig.of(options);
    NodeId worker = NodeId.of("a");
    rig.join(worker);
    TrainingMessage.Task task = rig.poll(worker, 0).orElseThrow();
    assertThat(task.checkpoint()).isTrue();
    ByteWriter bytes = new ByteWriter();
    bytes.int32(1).varint(0).int8(7);

    rig.ask(
        worker, CoreRig.part(task.work(), new Loss(1, 1), bytes.toByteArray()));

    assertThat(rig.events(MasterCore.FailedWork.class))
        .singleElement()
        .satisfies(
            failed -> {
              assertThat(failed.worker()).isEqualTo(worker);
              assertThat(failed.reason()).contains("bytes expected, 1 there");
            });
    assertThat(rig.events(MasterCore.Stepped.class)).isEmpty();
  }
}
