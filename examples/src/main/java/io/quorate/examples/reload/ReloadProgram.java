package io.quorate.examples.reload;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BusOptions;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.Redelivery;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import io.quorate.core.sim.Simulation;
import io.quorate.examples.Arguments;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Publishes models one after the other to replicas that hear of them badly, on simulated time; then
 * one more replica joins. Equal seeds print equal tables.
 */
@Command(
    name = "reload",
    description = "Replicas hear of new models by publish and subscribe, badly.",
    mixinStandardHelpOptions = true)
public final class ReloadProgram implements Callable<Integer> {
  private static final String TOPIC = "model.updated";
  private static final int REPLICAS = 5;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** What a fleet did. */
  private record Seen(
      boolean converged, double seconds, long lost, long doubled, long wentBack, long answers,
      long wrong, double lateSeconds) {}

  @Spec private CommandSpec spec;

  @Option(
      names = "--models",
      defaultValue = "50",
      description = "How many are published, 1 to 1000 (default ${DEFAULT-VALUE}).")
  private int models;

  @Option(
      names = "--trouble",
      defaultValue = "10",
      description = "Percent of notices lost, and doubled, 0 to 50 (default ${DEFAULT-VALUE}).")
  private int trouble;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of the simulation (default ${DEFAULT-VALUE}).")
  private long seed;

  @Override
  public Integer call() {
    Arguments.require(spec, "--models", models, 1, 1_000);
    Arguments.require(spec, "--trouble", trouble, 0, 50);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%d models, one every 100 ms, to %d replicas; %d %% of the notices are lost, %d %% doubled,"
            + "%nall delayed by up to 150 ms, so that they overtake each other.%n%n",
        models, REPLICAS, trouble, trouble);
    Seen ours = run(true);
    Seen textbook = run(false);
    out.printf("%-46s %12s %12s%n", "", "two rules", "textbook");
    row(out, "notices lost", ours.lost(), textbook.lost());
    row(out, "notices doubled", ours.doubled(), textbook.doubled());
    row(out, "an older model replaced a newer one", ours.wentBack(), textbook.wentBack());
    row(out, "answers", ours.answers(), textbook.answers());
    row(out, "answers of another model than they said", ours.wrong(), textbook.wrong());
    out.printf(
        Locale.ROOT,
        "%-46s %12s %12s%n",
        "all replicas on the newest model, after",
        seconds(ours),
        seconds(textbook));
    out.printf(
        Locale.ROOT,
        "%nA replica that joined when all was over had the newest model after %.2f s.%n",
        ours.lateSeconds());
    boolean kept = ours.converged() && ours.wentBack() == 0 && ours.wrong() == 0;
    return kept && ours.seconds() <= 2 && ours.lateSeconds() <= 2 ? 0 : 1;
  }

  private static void row(PrintWriter out, String what, long ours, long textbook) {
    out.printf(Locale.ROOT, "%-46s %,12d %,12d%n", what, ours, textbook);
  }

  private static String seconds(Seen seen) {
    return seen.converged() ? String.format(Locale.ROOT, "%.2f s", seen.seconds()) : "never";
  }

  private Seen run(boolean careful) {
    try (Simulation simulation = Simulation.seeded(seed)) {
      Environment environment = simulation.environment(NodeId.of("n1"));
      Broker broker = Broker.inProcess(environment, "models");
      MessageBus bus = MessageBus.on(environment, broker, BusOptions.defaults());
      simulation.await(bus.create(TOPIC, topic()), LIMIT);
      List<ServingReplica> replicas = new ArrayList<>();
      for (int i = 0; i < REPLICAS; i++) {
        replicas.add(join(simulation, environment, bus, "r" + i, trouble / 100.0, careful));
      }
      long[] counts = new long[2];
      for (int model = 1; model <= models; model++) {
        CompletableFuture<?> published =
            bus.publish(TOPIC, Message.of(Integer.toString(model)).withKey("ranker"));
        simulation.await(published, LIMIT);
        for (int i = 0; i < 20; i++) {
          ask(replicas, "input " + i % 4, counts);
          simulation.run(Duration.ofMillis(5));
        }
      }
      double seconds = converge(simulation, replicas);
      for (int i = 0; i < 100; i++) {
        ask(replicas, "input " + i % 4, counts);
        simulation.run(Duration.ofMillis(5));
      }
      ServingReplica late = join(simulation, environment, bus, "late", 0, careful);
      double lateSeconds = converge(simulation, List.of(late));
      bus.close();
      broker.close();
      return new Seen(
          replicas.stream().allMatch(replica -> replica.version() == models),
          seconds,
          replicas.stream().mapToLong(ServingReplica::lost).sum(),
          replicas.stream().mapToLong(ServingReplica::doubled).sum(),
          replicas.stream().mapToLong(ServingReplica::wentBack).sum(),
          counts[0],
          counts[1],
          lateSeconds);
    }
  }

  /** Keeps the newest notice for whoever comes late; what is not acknowledged comes again. */
  private static TopicOptions topic() {
    return TopicOptions.of(TopicKind.DURABLE)
        .withPartitions(1)
        .asCompacted()
        .withRedelivery(
            Redelivery.defaults().withAckTimeout(Duration.ofMillis(400)).withMaxDeliveries(100));
  }

  private static ServingReplica join(
      Simulation simulation, Environment environment, MessageBus bus, String name, double trouble,
      boolean careful) {
    ServingReplica replica =
        new ServingReplica(
            environment.eventLoop(name), environment.random(name), trouble, careful);
    SubscribeOptions options =
        SubscribeOptions.defaults().withStart(StartPosition.RETAINED).acknowledgedByHand();
    simulation.await(bus.subscribe(TOPIC, options, replica), LIMIT);
    return replica;
  }

  private static void ask(List<ServingReplica> replicas, String input, long[] counts) {
    for (ServingReplica replica : replicas) {
      replica.predict(
          input,
          answer -> {
            counts[0]++;
            counts[1] += answer.right() ? 0 : 1;
          });
    }
  }

  /** Seconds until all have the newest model, or until it is no use to wait. */
  private double converge(Simulation simulation, List<ServingReplica> replicas) {
    long beganNanos = simulation.nowNanos();
    for (int i = 0; i < 1_000; i++) {
      if (replicas.stream().allMatch(replica -> replica.version() == models)) {
        break;
      }
      simulation.run(Duration.ofMillis(10));
    }
    return (simulation.nowNanos() - beganNanos) / 1e9;
  }
}
