package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.LanguageNames;
import io.quorate.examples.language.LanguageNames.Example;
import io.quorate.examples.training.ProgressBar;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import io.quorate.replication.training.TrainingWorker;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/**
 * Training through failures: a straggler from the beginning, a worker killed after a third of the
 * steps, the master's region after two thirds.
 */
final class Training {
  private static final int WORKERS = 4;
  private static final int SHARDS = 8;
  private static final int BATCH = 1_024;

  private final LanguageNames names;
  private final LanguageModel model;
  private final List<Region> regions;
  private final List<Environment> workers = new ArrayList<>();
  private final TrainingOptions options;
  private final long steps;
  private final PrintStream out;
  private volatile long stepsDone;
  private volatile long lastStepNanos;
  private double resumedAfterSeconds;

  Training(LanguageNames names, List<Region> regions, int epochs, PrintStream out) {
    this.names = names;
    this.model = new LanguageModel(names.languages().size());
    this.regions = regions;
    this.steps = (long) epochs * (names.training().size() / BATCH);
    this.out = out;
    this.options =
        TrainingOptions.of("languages", "ngrams-" + names.training().size(), SHARDS, 1)
            .withLimits(
                new TrainingOptions.Limits(
                    Duration.ofSeconds(30), Duration.ofSeconds(1), (int) Math.max(1, steps / 12), 3));
  }

  /** Seconds from the death of the master to the next step of its successor. */
  double resumedAfterSeconds() {
    return resumedAfterSeconds;
  }

  /** Trains to the end; the region of the first master is dead afterwards. */
  TrainingReport run(Path directory) throws Exception {
    try {
      for (int i = 0; i < WORKERS; i++) {
        startWorker(i, directory);
      }
      Region first = leader();
      ProgressBar bar = bar();
      bar.event("region " + first.id + " is elected, its node leads the training");
      try (TrainingMaster master = lead(first, bar)) {
        await(steps / 3, master);
        bar.event("worker w1 is killed");
        workers.get(1).close();
        await(2 * steps / 3, master);
        bar.event("region " + first.id + ", which leads the training, is killed");
        first.close();
      }
      long killedNanos = System.nanoTime();
      Region second = leader();
      bar.event("region " + second.id + " is elected, and goes on from the newest checkpoint");
      lastStepNanos = 0;
      try (TrainingMaster master = lead(second, bar)) {
        while (lastStepNanos == 0 && !master.report().isDone()) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        resumedAfterSeconds = (lastStepNanos - killedNanos) / 1e9;
        return master.report().get(5, TimeUnit.MINUTES);
      }
    } finally {
      workers.forEach(Environment::close);
    }
  }

  /** The region that leads by its own word, which only a majority's votes give it. */
  Region leader() throws TimeoutException {
    long limit = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (System.nanoTime() - limit < 0) {
      for (Region region : regions) {
        if (!region.isClosed() && region.election.isLeader()) {
          return region;
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
    throw new TimeoutException("no region was elected within a minute");
  }

  private TrainingMaster lead(Region region, ProgressBar bar) {
    return TrainingMaster.start(
        region.environment,
        options,
        Optimizer.momentum(1.0, 0.9),
        region.election.fencingToken().orElse(0),
        new float[model.parameters()],
        steps,
        Optional.of(region.checkpoints),
        bar);
  }

  private ProgressBar bar() {
    return new ProgressBar(out, System.console() != null, steps) {
      @Override
      public void onStep(StepStats stats) {
        super.onStep(stats);
        stepsDone = stats.step() + 1;
        lastStepNanos = System.nanoTime();
      }
    };
  }

  private void await(long step, TrainingMaster master) throws Exception {
    CompletableFuture<TrainingReport> report = master.report();
    while (stepsDone < step) {
      if (report.isCompletedExceptionally()) {
        report.get();
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
    }
  }

  private void startWorker(int index, Path directory) {
    Environment worker = Region.environment(NodeId.of("w" + index), directory);
    workers.add(worker);
    for (Region region : regions) {
      worker.transport().setPeer(region.id, region.environment.transport().address());
    }
    GradientFunction<List<Example>> gradient = index == 0 ? straggler() : model::gradient;
    TrainingWorker.start(
        worker,
        options,
        model.parameters(),
        gradient,
        LanguageModel.batches(names.training(), BATCH),
        this::whoLeads,
        1);
  }

  private Optional<NodeId> whoLeads() {
    return regions.stream()
        .filter(region -> !region.isClosed() && region.election.isLeader())
        .map(region -> region.id)
        .findFirst();
  }

  /** The same gradient, but late. */
  private GradientFunction<List<Example>> straggler() {
    return (parameters, batch, gradientSum, context) -> {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(60));
      return model.gradient(parameters, batch, gradientSum, context);
    };
  }
}
