package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.examples.training.ProgressBar;
import io.quorate.replication.training.StepStats;
import io.quorate.replication.training.TrainingMaster;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingReport;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Training through failures: a straggler from the beginning, a worker killed after a third of the
 * first steps, the master after two thirds. The last steps are made later, by fewer workers.
 */
final class Training {
  private static final int WORKERS = 4;
  private static final int SHARDS = 8;
  private static final Duration STRAGGLING = Duration.ofMillis(60);
  private static final Duration ELECTION_LIMIT = Duration.ofSeconds(60);
  private static final Duration STEP_LIMIT = Duration.ofMinutes(1);

  private final Task task;
  private final Platform platform;
  private final Path directory;
  private final TrainingOptions options;
  private final long firstSteps;
  private final long allSteps;
  private final PrintStream out;
  private final Chronicle chronicle;
  private volatile long stepsDone;
  private volatile long lastStepNanos;
  private double resumedAfterSeconds;

  /** A job of {@code epochs}; four fifths of it are for the first model. */
  Training(
      Task task,
      Platform platform,
      Path directory,
      int epochs,
      PrintStream out,
      Chronicle chronicle) {
    this.task = task;
    this.platform = platform;
    this.directory = directory;
    this.allSteps = Math.max(5, epochs * task.stepsPerEpoch());
    this.firstSteps = allSteps * 4 / 5;
    this.out = out;
    this.chronicle = chronicle;
    this.options =
        TrainingOptions.of("platform", task.name(), SHARDS, 1)
            .withLimits(
                new TrainingOptions.Limits(
                    Duration.ofSeconds(30),
                    Duration.ofSeconds(2),
                    (int) Math.max(1, firstSteps / 12),
                    3));
  }

  /** Seconds from the death of the master to the next step of its successor. */
  double resumedAfterSeconds() {
    return resumedAfterSeconds;
  }

  /** The first model, in the checkpoints; the first master's node is down afterwards. */
  void first() throws Exception {
    List<Environment> workers = new ArrayList<>();
    try {
      for (int i = 0; i < WORKERS; i++) {
        workers.add(startWorker("w" + i, i == 0 ? STRAGGLING : Duration.ZERO));
      }
      ProgressBar bar = bar(firstSteps);
      ControlNode master = elected();
      bar.event(master.id() + " is elected and leads the training; w0 is a straggler");
      try (TrainingMaster leading = lead(master, firstSteps, bar)) {
        awaitStep(firstSteps / 3, leading);
        bar.event("worker w1 is killed");
        stop(workers.get(1));
        awaitStep(2 * firstSteps / 3, leading);
        bar.event(master.id() + ", which leads the training, is killed");
        master.kill();
      }
      long killedNanos = System.nanoTime();
      ControlNode successor = elected();
      bar.event(successor.id() + " is elected and goes on from the newest checkpoint");
      lastStepNanos = 0;
      try (TrainingMaster leading = lead(successor, firstSteps, bar)) {
        awaitStep(0, leading);
        resumedAfterSeconds = (lastStepNanos - killedNanos) / 1e9;
        leading.report().get(5, TimeUnit.MINUTES);
      }
    } finally {
      workers.forEach(this::stop);
    }
  }

  /** The rest of the steps, on one worker: training goes on while the first model is served. */
  TrainingReport rest() throws Exception {
    Environment worker = startWorker("w2", Duration.ZERO);
    ControlNode master = elected();
    try (TrainingMaster leading = lead(master, allSteps, bar(allSteps))) {
      return leading.report().get(5, TimeUnit.MINUTES);
    } finally {
      stop(worker);
    }
  }

  /** The node that leads by its own word, which only a majority's votes give it. */
  ControlNode elected() throws Exception {
    Waiting.until(() -> leading().isPresent(), ELECTION_LIMIT, "an election");
    return leading().orElseGet(() -> platform.controls().get(0));
  }

  private Optional<ControlNode> leading() {
    return platform.liveControls().filter(ControlNode::leadsTraining).findFirst();
  }

  private TrainingMaster lead(ControlNode master, long steps, ProgressBar bar) {
    return TrainingMaster.start(
        master.environment(),
        options,
        task.optimizer(),
        master.election().fencingToken().orElse(0),
        task.initial(),
        steps,
        Optional.of(master.checkpoints()),
        bar);
  }

  private ProgressBar bar(long steps) {
    return new ProgressBar(out, System.console() != null, steps) {
      @Override
      public void onStep(StepStats stats) {
        super.onStep(stats);
        chronicle.loss(stats.step() + 1, stats.loss().mean());
        stepsDone = stats.step() + 1;
        lastStepNanos = System.nanoTime();
      }

      @Override
      public void event(String text) {
        super.event(text);
        chronicle.remember(text);
      }
    };
  }

  /** Waits until {@code step} is done and another has been made since the last look. */
  private void awaitStep(long step, TrainingMaster leading) throws Exception {
    Waiting.until(
        () -> {
          if (leading.report().isCompletedExceptionally()) {
            leading.report().get();
          }
          return stepsDone >= step && lastStepNanos != 0;
        },
        STEP_LIMIT,
        "step " + step);
  }

  private Environment startWorker(String name, Duration delay) {
    NodeId id = NodeId.of(name);
    Environment worker = PlatformNode.environment(id, directory.resolve(name));
    platform.wiring.add(worker);
    task.work(worker, options, () -> leading().map(PlatformNode::id), delay);
    return worker;
  }

  private void stop(Environment worker) {
    platform.wiring.remove(worker.self());
    worker.close();
  }
}
