package io.quorate.examples.serving;

import io.quorate.examples.Arguments;
import io.quorate.resilience.Deadline;
import io.quorate.resilience.balance.LoadBalancer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Three replicas through reloads, deaths, overload and a bad version, with figures. */
@Command(
    name = "serving",
    description = "Three model replicas: reloads, a death, overload, a canary.",
    mixinStandardHelpOptions = true)
public final class ServingProgram implements Callable<Integer> {
  private static final int REPLICAS = 3;

  @Spec private CommandSpec spec;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      description = "Length of each scene, 1 to 600 (default ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rate",
      defaultValue = "300",
      description = "Requests a second, 10 to 600 (default ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of jitter and users (default ${DEFAULT-VALUE}).")
  private long seed;

  private Goals goals;

  @Override
  public Integer call() throws Exception {
    Arguments.require(spec, "--seconds", seconds, 1, 600);
    Arguments.require(spec, "--rate", rate, 10, 600);
    goals = new Goals(spec.commandLine().getOut());
    reloads();
    overload();
    lossOfOne("killed", ModelReplica::close);
    lossOfOne("frozen", replica -> replica.freeze(true));
    batching();
    canary();
    return goals.missed() == 0 ? 0 : 1;
  }

  /** A model call takes 2 ms and 2 ms for each request: a replica can do 444 a second. */
  private static Model model() {
    return new Model(1, Duration.ofMillis(2), Duration.ofMillis(2));
  }

  private static List<ModelReplica> replicas() {
    return IntStream.rangeClosed(1, REPLICAS)
        .mapToObj(i -> new ModelReplica("r" + i, model(), 8, 16))
        .toList();
  }

  private void reloads() throws InterruptedException {
    List<ModelReplica> replicas = replicas();
    try (Predictor predictor = new Predictor(replicas, new LoadBalancer.Listener<>() {}, seed)) {
      new Load(predictor).run(rate, 1);
      Load steady = new Load(predictor).run(rate, seconds);
      Thread reloader = new Thread(() -> reloadOften(replicas), "reloader");
      reloader.start();
      Load during = new Load(predictor).run(rate, seconds);
      reloader.join();
      goals.tell("S1", "hot reloads of three replicas under " + rate + " requests/s", 100);
      goals.atMost("S1", "requests failed or refused meanwhile", unanswered(during), 0);
      goals.atMost("S1", "answers of an older version than the user had seen",
          during.wentBack.get(), 0);
      goals.atMost("S1", "p99 during reloads / p99 without, at most 1.5",
          during.answered.millis(0.99) / steady.answered.millis(0.99), 1.5);
    } finally {
      replicas.forEach(ModelReplica::close);
    }
  }

  private static long unanswered(Load load) {
    return load.sent.get() - load.answered.count();
  }

  private void reloadOften(List<ModelReplica> replicas) {
    long pauseNanos = TimeUnit.SECONDS.toNanos(seconds) / 100;
    for (int i = 1; i <= 100; i++) {
      long beganNanos = System.nanoTime();
      ModelReplica.reload(replicas, model().withVersion(1 + i));
      LockSupport.parkNanos(pauseNanos - (System.nanoTime() - beganNanos));
    }
  }

  private void overload() {
    List<ModelReplica> replicas = replicas();
    try (Predictor predictor = new Predictor(replicas, new LoadBalancer.Listener<>() {}, seed)) {
      double capacity = REPLICAS * 8 / 0.018;
      goals.tell("S2", "capacity by the model's times, requests/s", Math.rint(capacity));
      for (int factor : new int[] {2, 5}) {
        Load load = new Load(predictor).run(factor * capacity, seconds);
        String at = factor + "x overload: ";
        goals.atLeast("S2", at + "answered in time / capacity, at least 0.9",
            load.answered.count() / (capacity * seconds), 0.9);
        goals.atMost("S2", at + "p99 of a typed refusal, at most 5 ms",
            load.rejected.millis(0.99), 5);
        goals.atMost("S2", at + "neither answered nor refused in time", load.failed.get(), 0);
      }
      goals.atMost("S2", "model calls for requests past their deadline",
          replicas.stream().mapToLong(replica -> replica.batcher().late()).sum(), 0);
    } finally {
      replicas.forEach(ModelReplica::close);
    }
  }

  private void lossOfOne(String what, Consumer<ModelReplica> fault) {
    List<ModelReplica> replicas = replicas();
    ModelReplica victim = replicas.get(1);
    AtomicLong faultNanos = new AtomicLong();
    AtomicLong outNanos = new AtomicLong();
    LoadBalancer.Listener<ModelReplica> listener =
        new LoadBalancer.Listener<>() {
          @Override
          public void onHealth(ModelReplica replica, boolean healthy) {
            if (!healthy) {
              out(replica);
            }
          }

          @Override
          public void onEjected(ModelReplica replica, long nanos) {
            out(replica);
          }

          private void out(ModelReplica replica) {
            if (replica == victim && faultNanos.get() != 0) {
              outNanos.compareAndSet(0, System.nanoTime());
            }
          }
        };
    try (Predictor predictor = new Predictor(replicas, listener, seed)) {
      new Load(predictor).run(rate, 1);
      long retriesBefore = predictor.stats().retries();
      faultNanos.set(System.nanoTime());
      fault.accept(victim);
      Load load = new Load(predictor).run(rate, seconds);
      goals.atMost("S3", "1 of 3 " + what + ": requests not answered in time",
          unanswered(load), 0);
      goals.atMost("S3", "1 of 3 " + what + ": out of rotation after, at most 1 s",
          outNanos.get() == 0 ? Double.NaN : (outNanos.get() - faultNanos.get()) / 1e9, 1);
      goals.atMost("S3", "1 of 3 " + what + ": retries per request, at most 0.1",
          (predictor.stats().retries() - retriesBefore) / (double) load.sent.get(), 0.1);
    } finally {
      replicas.forEach(ModelReplica::close);
    }
  }

  /** A model call takes 2 ms and 0.1 ms for each request; callers ask again when answered. */
  private void batching() throws InterruptedException {
    Model model = new Model(1, Duration.ofMillis(2), Duration.ofNanos(100_000));
    double alone = closedLoop(model, 1, new Latencies());
    Latencies latencies = new Latencies();
    double batched = closedLoop(model, 64, latencies);
    goals.atLeast("S4", "throughput with batches / without, at least 8", batched / alone, 8);
    goals.atMost("S4", "p99 with batches, at most 20 ms", latencies.millis(0.99), 20);
    try (Batcher idle = new Batcher("idle", version -> model, 64, Duration.ofMillis(20))) {
      for (int i = 0; i < 200; i++) {
        idle.submit("x", 0, Deadline.none()).join();
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
      }
      goals.tell("S4", "from arrival to an idle model, p50 in us", 1_000 * idle.waits().millis(0.5));
    }
  }

  private double closedLoop(Model model, int maxBatch, Latencies latencies)
      throws InterruptedException {
    AtomicLong answered = new AtomicLong();
    long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try (Batcher batcher =
        new Batcher("closed-loop", version -> model, maxBatch, Duration.ofMillis(20))) {
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        callers.add(done);
        askAgain(batcher, latencies, answered, endNanos, done);
      }
      CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).join();
    }
    return (double) answered.get() / seconds;
  }

  private static void askAgain(
      Batcher batcher, Latencies latencies, AtomicLong answered, long endNanos,
      CompletableFuture<Void> done) {
    long beganNanos = System.nanoTime();
    if (beganNanos - endNanos >= 0) {
      done.complete(null);
      return;
    }
    batcher
        .submit("x", 0, Deadline.none())
        .thenAccept(
            prediction -> {
              latencies.add(System.nanoTime() - beganNanos);
              answered.incrementAndGet();
              askAgain(batcher, latencies, answered, endNanos, done);
            });
  }

  private void canary() {
    Canary good = new Canary("v2", 0.05);
    int users = 100_000;
    long chosen = IntStream.range(0, users).filter(i -> good.isChosen("user-" + i)).count();
    goals.atMost("S7", "canary of 5 %: its share is off by so many points, at most 1",
        Math.abs(100.0 * chosen / users - 5), 1);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Canary bad = new Canary("v3", 0.05);
    long wrong = 0;
    for (int i = 0; i < users; i++) {
      String user = "user-" + random.nextInt(users);
      String answer =
          bad.answer(user, name -> "v2", name -> {
            if (random.nextInt(4) == 0) {
              throw new IllegalStateException("v3 is broken");
            }
            return "v3";
          });
      wrong += !answer.equals("v2") && !bad.isChosen(user) ? 1 : 0;
    }
    goals.atMost("S7", "a version that fails 1 in 4 is rolled back after requests, at most 200",
        bad.isRolledBack() ? bad.tried() : Double.NaN, 200);
    goals.atMost("S7", "users beside the canary who noticed", wrong, 0);
  }
}
