package io.quorate.replication.training;

import com.sun.management.ThreadMXBean;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;

/**
 * A master and a worker with two lanes in this JVM, over loopback TCP, whose gradients cost nothing
 * to compute: what is left is the exchange.
 */
final class Exchange {
  static final int SHARDS = 4;

  private static final NodeId MASTER = NodeId.of("master");
  private static final ThreadMXBean THREADS =
      (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /**
   * What a run came to, without the steps before it was warm.
   *
   * @param allocatedBytes in each step, by all threads of this JVM
   */
  record Run(List<StepStats> steps, long allocatedBytes) {}

  /** Notes steps, and what was allocated from the last cold one to the last. */
  private static final class Watch implements TrainingListener {
    private final int cold;
    private final List<StepStats> steps = new ArrayList<>();
    private long before;
    private long after;

    Watch(int cold) {
      this.cold = cold;
    }

    @Override
    public void onStep(StepStats stats) {
      if (stats.step() < cold) {
        before = allocatedBytes();
      } else {
        steps.add(stats);
        after = allocatedBytes();
      }
    }

    private static long allocatedBytes() {
      long[] each = THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds());
      return LongStream.of(each).filter(bytes -> bytes > 0).sum();
    }
  }

  private record Nothing() implements BatchSource<Integer> {
    @Override
    public Integer batch(long epoch, long step, int shard, int shards) {
      return 1;
    }

    @Override
    public long stepsPerEpoch() {
      return 1;
    }
  }

  /** Where a wasteful gradient function leaves what it has allocated. */
  private static volatile byte[] waste;

  private Exchange() {}

  /**
   * Takes {@code steps} steps, of which the first {@code cold} do not count.
   *
   * @param wastedBytes that the gradient function allocates for each shard
   */
  static Run run(int parameters, int steps, int cold, int wastedBytes) throws Exception {
    TrainingOptions options = TrainingOptions.of("wide", "constant", SHARDS, 1);
    Watch watch = new Watch(cold);
    try (Environment node = environment(MASTER);
        Environment other = environment(NodeId.of("w0"))) {
      other.transport().setPeer(MASTER, node.transport().address());
      TrainingMaster master =
          TrainingMaster.start(
              node,
              options,
              Optimizer.sgd(0.1),
              1,
              new float[parameters],
              steps,
              Optional.empty(),
              watch);
      TrainingWorker.start(
          other,
          options,
          parameters,
          (model, batch, sum, context) -> {
            waste = wastedBytes == 0 ? waste : new byte[wastedBytes];
            sum[context.shard()] = 1;
            return new Loss(1, 1);
          },
          new Nothing(),
          () -> Optional.of(MASTER),
          2);
      master.report().get(10, TimeUnit.MINUTES);
    }
    return new Run(watch.steps, (watch.after - watch.before) / watch.steps.size());
  }

  private static Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "measured")
            .withListen(new Address("127.0.0.1", 0))
            .insecure());
  }
}
