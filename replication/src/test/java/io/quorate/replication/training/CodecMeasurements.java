package io.quorate.replication.training;

import com.sun.management.ThreadMXBean;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.transport.Address;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** Goal T10: what the codecs do, and what passes over loopback, for ten million parameters. */
final class CodecMeasurements {
  private static final int PARAMETERS = 10_000_000;

  private CodecMeasurements() {}

  public static void main(String[] args) throws Exception {
    int parameters = args.length > 0 ? Integer.parseInt(args[0]) : PARAMETERS;
    print("| codec | encode, GB for each second of CPU | decode and add | bytes allocated |%n");
    for (GradientCodec codec :
        List.of(
            GradientCodec.dense(),
            GradientCodec.fp16(),
            GradientCodec.int8(),
            GradientCodec.oneBit(),
            GradientCodec.topK(0.05))) {
      codec(codec, parameters);
    }
    loopback(parameters);
  }

  private static void codec(GradientCodec codec, int parameters) {
    SplittableRandom random = new SplittableRandom(1);
    float[] gradient = new float[parameters];
    for (int i = 0; i < parameters; i++) {
      gradient[i] = (float) random.nextGaussian();
    }
    float[] scratch = new float[parameters];
    float[] sum = new float[parameters];
    ByteWriter out = new ByteWriter(5 * parameters + 16);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    double encode = Double.MAX_VALUE;
    double decode = Double.MAX_VALUE;
    long allocated = Long.MAX_VALUE;
    for (int round = 0; round < 8; round++) {
      System.arraycopy(gradient, 0, scratch, 0, parameters);
      out.clear();
      long bytesBefore = threads.getCurrentThreadAllocatedBytes();
      // This thread's own time, so that others on the machine do not count.
      long beganNanos = threads.getCurrentThreadCpuTime();
      codec.encode(scratch, out);
      long encodedNanos = threads.getCurrentThreadCpuTime();
      codec.decodeAdd(new ByteReader(out.array(), 0, out.size()), sum);
      long decodedNanos = threads.getCurrentThreadCpuTime();
      allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - bytesBefore);
      encode = Math.min(encode, encodedNanos - beganNanos);
      decode = Math.min(decode, decodedNanos - encodedNanos);
    }
    double bytes = 4.0 * parameters;
    print(
        "| %s | %.2f | %.2f | %d |%n",
        codec.description(), bytes / encode, bytes / decode, allocated);
  }

  /** Dense gradients of one worker with two lanes; the model goes down, two gradients come up. */
  private static void loopback(int parameters) throws Exception {
    TrainingOptions options = TrainingOptions.of("wide", "constant", 2, 1);
    NodeId leader = NodeId.of("master");
    List<StepStats> steps = new ArrayList<>();
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void onStep(StepStats stats) {
            steps.add(stats);
          }
        };
    try (Environment node = environment(leader);
        Environment other = environment(NodeId.of("w0"))) {
      other.transport().setPeer(leader, node.transport().address());
      TrainingMaster master =
          TrainingMaster.start(
              node,
              options,
              Optimizer.sgd(0.1),
              1,
              new float[parameters],
              25,
              Optional.empty(),
              listener);
      TrainingWorker.start(
          other,
          options,
          parameters,
          (model, batch, sum, context) -> {
            Arrays.fill(sum, 1);
            return new Loss(1, 1);
          },
          new Ones(),
          () -> Optional.of(leader),
          2);
      master.report().get(10, TimeUnit.MINUTES);
    }
    double[] rates =
        steps.stream()
            .skip(5)
            .mapToDouble(s -> (double) (s.bytesUp() + s.bytesDown()) / s.durationNanos())
            .sorted()
            .toArray();
    print(
        "loopback, gradients up and parameters down: p50 %.2f GB/s, best %.2f GB/s%n",
        rates[rates.length / 2], rates[rates.length - 1]);
  }

  private record Ones() implements BatchSource<Integer> {
    @Override
    public Integer batch(long epoch, long step, int shard, int shards) {
      return 1;
    }

    @Override
    public long stepsPerEpoch() {
      return 1;
    }
  }

  private static Environment environment(NodeId id) {
    return Environment.real(
        EnvironmentOptions.of(id, "measured")
            .withListen(new Address("127.0.0.1", 0))
            .insecure());
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}
