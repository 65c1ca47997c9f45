package io.quorate.examples.training;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.examples.tabular.TableException;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Data-parallel training over TCP, with a straggler and a worker that is killed on the way. */
@Command(
    name = "training",
    description = "Trains a model on several workers; one is slow, one is killed.",
    mixinStandardHelpOptions = true)
public final class TrainingProgram implements Callable<Integer> {
  private static final NodeId MASTER = NodeId.of("master");

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Learn this table (CSV with a header, first the label, then numbers; may be gzipped)"
              + " instead of the names that come with the JDK.")
  private Path data;

  @Option(
      names = "--workers",
      defaultValue = "4",
      description = "How many; 1 to 64 (default ${DEFAULT-VALUE}).")
  private int workers;

  @Option(names = "--epochs", defaultValue = "12", description = "Default ${DEFAULT-VALUE}.")
  private int epochs;

  @Option(
      names = "--shards",
      defaultValue = "8",
      description = "Logical shards; results depend on their number (default ${DEFAULT-VALUE}).")
  private int shards;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Equal seeds end in equal bits (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--codec",
      defaultValue = "dense",
      description = "How gradients travel: " + Settings.CODECS + " (default ${DEFAULT-VALUE}).")
  private String codec;

  @Option(
      names = "--sync",
      defaultValue = "full",
      description = "When a step is over: " + Settings.POLICIES + " (default ${DEFAULT-VALUE}).")
  private String sync;

  @Option(
      names = "--straggler",
      paramLabel = "MILLIS",
      defaultValue = "60",
      description = "What worker w0 needs longer for a shard (default ${DEFAULT-VALUE}).")
  private long stragglerMillis;

  @Option(names = "--no-kill", description = "Let worker w1 live.")
  private boolean noKill;

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
    require(workers >= 1 && workers <= 64, "--workers must be 1 to 64, was " + workers);
    require(epochs >= 1, "--epochs must be at least 1, was " + epochs);
    require(stragglerMillis >= 0, "--straggler must be at least 0, was " + stragglerMillis);
    return run(task());
  }

  private Task<?> task() {
    try {
      return data == null ? Task.languages() : Task.table(data, seed);
    } catch (TableException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private <X> int run(Task<X> task) throws Exception {
    TrainingOptions options = options(task);
    out.printf(
        Locale.ROOT,
        "%s, %,d of them held out%n%,d parameters, %d shards, %d workers, %s, %s%n%n",
        task.about(),
        task.heldOut().size(),
        task.initial().length,
        shards,
        workers,
        sync,
        codec);
    try (TemporaryDirectory directory = TemporaryDirectory.create("quorate-training")) {
      TrainingReport report = train(task, options, directory.path());
      out.printf(
          Locale.ROOT,
          "%nAccuracy on what was held out: %.2f %% (chance: %.1f %%)%nDigest of the model: %s%n",
          100 * task.accuracy(report.parameters()),
          100.0 / task.labels().size(),
          report.digest());
      return 0;
    } catch (ExecutionException e) {
      out.println("\nTraining failed: " + e.getCause().getMessage());
      return 1;
    }
  }

  private TrainingOptions options(Task<?> task) {
    try {
      return TrainingOptions.of(task.job(), task.model(), shards, seed)
          .withSync(Settings.policy(sync, task.rate()))
          .withCodec(Settings.codec(codec));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "--sync " + sync + " --codec " + codec + ": " + e.getMessage(), e);
    }
  }

  private <X> TrainingReport train(Task<X> task, TrainingOptions options, Path directory)
      throws Exception {
    long steps = task.steps(epochs, options.sync());
    CompletableFuture<Void> third = new CompletableFuture<>();
    ProgressBar bar =
        new ProgressBar(out, System.console() != null, steps) {
          @Override
          public void onStep(StepStats stats) {
            super.onStep(stats);
            if (stats.step() >= steps / 3) {
              third.complete(null);
            }
          }
        };
    try (Environment node = environment(MASTER, directory);
        CheckpointStore store = CheckpointStore.open(node, CheckpointOptions.in("checkpoints"));
        TrainingMaster master =
            TrainingMaster.start(
                node,
                options,
                task.optimizer(options),
                1,
                task.initial(),
                steps,
                Optional.of(store),
                bar);
        Workers<X> crew =
            new Workers<>(
                options, task, id -> worker(id, node, directory), () -> Optional.of(MASTER))) {
      crew.startSlow(stragglerMillis);
      for (int i = 1; i < workers; i++) {
        crew.start();
      }
      if (workers > 2 && !noKill) {
        CompletableFuture.anyOf(third, master.report()).get(1, TimeUnit.HOURS);
        bar.event("w1 is killed");
        crew.kill(1);
      }
      return master.report().get(1, TimeUnit.HOURS);
    }
  }

  private static Environment worker(NodeId id, Environment master, Path directory) {
    Environment worker = environment(id, directory);
    worker.transport().setPeer(MASTER, master.transport().address());
    return worker;
  }

  private static Environment environment(NodeId id, Path directory) {
    return Environment.real(
        EnvironmentOptions.of(id, "training-example")
            .withListen(new Address("127.0.0.1", 0))
            .insecure()
            .withDataDirectory(directory.resolve(id.value())));
  }

  private void require(boolean condition, String problem) {
    if (!condition) {
      throw new ParameterException(spec.commandLine(), problem);
    }
  }
}
