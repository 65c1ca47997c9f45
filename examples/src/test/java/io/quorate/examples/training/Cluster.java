package io.quorate.examples.training;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingListener;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import io.quorate.replication.training.TrainingWorker;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A master and its workers in this JVM, over loopback TCP: what is measured. */
final class Cluster {
  private static final NodeId MASTER = NodeId.of("master");

  /** What a run came to. */
  record Run(TrainingReport report, List<StepStats> steps, double seconds, long socketBytes) {
    /** The p-quantile of the durations of steps, without the first three. */
    double stepMillis(double p) {
      long[] nanos =
          steps.stream().skip(3).mapToLong(StepStats::durationNanos).sorted().toArray();
      return nanos[(int) (p * (nanos.length - 1))] / 1e6;
    }

    long payloadBytes() {
      return steps.stream().mapToLong(StepStats::bytesUp).sum();
    }
  }

  private Cluster() {}

  /**
   * Trains with one worker for each of {@code functions}.
   *
   * @param counted whether bytes to the master are counted, on a detour that costs time
   */
  static <B> Run train(
      TrainingOptions options,
      Optimizer optimizer,
      float[] initial,
      long steps,
      BatchSource<B> batches,
      List<? extends GradientFunction<B>> functions,
      boolean counted)
      throws Exception {
    List<StepStats> stats = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStep(StepStats step) {
            stats.add(step);
          }
        };
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      Environment node = environment(MASTER);
      parts.push(node);
      CountingRelay relay = new CountingRelay(node.transport().address());
      parts.push(relay);
      TrainingMaster master =
          TrainingMaster.start(
              node, options, optimizer, 1, initial, steps, Optional.empty(), listener);
      long beganNanos = System.nanoTime();
      for (int i = 0; i < functions.size(); i++) {
        Environment worker = environment(NodeId.of("w" + i));
        parts.push(worker);
        Address address = counted ? relay.address() : node.transport().address();
        worker.transport().setPeer(MASTER, address);
        TrainingWorker.start(
            worker,
            options,
            initial.length,
            functions.get(i),
            batches,
            () -> Optional.of(MASTER),
            1);
      }
      TrainingReport report = master.report().get(1, TimeUnit.HOURS);
      double seconds = (System.nanoTime() - beganNanos) / 1e9;
      return new Run(report, stats, seconds, relay.bytes());
    } finally {
      while (!parts.isEmpty()) {
        parts.pop().close();
      }
    }
  }

  private static Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "measured")
            .withListen(new Address("127.0.0.1", 0))
            .insecure());
  }
}
