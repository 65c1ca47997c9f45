package io.quorate.examples.training;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.LanguageNames;
import io.quorate.examples.language.LanguageNames.Example;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.training.GradientCodec;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import io.quorate.replication.training.TrainingWorker;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Data-parallel training over TCP, with a straggler and a worker that is killed on the way. */
@Command(
    name = "training",
    description = "Trains a model on several workers; one is slow, one is killed.",
    mixinStandardHelpOptions = true)
public final class TrainingProgram implements Callable<Integer> {
  private static final NodeId MASTER = NodeId.of("master");
  private static final int SHARDS = 8;
  private static final int BATCH = 1_024;

  @Option(names = "--workers", defaultValue = "4", description = "How many (default ${DEFAULT-VALUE}).")
  private int workers;

  @Option(names = "--epochs", defaultValue = "12", description = "Default ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(names = "--top-k", description = "Send this share of each gradient only, as 0.05.")
  private Double topK;

  private final PrintStream out;

  /** Prints to the terminal. */
  public TrainingProgram() {
    this(System.out);
  }

  TrainingProgram(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws Exception {
    out.println("Collecting names in many languages from this JDK's Unicode CLDR data ...");
    LanguageNames names = LanguageNames.collect();
    out.printf(
        Locale.ROOT,
        "%,d names in %d languages, %,d of them held out.%n",
        names.training().size() + names.heldOut().size(),
        names.languages().size(),
        names.heldOut().size());
    Path directory = Files.createTempDirectory("quorate-training");
    try {
      TrainingReport report = train(names, directory);
      LanguageModel model = new LanguageModel(names.languages().size());
      out.printf(
          Locale.ROOT,
          "%nAccuracy on held-out names: %.1f %% (chance: %.1f %%)%nDigest of the model: %s%n",
          100 * model.accuracy(report.parameters(), names.heldOut()),
          100.0 / names.languages().size(),
          report.digest());
      return 0;
    } finally {
      delete(directory);
    }
  }

  private TrainingReport train(LanguageNames names, Path directory) throws Exception {
    LanguageModel model = new LanguageModel(names.languages().size());
    long steps = (long) epochs * (names.training().size() / BATCH);
    TrainingOptions options =
        TrainingOptions.of("languages", "ngrams-" + names.training().size(), SHARDS, 1)
            .withCodec(topK == null ? GradientCodec.dense() : GradientCodec.topK(topK));
    CountDownLatch thirdDone = new CountDownLatch(1);
    ProgressBar bar =
        new ProgressBar(out, System.console() != null, steps) {
          @Override
          public void onStep(StepStats stats) {
            super.onStep(stats);
            if (stats.step() >= steps / 3) {
              thirdDone.countDown();
            }
          }
        };
    Deque<AutoCloseable> parts = new ArrayDeque<>();
    try {
      Environment master = environment(MASTER, directory);
      parts.push(master);
      CheckpointStore store = CheckpointStore.open(master, CheckpointOptions.in("checkpoints"));
      parts.push(store);
      TrainingMaster leading =
          TrainingMaster.start(
              master,
              options,
              Optimizer.momentum(1.0, 0.9),
              1,
              new float[model.parameters()],
              steps,
              Optional.of(store),
              bar);
      parts.push(leading);
      List<Environment> environments = new ArrayList<>();
      for (int i = 0; i < workers; i++) {
        Environment worker = environment(NodeId.of("w" + i), directory);
        environments.add(worker);
        parts.push(worker);
        worker.transport().setPeer(MASTER, master.transport().address());
        GradientFunction<List<Example>> gradient = i == 0 ? slow(model) : model::gradient;
        parts.push(
            TrainingWorker.start(
                worker,
                options,
                model.parameters(),
                gradient,
                LanguageModel.batches(names.training(), BATCH),
                () -> Optional.of(MASTER),
                1));
      }
      if (workers > 2) {
        thirdDone.await();
        bar.event("w1 is killed");
        environments.get(1).close();
      }
      return leading.report().get(10, TimeUnit.MINUTES);
    } finally {
      while (!parts.isEmpty()) {
        parts.pop().close();
      }
    }
  }

  /** The same gradient, but late: what a straggler is. */
  private static GradientFunction<List<Example>> slow(LanguageModel model) {
    return (parameters, batch, gradientSum, context) -> {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(60));
      return model.gradient(parameters, batch, gradientSum, context);
    };
  }

  private static Environment environment(NodeId id, Path directory) {
    return Environment.real(
        EnvironmentOptions.of(id, "training-example")
            .withListen(new Address("127.0.0.1", 0))
            .insecure()
            .withDataDirectory(directory.resolve(id.value())));
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
