package io.quorate.examples.platform;

import io.quorate.resilience.Guard;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** The whole, from the data to the score: elect, train, publish, serve, survive. */
final class Story {
  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration WARM_UP = Duration.ofSeconds(1);
  private static final double RESUME_LIMIT_SECONDS = 5;
  private static final double LATENCY_LIMIT_MILLIS = 100;
  private static final double AVAILABILITY_PERCENT = 99.99;
  /** Of what as many single replicas would answer. */
  private static final double SCALING_LIMIT = 0.8;

  private final Settings settings;
  private final Scene scene;
  private final Chronicle chronicle;
  private final Exam exam;
  private final Platform platform;
  private final Rollout rollout;
  private final Training training;
  private final Scorecard score = new Scorecard();

  /** A story that is played on {@code platform}, with the workers' files below {@code root}. */
  Story(Settings settings, PrintStream out, Scene scene, Platform platform, Path root) {
    this.settings = settings;
    this.scene = scene;
    this.chronicle = scene.chronicle;
    this.exam = scene.exam;
    this.platform = platform;
    this.rollout = new Rollout(platform, chronicle);
    this.training =
        new Training(exam, platform, root, settings.epochsOf(exam), out, chronicle);
  }

  /** Plays it to its end. */
  Scorecard play() throws Exception {
    train();
    publishFirst();
    double rate = settings.rate().orElseGet(() -> new RateSearch(scene).find(score));
    serve(rate);
    scale();
    scene.score(score.rows());
    return score;
  }

  private void train() throws Exception {
    chronicle.title("Three regions, four workers: elect, train, survive");
    platform.start();
    training.first();
    for (ControlNode node : platform.controls().stream().filter(x -> !x.isUp()).toList()) {
      node.start();
      chronicle.event(node.id() + " is back");
    }
  }

  private void publishFirst() throws Exception {
    chronicle.title("Publish and serve");
    Users users = new Users(exam);
    users.introduce(platform.stores().get(0).store());
    chronicle.event(
        "the profiles of " + users.count() + " users are in the feature store, three copies each");
    rollout.publish(1);
    platform.serve();
    rollout.requireServed(1);
    chronicle.event("model 1 is in the checkpoints of all regions, and served by all replicas");
    Exam.Question question = exam.heldOut().get(0);
    Front.Answer first = firstAnswer(question);
    chronicle.event(
        "first prediction: \"" + question.text() + "\" is "
            + exam.classes().get(first.prediction().label()) + ", says " + first.replica());
    score.atMost(
        "start to first prediction, training included: 30 s",
        chronicle.seconds(),
        START_LIMIT.toSeconds(),
        "s");
    warmUp();
  }

  /** Asks until there is an answer: connections have yet to be made. */
  private Front.Answer firstAnswer(Exam.Question question) throws Exception {
    AtomicReference<Front.Answer> first = new AtomicReference<>();
    Waiting.until(
        () -> {
          platform
              .front()
              .predict(Platform.REGIONS.get(0), Users.who(question.label(), 0), question.text())
              .handle((answer, failure) -> answer)
              .thenAccept(first::set)
              .get(START_LIMIT.toSeconds(), TimeUnit.SECONDS);
          return first.get() != null;
        },
        START_LIMIT,
        "the first prediction");
    return first.get();
  }

  /** Has each replica answer some questions before users ask: code that is new is slow. */
  private void warmUp() throws Exception {
    long end = System.nanoTime() + WARM_UP.toNanos();
    int asked = 0;
    while (System.nanoTime() - end < 0) {
      List<CompletableFuture<?>> answers = new ArrayList<>();
      for (ServingNode replica : platform.replicas()) {
        Exam.Question question = exam.heldOut().get(asked++ % exam.heldOut().size());
        answers.add(
            platform
                .front()
                .predictAt(replica.id(), Users.who(question.label(), asked), question.text())
                .handle((answer, failure) -> answer));
      }
      CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)).get();
    }
    chronicle.event(
        String.format(Locale.ROOT, "replicas are warm after %,d questions of no user", asked));
  }

  private void serve(double rate) throws Exception {
    Load load = new Load(platform.front(), exam.heldOut(), rate);
    scene.load(load);
    Ledger ledger = new Ledger(platform);
    chronicle.event(
        String.format(Locale.ROOT, "users ask %,.0f questions a second", rate));
    float[] parameters = training.rest().parameters();
    chronicle.event("training has gone on meanwhile; its last checkpoint becomes model 2");
    long failedBefore = load.failed();
    rollout.publish(2);
    rollout.rollOut(2);
    long failedMeanwhile = load.failed() - failedBefore;
    chronicle.event("all replicas have loaded model 2, one at a time");

    chronicle.title("Serve while things break (seed " + settings.seed() + ")");
    List<Fault> faults = FaultSchedule.of(settings.seed(), platform, ledger);
    Duration slot = settings.serving().dividedBy(faults.size());
    Trial trial = new Trial(chronicle, load);
    for (Fault fault : faults) {
      trial.of(fault, slot);
    }
    load.stop();
    ledger.stop();
    score(load);
    score.atMost("questions failed while replicas reloaded: 0", failedMeanwhile, 0, "");
    score.tell("writes acknowledged meanwhile", ledger.acknowledged(), "");
    score.atMost("acknowledged writes lost: 0", ledger.lost(), 0, "");
    score.atMost(
        "training goes on after its master's death: 5 s",
        training.resumedAfterSeconds(),
        RESUME_LIMIT_SECONDS,
        "s");
    for (Trial.Result result : trial.results()) {
      score.atMost(
          String.format(
              Locale.ROOT, "%s, overcome in %.0f s", result.fault(), result.limitSeconds()),
          result.seconds(),
          result.limitSeconds(),
          "s");
    }
    double required = exam.requiredAccuracy();
    score.atLeast(
        String.format(Locale.ROOT, "accuracy on held-out data, at least %.2f", required),
        exam.learnt().accuracy(parameters),
        required,
        "");
    score.tell("accuracy as served, with the users' profiles", load.accuracy(), "");
    score.tell("answers that had the user's profile", 100 * load.profiledShare(), "%");
    Guard.Stats calls = platform.front().stats();
    score.tell(
        "further attempts, for 100 questions",
        100.0 * (calls.retries() + calls.hedges()) / calls.calls(),
        "");
  }

  private void score(Load load) {
    score.tell("questions answered", load.answered(), "");
    score.tell("predictions a second, sustained", load.answeredPerSecond(), "");
    score.tell("which is, a day", load.answeredPerSecond() * TimeUnit.DAYS.toSeconds(1), "");
    score.tell("latency p50", load.latencies().millis(0.5), "ms");
    score.atMost(
        "latency p99, at most 100 ms", load.latencies().millis(0.99), LATENCY_LIMIT_MILLIS, "ms");
    score.tell("latency p99.9", load.latencies().millis(0.999), "ms");
    score.atLeast(
        "answered within 250 ms, at least 99.99 %",
        100 * load.availability(),
        AVAILABILITY_PERCENT,
        "%");
  }

  private void scale() throws Exception {
    chronicle.title(
        "Throughput as replicas are added (each prediction made to take "
            + Scaling.SERVICE.toMillis() + " ms)");
    List<Scaling.Point> points = new Scaling(platform, exam.heldOut()).measure();
    for (Scaling.Point point : points) {
      chronicle.fact(
          String.format(
              Locale.ROOT, "%d %-8s  %,6.0f a second",
              point.replicas(), point.replicas() == 1 ? "replica" : "replicas", point.perSecond()));
    }
    int all = platform.replicas().size();
    Scaling.Point most = points.isEmpty() ? null : points.get(points.size() - 1);
    boolean isWhole = most != null && most.replicas() == all;
    score.atLeast(
        String.format(Locale.ROOT, "%d replicas, at least %.1f times one", all, SCALING_LIMIT * all),
        isWhole ? most.perSecond() / points.get(0).perSecond() : Double.NaN,
        SCALING_LIMIT * all,
        "times");
  }
}
