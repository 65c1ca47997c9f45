package io.quorate.replication.processes;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientCodec;
import io.quorate.replication.training.Loss;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.StepContext;
import io.quorate.replication.training.TrainingListener;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingWorker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * A master or a worker of a job whose state is as complete as can be: momentum, and a codec with
 * residuals. Arguments: the node, its directory, the master's address, and for the master its term.
 * The master says {@code digest} and the digest at the end; both live until they are killed.
 */
final class TrainingProcess {
  static final String MASTER = "master";
  private static final int PARAMETERS = 2_000;
  private static final long STEPS = 80;
  private static final BatchSource<Integer> BATCHES =
      new BatchSource<>() {
        @Override
        public Integer batch(long epoch, long step, int shard, int shards) {
          return (int) (step * shards + shard);
        }

        @Override
        public long stepsPerEpoch() {
          return 20;
        }
      };

  private TrainingProcess() {}

  public static void main(String[] args) throws Exception {
    NodeId id = NodeId.of(args[0]);
    Address master = Address.parse(args[2]);
    boolean leads = id.value().equals(MASTER);
    Environment environment =
        Environment.real(
            EnvironmentOptions.of(id, "training")
                .withListen(leads ? master : new Address("127.0.0.1", 0))
                .insecure()
                .withDataDirectory(Path.of(args[1])));
    if (leads) {
      lead(environment, Long.parseLong(args[3]));
    } else {
      environment.transport().setPeer(NodeId.of(MASTER), master);
      TrainingWorker.start(
          environment,
          options(),
          PARAMETERS,
          TrainingProcess::gradient,
          BATCHES,
          () -> Optional.of(NodeId.of(MASTER)),
          2);
    }
    // Whoever started this ends it.
    Thread.currentThread().join();
  }

  private static void lead(Environment environment, long term) throws Exception {
    CheckpointStore store = CheckpointStore.open(environment, CheckpointOptions.in("saved"));
    TrainingMaster master =
        TrainingMaster.start(
            environment,
            options(),
            Optimizer.momentum(0.05, 0.9),
            term,
            new float[PARAMETERS],
            STEPS,
            Optional.of(store),
            TrainingListener.NONE);
    System.out.println("digest " + master.report().get(2, TimeUnit.MINUTES).digest());
  }

  private static TrainingOptions options() {
    return TrainingOptions.of("killed", "waves", 4, 7)
        .withCodec(GradientCodec.topK(0.1))
        .withLimits(
            new TrainingOptions.Limits(Duration.ofSeconds(60), Duration.ofMillis(800), 3, 3));
  }

  private static Loss gradient(
      float[] parameters, Integer batch, float[] sum, StepContext context) {
    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    double loss = 0;
    for (int i = 0; i < sum.length; i++) {
      float error = parameters[i] - (i * 31 + batch * 17) % 101;
      sum[i] += error;
      loss += error * error;
    }
    return new Loss(loss, 1);
  }
}
