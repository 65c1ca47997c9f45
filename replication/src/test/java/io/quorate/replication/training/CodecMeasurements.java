package io.quorate.replication.training;

import com.sun.management.ThreadMXBean;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.ToLongFunction;

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

  /** Dense gradients, four shards in a step; the parameters go down. */
  private static void loopback(int parameters) throws Exception {
    Exchange.Run run = Exchange.run(parameters, 100, 50, 0);
    double[] up = sorted(run, StepStats::bytesUp);
    double[] both = sorted(run, step -> step.bytesUp() + step.bytesDown());
    print("| loopback, GB/s | p50 | best |%n");
    print("| gradients up | %.2f | %.2f |%n", up[up.length / 2], up[up.length - 1]);
    print("| and parameters down | %.2f | %.2f |%n", both[both.length / 2], both[both.length - 1]);
    double step = 4.0 * parameters * Exchange.SHARDS;
    print("| bytes allocated in a step by all threads | for each byte of gradient |%n");
    print("| %d | %.5f |%n", run.allocatedBytes(), run.allocatedBytes() / step);
    long control = Exchange.run(parameters, 100, 50, 1 << 20).allocatedBytes();
    print("| control: with 1 MiB more for each of 4 shards, %d | %.5f |%n", control, control / step);
  }

  private static double[] sorted(Exchange.Run run, ToLongFunction<StepStats> bytes) {
    return run.steps().stream()
        .mapToDouble(step -> (double) bytes.applyAsLong(step) / step.durationNanos())
        .sorted()
        .toArray();
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}
