package io.quorate.examples.platform;

import io.quorate.consensus.store.StoreEvent;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.LanguageNames;
import io.quorate.replication.training.TrainingReport;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.balance.RollingDeploy;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Elects, trains, publishes and serves in three regions while things break; then keeps the score. */
@Command(
    name = "platform",
    description = "Trains and serves a model in three regions while things break.",
    mixinStandardHelpOptions = true)
public final class PlatformProgram implements Callable<Integer> {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      description = "How long to serve (default ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rate",
      defaultValue = "500",
      description = "Predictions a second (default ${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--epochs",
      defaultValue = "12",
      description = "How long to train (default ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Which replica and region break (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Writes the score there as well.")
  private Path json;

  private final PrintStream out;
  private final List<Region> regions = new ArrayList<>();
  private final Map<NodeId, ModelServer.Version> newest = new ConcurrentHashMap<>();
  private Path directory;
  private LanguageModel model;

  /** Prints to the terminal. */
  public PlatformProgram() {
    this(System.out);
  }

  PlatformProgram(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws Exception {
    if (seconds < 5 || rate < 1 || epochs < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--seconds must be at least 5, --rate and --epochs at least 1, were "
              + seconds + ", " + rate + " and " + epochs);
    }
    directory = Files.createTempDirectory("quorate-platform");
    try {
      Scorecard score = play();
      score.print(out);
      if (json != null) {
        Files.writeString(json, score.json());
      }
      out.println(score.allMet() ? "\nEvery promise was kept." : "\nNot every promise was kept.");
      return score.allMet() ? 0 : 1;
    } finally {
      regions.forEach(Region::close);
      delete(directory);
    }
  }

  private Scorecard play() throws Exception {
    title("Data");
    LanguageNames names = LanguageNames.collect();
    model = new LanguageModel(names.languages().size());
    out.printf(
        "  %,d names in %d languages, from this JDK's Unicode CLDR data%n",
        names.training().size() + names.heldOut().size(), names.languages().size());

    title("Three regions, four workers (one slow): elect, train, survive");
    Region.ALL.forEach(id -> regions.add(new Region(id, directory, model)));
    introduceAll();
    regions.forEach(this::start);
    Training training = new Training(names, regions, epochs, out);
    TrainingReport report = training.run(directory);
    Region dead = regions.stream().filter(Region::isClosed).findFirst().orElseThrow();
    Region revived = restart(dead);
    event("region " + revived.id + " is back");

    title("Publish, and serve while things break");
    Scorecard score = new Scorecard();
    serve(names, report, score);
    score.atMost("training resumes after its master's death", training.resumedAfterSeconds(), 10, " s");
    score.atLeast(
        "accuracy on held-out names",
        model.accuracy(report.parameters(), names.heldOut()),
        0.6,
        "");
    return score;
  }

  private void serve(LanguageNames names, TrainingReport report, Scorecard score)
      throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    publish(report);
    for (Region region : regions) {
      region.servers.forEach(server -> server.load(newest.get(region.id)));
    }
    event("model version " + newest.get(regions.get(0).id).version() + " is served everywhere");
    try (Environment client = Region.environment(NodeId.of("users"), directory);
        Fleet fleet = new Fleet(client, regions)) {
      Load load = new Load(fleet, names.heldOut(), rate);
      Ledger ledger = new Ledger(() -> regions.get(2));
      long part = TimeUnit.SECONDS.toNanos(seconds) / 8;
      pause(part);
      reload(fleet, report);
      pause(part);
      ModelServer slow = regions.get(random.nextInt(3)).servers.get(random.nextInt(2));
      mood(slow, ModelServer.Mood.SLOW, "a replica in " + slow.node() + " is 50 ms slower");
      pause(part);
      mood(slow, ModelServer.Mood.WELL, "it is well again");
      ModelServer failing = regions.get(random.nextInt(3)).servers.get(random.nextInt(2));
      mood(failing, ModelServer.Mood.FAILING, "a replica in " + failing.node() + " fails fast");
      pause(part);
      mood(failing, ModelServer.Mood.WELL, "it is well again");
      pause(part);
      Region victim = regions.get(random.nextInt(2));
      event("region " + victim.id + " is killed");
      victim.close();
      pause(part);
      Region revived = restart(victim);
      revived.servers.forEach(server -> server.load(newest.get(revived.id)));
      client.transport().setPeer(revived.id, revived.environment.transport().address());
      event("region " + revived.id + " is back, with the model from the replicated log");
      pause(2 * part);
      load.stop();
      ledger.stop();
      score(score, load, ledger);
    }
  }

  private void score(Scorecard score, Load load, Ledger ledger) throws Exception {
    score.tell("predictions answered", load.answered(), "");
    score.tell("sustained, a second", load.answeredPerSecond(), "");
    score.tell("which is, a day", load.answeredPerSecond() * 86_400, "");
    score.tell("latency p50", load.latencies().millis(0.5), " ms");
    score.atMost("latency p99 under 100 ms", load.latencies().millis(0.99), 100, " ms");
    score.tell("latency p99.9", load.latencies().millis(0.999), " ms");
    score.atLeast("availability at least 99.99 %", 100 * load.availability(), 99.99, " %");
    score.tell("writes acknowledged meanwhile", ledger.acknowledged(), "");
    score.atMost("acknowledged writes lost: 0", ledger.lost(regions.get(0)), 0, "");
  }

  /** Makes the model the newest, in the replicated log; waits until every region has heard of it. */
  private void publish(TrainingReport report) throws Exception {
    long version =
        regions.get(0).models.put(Region.MODEL, encode(report)).get(30, TimeUnit.SECONDS);
    long limit = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!Region.ALL.stream().allMatch(id -> hasHeard(id, version))) {
      if (System.nanoTime() - limit > 0) {
        throw new IllegalStateException("a region did not hear of model " + version);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  private boolean hasHeard(NodeId region, long version) {
    ModelServer.Version known = newest.get(region);
    return known != null && known.version() >= version;
  }

  /** A new version, loaded by one replica after the other while the others serve. */
  private void reload(Fleet fleet, TrainingReport report) throws Exception {
    publish(report);
    List<Fleet.Target> targets = new ArrayList<>();
    for (Region region : regions) {
      for (int i = 0; i < region.servers.size(); i++) {
        targets.add(new Fleet.Target(region.id, i));
      }
    }
    RollingDeploy<Fleet.Target> deploy =
        new RollingDeploy<>(
            fleet.balancer(),
            target -> {
              region(target.node()).servers.get(target.index()).load(newest.get(target.node()));
              return CompletableFuture.completedFuture(null);
            },
            new RollingDeploy.Options(
                Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofMillis(50)),
            RealTime.timer());
    deploy.run(targets).get(30, TimeUnit.SECONDS);
    event("all replicas have reloaded, one at a time");
  }

  private Region region(NodeId id) {
    return regions.stream().filter(region -> region.id.equals(id)).findFirst().orElseThrow();
  }

  /** Starts a region and has it listen for models. */
  private void start(Region region) {
    region.start();
    region.models.watch(
        0,
        change -> {
          if (change instanceof StoreEvent.Put<String, byte[]> put
              && put.key().equals(Region.MODEL)) {
            newest.put(
                region.id, new ModelServer.Version(put.version(), decode(put.value())));
          }
        });
  }

  private Region restart(Region dead) {
    Region revived = new Region(dead.id, directory, model);
    regions.set(regions.indexOf(dead), revived);
    introduceAll();
    start(revived);
    return revived;
  }

  private void introduceAll() {
    for (Region one : regions) {
      for (Region other : regions) {
        if (one != other && !one.isClosed() && !other.isClosed()) {
          one.environment.transport().setPeer(other.id, other.environment.transport().address());
        }
      }
    }
  }

  private static byte[] encode(TrainingReport report) {
    ByteWriter bytes = new ByteWriter(Float.BYTES * report.parameters().length);
    for (float parameter : report.parameters()) {
      bytes.float32(parameter);
    }
    return bytes.toByteArray();
  }

  private static float[] decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    float[] parameters = new float[bytes.length / Float.BYTES];
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = in.float32();
    }
    return parameters;
  }

  private void mood(ModelServer server, ModelServer.Mood mood, String text) {
    server.mood(mood);
    event(text);
  }

  private static void pause(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() - end < 0) {
      LockSupport.parkNanos(end - System.nanoTime());
    }
  }

  private void title(String text) {
    out.println("\n" + text);
  }

  private void event(String text) {
    out.println("  * " + text);
  }

  private static void delete(Path directory) throws Exception {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
