package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Goals T2, T3, T6 and T8: whatever happens to workers and master, the bits are the same. */
class TrainingSimulationTest {
  private static final int PARAMETERS = 40;
  private static final long STEPS = 60;
  private static final NodeId MASTER = NodeId.of("master");

  /** Linear regression on data that is a function of its index; shards differ in size. */
  private static final BatchSource<List<float[]>> BATCHES =
      new BatchSource<>() {
        @Override
        public List<float[]> batch(long epoch, long step, int shard, int shards) {
          SplittableRandom random = new SplittableRandom(step * 1_000 + shard);
          List<float[]> examples = new ArrayList<>();
          for (int i = 0; i < shard % 4; i++) {
            float[] x = new float[PARAMETERS + 1];
            for (int k = 0; k < PARAMETERS; k++) {
              x[k] = (float) random.nextGaussian();
              x[PARAMETERS] += x[k] * (k % 7);
            }
            examples.add(x);
          }
          return examples;
        }

        @Override
        public long stepsPerEpoch() {
          return 20;
        }
      };

  private static Loss gradient(
      float[] model, List<float[]> batch, float[] sum, StepContext context) {
    double loss = 0;
    for (float[] x : batch) {
      float error = -x[PARAMETERS];
      for (int k = 0; k < PARAMETERS; k++) {
        error += model[k] * x[k];
      }
      for (int k = 0; k < PARAMETERS; k++) {
        sum[k] += error * x[k];
      }
      loss += 0.5 * error * error;
    }
    return new Loss(loss, batch.size());
  }

  static Stream<TrainingOptions> jobs() {
    TrainingOptions.Limits limits =
        new TrainingOptions.Limits(Duration.ofSeconds(30), Duration.ofMillis(500), 10, 3);
    TrainingOptions plain = TrainingOptions.of("job", "line-1", 8, 42).withLimits(limits);
    return Stream.of(
        plain,
        plain.withCodec(GradientCodec.topK(0.2)),
        plain.withCodec(GradientCodec.int8()),
        plain.withSync(new SyncPolicy.LocalSgd(5, 0.01)));
  }

  /** A cluster of one master and some workers, on virtual time. */
  private static final class Job implements AutoCloseable {
    final Simulation sim;
    final TrainingOptions options;
    final SimNode<TrainingMaster> master;
    final List<SimNode<TrainingWorker>> workers = new ArrayList<>();
    final List<String> events = new ArrayList<>();
    private long term;

    Job(long seed, TrainingOptions options, int workers) {
      this(seed, options, workers, TrainingSimulationTest::gradient);
    }

    Job(
        long seed,
        TrainingOptions options,
        int workers,
        GradientFunction<List<float[]>> function) {
      this.sim = Simulation.seeded(seed);
      this.options = options;
      this.master = sim.node(MASTER, this::startMaster);
      for (int i = 0; i < workers; i++) {
        this.workers.add(sim.node(NodeId.of("w" + i), env -> startWorker(env, function)));
      }
    }

    private TrainingMaster startMaster(Environment env) {
      CheckpointStore store = CheckpointStore.open(env, CheckpointOptions.in("checkpoints"));
      for (SimNode<?> node : sim.nodes()) {
        if (!node.id().equals(env.self())) {
          env.transport().setPeer(node.id(), node.address());
        }
      }
      return TrainingMaster.start(
          env,
          options,
          Optimizer.momentum(0.01, 0.9),
          ++term,
          new float[PARAMETERS],
          STEPS,
          Optional.of(store),
          new TrainingListener() {
            @Override
            public void onRollback(long fromStep, long toStep) {
              events.add("rollback");
            }

            @Override
            public void onGone(NodeId worker) {
              events.add("gone " + worker);
            }

            @Override
            public void onFailure(NodeId worker, long step, int shard, String reason) {
              events.add("failure " + worker + " " + reason);
            }

            @Override
            public void onDisagreement(NodeId worker, long step, int shard) {
              events.add("disagreement " + worker);
            }
          });
    }

    private TrainingWorker startWorker(
        Environment env, GradientFunction<List<float[]>> function) {
      env.transport().setPeer(MASTER, SimNode.addressOf(MASTER));
      return TrainingWorker.start(
          env, options, PARAMETERS, function, BATCHES, () -> Optional.of(MASTER), 2);
    }

    TrainingReport finish() {
      for (int round = 0; round < 600; round++) {
        sim.run(Duration.ofMillis(100));
        if (master.isRunning() && master.service().report().isDone()) {
          return master.service().report().join();
        }
      }
      throw new AssertionError("not done after 60 s, seed " + sim.seed() + ", events " + events);
    }

    @Override
    public void close() {
      sim.close();
    }
  }

  private static String undisturbed(TrainingOptions options) {
    try (Job job = new Job(1, options, 1)) {
      return job.finish().digest();
    }
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void the_bits_do_not_depend_on_the_number_of_workers_or_the_network(TrainingOptions options) {
    String expected = undisturbed(options);

    for (int seed = 2; seed < 8; seed++) {
      try (Job job = new Job(seed, options, seed)) {
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
      try (Job job = new Job(seed, options, 4)) {
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

  private static void schedule(Job job, RandomGenerator random, Duration when) {
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
      default -> job.sim.at(when, () -> job.sim.network().breakConnections(MASTER, worker.id()));
    }
  }

  @Test
  void control_sums_in_order_of_arrival_would_differ() {
    float[][] gradients = new float[8][PARAMETERS];
    for (int shard = 0; shard < 8; shard++) {
      gradient(new float[PARAMETERS], BATCHES.batch(0, 3, shard, 8), gradients[shard], null);
    }
    float[] inOrder = new float[PARAMETERS];
    float[] inReverse = new float[PARAMETERS];
    for (int shard = 0; shard < 8; shard++) {
      for (int k = 0; k < PARAMETERS; k++) {
        inOrder[k] += gradients[shard][k];
        inReverse[k] += gradients[7 - shard][k];
      }
    }

    assertThat(inOrder).isNotEqualTo(inReverse);
  }

  @Test
  void t6_the_distributed_gradient_with_unequal_batches_equals_that_of_one_process() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    TrainingState state = TrainingState.initial(new float[PARAMETERS], 1, 0);
    Optimizer optimizer = Optimizer.momentum(0.01, 0.9);
    for (long step = 0; step < STEPS; step++) {
      float[] sum = new float[PARAMETERS];
      double weight = 0;
      for (int shard = 0; shard < 8; shard++) {
        float[] own = new float[PARAMETERS];
        List<float[]> batch = BATCHES.batch(step / 20, step % 20, shard, 8);
        weight += gradient(state.parameters(), batch, own, null).weight();
        for (int k = 0; k < PARAMETERS; k++) {
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
          return gradient(model, batch, sum, context);
        };

    try (Job job = new Job(9, options, 2, broken)) {
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
          return gradient(model, batch, sum, context);
        };

    try (Job job = new Job(10, options, 2, flaky)) {
      assertThat(job.finish().digest()).isEqualTo(undisturbed(options));
      assertThat(job.events).anyMatch(event -> event.contains("out of luck"));
    }
  }

  @Test
  void a_worker_of_another_model_or_layout_is_refused_with_the_reason() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    try (Job job = new Job(11, options, 1)) {
      SimNode<TrainingWorker> other =
          job.sim.node(
              NodeId.of("other"),
              env -> {
                env.transport().setPeer(MASTER, SimNode.addressOf(MASTER));
                return TrainingWorker.start(
                    env,
                    options,
                    PARAMETERS + 1,
                    TrainingSimulationTest::gradient,
                    BATCHES,
                    () -> Optional.of(MASTER),
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

    try (Job job = new Job(12, options, 0)) {
      assertThatThrownBy(job::finish)
          .hasStackTraceContaining("step 0 took more than PT30S")
          .hasStackTraceContaining("shard 0 (no worker)");
    }
  }

  @Test
  void workers_learn_that_the_job_is_over() {
    TrainingOptions options = jobs().findFirst().orElseThrow();
    try (Job job = new Job(13, options, 2)) {
      job.finish();
      job.sim.run(Duration.ofSeconds(2));

      job.workers.forEach(worker -> assertThat(worker.service().finished()).isCompleted());
    }
  }
}
