package io.quorate.examples.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.examples.tabular.Row;
import io.quorate.examples.tabular.TabularModel;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientCodec;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Loss;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.Speculation;
import io.quorate.replication.training.StepContext;
import io.quorate.replication.training.SyncPolicy;
import io.quorate.replication.training.TrainingOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Prints the tables of the module's README: {@code codecs FILE [SEEDS [CHECKPOINT_EVERY
 * [PART_OF_A_NAME]]]}, {@code local FILE [SEEDS]}, {@code stale FILE}, {@code straggler [MILLIS]},
 * {@code scaling}, {@code cpu FILE}, {@code failover [ROUNDS]}. FILE is the letter-recognition data
 * set.
 */
final class TrainingMeasurements {
  private static final int EPOCHS = 40;
  private static final Speculation NEVER = new Speculation(1, 1e9);

  private TrainingMeasurements() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "codecs" ->
          codecs(
              Path.of(args[1]), seeds(args), checkpointEvery(args), args.length > 4 ? args[4] : "");
      case "local" -> local(Path.of(args[1]), seeds(args));
      case "stale" -> stale(Path.of(args[1]));
      case "straggler" -> straggler(args.length > 1 ? Integer.parseInt(args[1]) : 10);
      case "scaling" -> scaling();
      case "failover" -> FailoverTest.main(Arrays.copyOfRange(args, 1, args.length));
      case "cpu" -> cpu(Path.of(args[1]));
      default -> throw new IllegalArgumentException("no measurement " + args[0]);
    }
  }

  private static int seeds(String[] args) {
    return args.length > 2 ? Integer.parseInt(args[2]) : 5;
  }

  private static int checkpointEvery(String[] args) {
    return args.length > 3 ? Integer.parseInt(args[3]) : 100;
  }

  private static TrainingOptions options(Task<Row> task, long seed) {
    return TrainingOptions.of("letters", task.model(), 8, seed);
  }

  /** The same codec that forgets what it left out: what error feedback is for. */
  private record Forgetful(GradientCodec codec) implements GradientCodec {
    @Override
    public String description() {
      return codec.description() + " without feedback";
    }

    @Override
    public boolean isStateful() {
      return false;
    }

    @Override
    public void encode(float[] gradient, ByteWriter out) {
      codec.encode(gradient, out);
    }

    @Override
    public void decodeAdd(ByteReader in, float[] sum) {
      codec.decodeAdd(in, sum);
    }
  }

  /** T5: accuracy and bytes of each codec, on the mean of some seeds. */
  private static void codecs(Path file, int seeds, int checkpointEvery, String name)
      throws Exception {
    TrainingOptions.Limits limits =
        new TrainingOptions.Limits(
            Duration.ofSeconds(30), Duration.ofSeconds(10), checkpointEvery, 3);
    List<GradientCodec> codecs =
        List.of(
            GradientCodec.dense(),
            GradientCodec.fp16(),
            GradientCodec.int8(),
            GradientCodec.oneBit(),
            GradientCodec.topK(0.05),
            GradientCodec.topK(0.01),
            GradientCodec.topK(0.05).withResidual(GradientCodec.oneBit()),
            GradientCodec.topK(0.01).withResidual(GradientCodec.oneBit()),
            GradientCodec.topK(0.01).withResidual(GradientCodec.topK(0.03)),
            new Forgetful(GradientCodec.topK(0.05)),
            new Forgetful(GradientCodec.topK(0.01)),
            new Forgetful(GradientCodec.oneBit()));
    double densePayload = 0;
    double denseSocket = 0;
    print("| codec | accuracy %% | spread | of each seed | payload | at the socket | seconds |%n");
    for (GradientCodec codec : codecs) {
      if (densePayload > 0 && !codec.description().contains(name)) {
        continue;
      }
      List<String> each = new ArrayList<>();
      DoubleSummaryStatistics accuracy = new DoubleSummaryStatistics();
      double payload = 0;
      double socket = 0;
      double seconds = 0;
      for (int seed = 1; seed <= seeds; seed++) {
        Task<Row> task = Task.table(file, seed);
        TrainingOptions options = options(task, seed).withCodec(codec).withLimits(limits);
        Cluster.Run run = letters(task, options, EPOCHS);
        double one = 100 * task.accuracy(run.report().parameters());
        each.add(String.format(Locale.ROOT, "%.2f", one));
        accuracy.accept(one);
        payload += (double) run.payloadBytes() / seeds;
        socket += (double) run.socketBytes() / seeds;
        seconds += run.seconds() / seeds;
      }
      densePayload = densePayload == 0 ? payload : densePayload;
      denseSocket = denseSocket == 0 ? socket : denseSocket;
      print(
          "| %s | %.2f | %.2f | %s | %.1fx | %.1fx | %.1f |%n",
          codec.description(),
          accuracy.getAverage(),
          accuracy.getMax() - accuracy.getMin(),
          String.join(" ", each),
          densePayload / payload,
          denseSocket / socket,
          seconds);
    }
  }

  private static Cluster.Run letters(Task<Row> task, TrainingOptions options, int epochs)
      throws Exception {
    return Cluster.train(
        options,
        task.optimizer(options),
        task.initial(),
        task.steps(epochs, options.sync()),
        task.batches(),
        List.of(task.gradient(), task.gradient()),
        true);
  }

  /** T7: local steps with outer Nesterov against a round for each step. */
  private static void local(Path file, int seeds) throws Exception {
    print("| local steps | local rate | rounds | accuracy %% of each seed |%n");
    for (int steps : new int[] {62, 124}) {
      for (double rate : new double[] {0.1, 0.2, 0.3}) {
        List<String> each = new ArrayList<>();
        long rounds = 0;
        for (int seed = 1; seed <= seeds; seed++) {
          Task<Row> task = Task.table(file, seed);
          TrainingOptions options =
              options(task, seed).withSync(new SyncPolicy.LocalSgd(steps, rate));
          Cluster.Run run = letters(task, options, EPOCHS);
          rounds = run.report().steps();
          each.add(
              String.format(
                  Locale.ROOT, "%.2f", 100 * task.accuracy(run.report().parameters())));
        }
        print("| %d | %.1f | %d | %s |%n", steps, rate, rounds, String.join(" ", each));
      }
    }
  }

  /** Keeps the parameters as they are now and then, to judge them later. */
  private static final class Watched implements Optimizer {
    private final Optimizer optimizer;
    private final long every;
    final Map<Long, float[]> seen = new ConcurrentHashMap<>();

    Watched(Optimizer optimizer, long every) {
      this.optimizer = optimizer;
      this.every = every;
    }

    @Override
    public String description() {
      return optimizer.description();
    }

    @Override
    public int slots() {
      return optimizer.slots();
    }

    @Override
    public void apply(
        float[] parameters, float[] gradientSum, double weight, float[][] state, long step) {
      optimizer.apply(parameters, gradientSum, weight, state, step);
      if (step % every == 0) {
        seen.put(System.nanoTime(), parameters.clone());
      }
    }
  }

  /** One row of {@link #stale}. */
  private record Rotated(String name, SyncPolicy policy, Speculation speculation) {}

  /** Ho et al. 2013: time to 94 % of four workers of whom one after the other is slow. */
  private static void stale(Path file) throws Exception {
    print("| policy | seconds to 94 %% | seconds in all | accuracy %% | mean, max staleness |"
        + " copies | dropped |%n");
    for (Rotated row :
        List.of(
            new Rotated("full sync, no copies", new SyncPolicy.FullSync(), NEVER),
            new Rotated("full sync, copies", new SyncPolicy.FullSync(), Speculation.defaults()),
            new Rotated("backup workers, 7 of 8", new SyncPolicy.BackupWorkers(7), NEVER),
            new Rotated("bounded staleness 0", new SyncPolicy.BoundedStaleness(0), NEVER),
            new Rotated("bounded staleness 3", new SyncPolicy.BoundedStaleness(3), NEVER),
            new Rotated("asynchronous", new SyncPolicy.Async(), NEVER),
            new Rotated("local SGD, 31 steps", new SyncPolicy.LocalSgd(31, 0.2), NEVER),
            new Rotated(
                "local SGD, copies", new SyncPolicy.LocalSgd(31, 0.2), Speculation.defaults()))) {
      stale(file, row);
    }
  }

  private static void stale(Path file, Rotated row) throws Exception {
    SyncPolicy policy = row.policy();
    Task<Row> task = Task.table(file, 1);
    TrainingOptions options =
        options(task, 1).withSync(policy).withSpeculation(row.speculation());
    long every = policy instanceof SyncPolicy.LocalSgd ? 1 : policy.isLockStep() ? 31 : 31 * 8;
    Watched optimizer = new Watched(task.optimizer(options), every);
    long beganNanos = System.nanoTime();
    List<GradientFunction<List<Row>>> workers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      workers.add(rotating(task.gradient(), i, beganNanos));
    }
    Cluster.Run run =
        Cluster.train(
            options,
            optimizer,
            task.initial(),
            task.steps(25, policy),
            task.batches(),
            workers,
            false);
    print(
        "| %s | %.1f | %.1f | %.2f | %.1f, %d | %d | %d |%n",
        row.name(),
        optimizer.seen.entrySet().stream()
            .filter(entry -> task.accuracy(entry.getValue()) >= 0.94)
            .mapToDouble(entry -> (entry.getKey() - beganNanos) / 1e9)
            .min()
            .orElse(Double.NaN),
        run.seconds(),
        100 * task.accuracy(run.report().parameters()),
        run.steps().stream().mapToDouble(s -> s.staleness().mean()).average().orElse(0),
        run.steps().stream().mapToLong(s -> s.staleness().max()).max().orElse(0),
        run.steps().stream().mapToInt(s -> s.copiesStarted()).sum(),
        run.steps().stream().mapToInt(s -> s.droppedShards()).sum());
  }

  /** 2 ms for a shard, and 40 ms while it is this worker's turn, a second each. */
  private static <B> GradientFunction<B> rotating(
      GradientFunction<B> function, int worker, long beganNanos) {
    return (parameters, batch, sum, context) -> {
      long second = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - beganNanos);
      sleep(second % 4 == worker ? 40 : 2);
      return function.compute(parameters, batch, sum, context);
    };
  }

  /** A small model whose work is nothing but time: coordination is what is measured. */
  private static GradientFunction<Integer> sleeping(long millis) {
    return (parameters, batch, sum, context) -> {
      sleep(millis);
      for (int i = 0; i < sum.length; i++) {
        sum[i] = parameters[i] + batch + i % 7;
      }
      return new Loss(1, 1);
    };
  }

  private static final BatchSource<Integer> NUMBERS =
      new BatchSource<>() {
        @Override
        public Integer batch(long epoch, long step, int shard, int shards) {
          return (int) (step * shards + shard) % 13;
        }

        @Override
        public long stepsPerEpoch() {
          return 100;
        }
      };

  private static Cluster.Run timed(TrainingOptions options, long steps, List<Long> millis)
      throws Exception {
    return Cluster.train(
        options,
        Optimizer.momentum(0.01, 0.9),
        new float[1_000],
        steps,
        NUMBERS,
        millis.stream().map(TrainingMeasurements::sleeping).toList(),
        false);
  }

  /** T1: one of eight workers ten times slower, 32 shards. */
  private static void straggler(int millis) throws Exception {
    TrainingOptions options = TrainingOptions.of("timed", "sleep", 32, 1);
    List<Long> even = Collections.nCopies(8, (long) millis);
    List<Long> one = new ArrayList<>(even);
    one.set(0, 10L * millis);
    timed(options, 20, even);
    Cluster.Run undisturbed = timed(options, 100, even);
    print("| | p50 step ms | p90 | ratio | copies | digest |%n");
    print(undisturbed, undisturbed, "no straggler");
    print(timed(options, 100, one), undisturbed, "straggler, stealing and copies");
    print(
        timed(options.withSpeculation(NEVER), 100, one), undisturbed, "straggler, stealing alone");
    print(
        timed(options.withSync(new SyncPolicy.BackupWorkers(31)), 100, one),
        undisturbed,
        "straggler, 31 of 32 shards");
  }

  private static void print(Cluster.Run run, Cluster.Run undisturbed, String what) {
    print(
        "| %s | %.1f | %.1f | %.2fx | %d | %s |%n",
        what,
        run.stepMillis(0.5),
        run.stepMillis(0.9),
        run.stepMillis(0.5) / undisturbed.stepMillis(0.5),
        run.steps().stream().mapToInt(step -> step.copiesStarted()).sum(),
        run.report().digest().equals(undisturbed.report().digest()) ? "equal" : "differs");
  }

  /** T9: 50 ms for each of 32 shards, on more and more workers. */
  private static void scaling() throws Exception {
    TrainingOptions options = TrainingOptions.of("timed", "sleep", 32, 1);
    timed(options, 2, Collections.nCopies(8, 1L));
    double alone = 0;
    print("| workers | p50 step ms | speed-up | efficiency |%n");
    for (int workers : new int[] {1, 2, 4, 8}) {
      double millis =
          timed(options, 8 + 4 * workers, Collections.nCopies(workers, 50L)).stepMillis(0.5);
      alone = alone == 0 ? millis : alone;
      print(
          "| %d | %.1f | %.2fx | %.1f %% |%n",
          workers, millis, alone / millis, 100 * alone / millis / workers);
    }
  }

  /** T9: real work on one and two workers, in turns; beside it bare threads without a master. */
  private static void cpu(Path file) throws Exception {
    Task<Row> task = Task.table(file, 1);
    BatchSource<List<Row>> batches =
        TabularModel.batches(task.training(), 4_096, 1);
    TrainingOptions options = options(task, 1);
    print("| round | one worker, p50 step ms | two workers | speed-up | of bare threads |%n");
    for (int round = 0; round < 6; round++) {
      double[] millis = new double[2];
      double[] bare = new double[2];
      for (int workers = 1; workers <= 2; workers++) {
        bare[workers - 1] = bareMillis(task, batches, workers);
        millis[workers - 1] =
            Cluster.train(
                    options,
                    Optimizer.momentum(0.1, 0.9),
                    task.initial(),
                    60,
                    batches,
                    Collections.nCopies(workers, task.gradient()),
                    false)
                .stepMillis(0.5);
      }
      print(
          "| %d | %.1f | %.1f | %.2fx | %.2fx |%n",
          round, millis[0], millis[1], millis[0] / millis[1], bare[0] / bare[1]);
    }
  }

  /** The p50 of what the 8 shards of a step take some threads that have nothing else to do. */
  private static double bareMillis(Task<Row> task, BatchSource<List<Row>> batches, int count)
      throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(count);
    try {
      double[] millis = new double[60];
      for (int step = 0; step < millis.length; step++) {
        long beganNanos = System.nanoTime();
        List<Callable<Loss>> shards = new ArrayList<>();
        for (int shard = 0; shard < 8; shard++) {
          List<Row> batch = batches.batch(0, step % batches.stepsPerEpoch(), shard, 8);
          StepContext context = new StepContext(0, step, shard, 0, 1, () -> false);
          shards.add(
              () ->
                  task.gradient()
                      .compute(task.initial(), batch, new float[task.initial().length], context));
        }
        for (Future<Loss> done : threads.invokeAll(shards)) {
          done.get();
        }
        millis[step] = (System.nanoTime() - beganNanos) / 1e6;
      }
      Arrays.sort(millis);
      return millis[millis.length / 2];
    } finally {
      threads.shutdown();
    }
  }

  private static void sleep(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format, values);
  }
}
