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

/**
 * Training through failures: a straggler from the beginning, a worker killed after a third of the
 * first steps, the master after two thirds. The last steps are made later, by fewer workers.
 */
final class Training {
  private static final int WORKERS = 4;
  private static final int SHARDS = 8;
  private static final Duration STRAGGLING = Duration.ofMillis(60);

  private final Exam exam;
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

  /** A job of {@code epochs}; two thirds of it are for the first model. */
  Training(
      Exam exam,
      Platform platform,
      Path directory,
      int epochs,
      PrintStream out,
      Chronicle chronicle) {
    this.exam = exam;
    this.platform = platform;
    this.directory = directory;
    this.allSteps = Math.max(5, epochs * exam.stepsPerEpoch());
    this.firstSteps = allSteps * 2 / 3;
    this.out = out;
    this.chronicle = chronicle;
    this.options =
        TrainingOptions.of("platform", exam.learnt().model(), SHARDS, 1)
            .withLimits(
                new TrainingOptions.Limits(
                    Duration.ofMinutes(2),
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
      bar.event("worker w0 is a straggler: its work takes " + STRAGGLING.toMillis() + " ms longer");
      try (Reign reign = reign(firstSteps, bar)) {
        reign.until(() -> stepsDone >= firstSteps / 3);
        bar.event("worker w1 is killed");
        stop(workers.get(1));
        reign.until(() -> stepsDone >= 2 * firstSteps / 3);
        bar.event(reign.node().id() + ", which leads the training, is killed");
        reign.node().kill();
        long killedNanos = System.nanoTime();
        lastStepNanos = 0;
        reign.until(() -> lastStepNanos != 0);
        resumedAfterSeconds = (System.nanoTime() - killedNanos) / 1e9;
        reign.end();
      }
    } finally {
      workers.forEach(this::stop);
    }
  }

  /** The rest of the steps, on one worker: training goes on while the first model is served. */
  TrainingReport rest() throws Exception {
    Environment worker = startWorker("w2", Duration.ZERO);
    try (Reign reign = reign(allSteps, bar(allSteps))) {
      return reign.end();
    } finally {
      stop(worker);
    }
  }

  private Reign reign(long steps, ProgressBar bar) {
    return new Reign(platform, master -> lead(master, steps, bar), bar);
  }

  private TrainingMaster lead(ControlNode master, long steps, ProgressBar bar) {
    return TrainingMaster.start(
        master.environment(),
        options,
        exam.optimizer(),
        master.election().fencingToken().orElse(0),
        exam.learnt().initial().clone(),
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

  private Environment startWorker(String name, Duration delay) {
    NodeId id = NodeId.of(name);
    Environment worker = PlatformNode.environment(id, directory.resolve(name));
    platform.wiring.add(worker);
    exam.work(worker, options, () -> Reign.leading(platform).map(PlatformNode::id), delay);
    return worker;
  }

  private void stop(Environment worker) {
    platform.wiring.remove(worker.self());
    worker.close();
  }
}
