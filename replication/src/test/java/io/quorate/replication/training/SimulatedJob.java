package io.quorate.replication.training;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** A cluster of one master and some workers that learn a line, on virtual time. */
final class SimulatedJob implements AutoCloseable {
  static final int PARAMETERS = 40;
  static final long STEPS = 60;
  static final NodeId MASTER = NodeId.of("master");

  /** Linear regression on data that is a function of its index; shards differ in size. */
  static final BatchSource<List<float[]>> BATCHES =
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

  /** Examples of all shards in all steps. */
  static double examples(int shards) {
    double examples = 0;
    for (int shard = 0; shard < shards; shard++) {
      examples += STEPS * BATCHES.batch(0, 0, shard, shards).size();
    }
    return examples;
  }

  static Loss gradient(float[] model, List<float[]> batch, float[] sum, StepContext context) {
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

  final Simulation sim;
  final TrainingOptions options;
  final SimNode<TrainingMaster> master;
  final List<SimNode<TrainingWorker>> workers = new ArrayList<>();
  final List<String> events = new ArrayList<>();
  final List<StepStats> steps = new ArrayList<>();
  /** Whether the listener throws. */
  boolean deaf;
  private final Map<NodeId, Duration> computing = new TreeMap<>();
  private long term;

  SimulatedJob(long seed, TrainingOptions options, int workers) {
    this(seed, options, workers, SimulatedJob::gradient);
  }

  SimulatedJob(
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

  static Optimizer optimizer(TrainingOptions options) {
    return options.sync().isLockStep() ? Optimizer.momentum(0.01, 0.9) : Optimizer.sgd(0.01);
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
        optimizer(options),
        ++term,
        new float[PARAMETERS],
        STEPS,
        Optional.of(store),
        new TrainingListener() {
          @Override
          public void onStep(StepStats stats) {
            steps.add(stats);
            if (deaf) {
              throw new IllegalStateException("listener that throws");
            }
          }

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

  /** From now on each gradient takes {@code worker} so long. */
  void slow(int worker, Duration duration) {
    computing.put(NodeId.of("w" + worker), duration);
  }

  /** Each worker in turn is slow for {@code period}; the others need a millisecond. */
  void rotateStraggler(Duration period, Duration slow) {
    int[] turn = {0};
    for (int i = 0; i < workers.size(); i++) {
      slow(i, i == 0 ? slow : Duration.ofMillis(1));
    }
    sim.every(
        period,
        () -> {
          slow(turn[0], Duration.ofMillis(1));
          turn[0] = (turn[0] + 1) % workers.size();
          slow(turn[0], slow);
        });
  }

  /** The same gradient, after the time that it takes its worker: that of a stalled disk. */
  private GradientFunction<List<float[]>> timed(
      Environment env, GradientFunction<List<float[]>> function) {
    return (model, batch, sum, context) -> {
      Duration duration = computing.getOrDefault(env.self(), Duration.ZERO);
      if (!duration.isZero()) {
        sim.node(env.self()).disk().stall(duration);
        env.storage().list("");
      }
      return function.compute(model, batch, sum, context);
    };
  }

  private TrainingWorker startWorker(
      Environment env, GradientFunction<List<float[]>> function) {
    env.transport().setPeer(MASTER, SimNode.addressOf(MASTER));
    return TrainingWorker.start(
        env,
        options,
        PARAMETERS,
        timed(env, function),
        BATCHES,
        () -> Optional.of(MASTER),
        2);
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
