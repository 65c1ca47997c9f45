package io.quorate.examples.recommender;

import io.quorate.core.NodeId;
import io.quorate.core.sim.NetworkOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.core.sim.SimulationOptions;
import io.quorate.examples.Arguments;
import io.quorate.examples.recommender.Recommendation.Profile;
import io.quorate.examples.recommender.Recommendation.Source;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.resilience.balance.RegionRouter;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Three regions on simulated time: users are asked for while all is well, while the model is down,
 * while the profiles are, and while the nearest region is. Equal seeds and data print equal tables.
 */
@Command(
    name = "recommender",
    description = "Three regions recommend: cache, model, stale, popular answers.",
    mixinStandardHelpOptions = true)
public final class RecommenderProgram implements Callable<Integer> {
  private static final List<NodeId> REGIONS =
      List.of(NodeId.of("eu"), NodeId.of("us"), NodeId.of("ap"));
  private static final NodeId CLIENT = NodeId.of("client");
  private static final int GENERATED_USERS = 30_000;
  private static final int IN_FLIGHT = 32;

  /** Somebody whose next visit is known and kept from the model. */
  private record Visitor(int user, int[] history, int next) {}

  /** What became of some requests. */
  private static final class Tally {
    final Map<Source, Integer> answers = new EnumMap<>(Source.class);
    int failed;

    int total() {
      return failed + answers.values().stream().mapToInt(Integer::intValue).sum();
    }
  }

  @Spec private CommandSpec spec;

  @Option(names = "--data", description = "A CSV file of visits, user,item, perhaps gzipped.")
  private Path data;

  @Option(
      names = "--visitors",
      defaultValue = "1500",
      description = "How many are asked for, 30 to 100000 (default ${DEFAULT-VALUE}).")
  private int visitors;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of the simulation and generated data (default ${DEFAULT-VALUE}).")
  private long seed;

  private final Map<Source, int[]> hits = new EnumMap<>(Source.class);
  private final Map<Source, Long> oldestMillis = new EnumMap<>(Source.class);
  private final List<SimNode<Recommender>> regions = new ArrayList<>();
  private PrintWriter out;
  private Simulation simulation;
  private Client client;

  @Override
  public Integer call() {
    Arguments.require(spec, "--visitors", visitors, 30, 100_000);
    out = spec.commandLine().getOut();
    Visits visits = visits();
    out.printf(
        Locale.ROOT,
        "%,d visits of %,d users to %d items%s; ten items have %.0f %% of them.%n",
        visits.count(),
        visits.byUser().size(),
        visits.items(),
        data == null ? ", made up: give real ones by --data" : "",
        100 * visits.topTenShare());
    List<Visitor> known = new ArrayList<>();
    ItemModel model = ItemModel.train(withoutNext(visits, known), visits.items());
    List<Visitor> asked = known.subList(0, Math.min(visitors, known.size()));
    SimulationOptions options = SimulationOptions.seeded(seed).withMaxEvents(500_000_000);
    try (Simulation closing = Simulation.of(options)) {
      simulation = closing;
      startRegions(model);
      boolean answered = tell(asked);
      regions.forEach(SimNode::kill);
      regions.forEach(SimNode::restart);
      simulation.run(Duration.ofMinutes(2));
      out.println();
      return failover(asked) && answered ? 0 : 1;
    }
  }

  private Visits visits() {
    try {
      return data == null ? Visits.generate(GENERATED_USERS, seed) : Visits.read(data);
    } catch (Visits.MalformedException e) {
      throw Arguments.refused(spec, e.getMessage());
    }
  }

  /** Histories to learn from: one visit of every fifth user is held out. */
  private static Collection<int[]> withoutNext(Visits visits, List<Visitor> visitors) {
    List<int[]> histories = new ArrayList<>();
    visits.byUser().forEach(
        (user, history) -> {
          if (user % 5 != 0 || history.length < 2) {
            histories.add(history);
            return;
          }
          int out = user % history.length;
          int[] rest = new int[history.length - 1];
          System.arraycopy(history, 0, rest, 0, out);
          System.arraycopy(history, out + 1, rest, out, rest.length - out);
          histories.add(rest);
          visitors.add(new Visitor(user, rest, history[out]));
        });
    return histories;
  }

  private void startRegions(ItemModel model) {
    for (NodeId region : REGIONS) {
      regions.add(
          simulation.node(
              region,
              environment -> {
                for (NodeId other : REGIONS) {
                  if (!other.equals(region)) {
                    environment.transport().setPeer(other, SimNode.addressOf(other));
                  }
                }
                return Recommender.start(environment, REGIONS, model);
              }));
    }
    simulation.node(
        CLIENT,
        environment -> {
          REGIONS.forEach(
              region -> environment.transport().setPeer(region, SimNode.addressOf(region)));
          client = new Client(environment, REGIONS, seed, listener());
          return client;
        });
    distance(CLIENT, REGIONS.get(0), 200);
    distance(CLIENT, REGIONS.get(1), 1_000);
    distance(CLIENT, REGIONS.get(2), 1_500);
    distance(REGIONS.get(0), REGIONS.get(1), 1_000);
    distance(REGIONS.get(1), REGIONS.get(2), 1_200);
    distance(REGIONS.get(0), REGIONS.get(2), 1_500);
    simulation.run(Duration.ofSeconds(10));
  }

  /** One way. The simulator delays one message in a thousand a hundredfold. */
  private void distance(NodeId a, NodeId b, int micros) {
    NetworkOptions options =
        NetworkOptions.lan().withLatency(Duration.ofNanos(1_000L * micros), Duration.ofNanos(100_000));
    simulation.network().options(a, b, options);
    simulation.network().options(b, a, options);
  }

  private RegionRouter.Listener listener() {
    return new RegionRouter.Listener() {
      @Override
      public void onLeft(String region) {
        event("the client leaves " + region);
      }

      @Override
      public void onReturning(String region) {
        event("the client tries " + region + " again");
      }

      @Override
      public void onReturned(String region) {
        event("the client is back at " + region);
      }
    };
  }

  private void event(String text) {
    out.printf(Locale.ROOT, "  %6.1f s  %s%n", simulation.nowNanos() / 1e9, text);
  }

  /** The scenes; whether every request in them was answered. */
  private boolean tell(List<Visitor> asked) {
    int third = asked.size() / 3;
    List<Visitor> regulars = asked.subList(0, third);
    List<Visitor> earlier = asked.subList(third, 2 * third);
    List<Visitor> strangers = asked.subList(2 * third, asked.size());
    List<Visitor> cached = asked.subList(0, 2 * third);
    each(cached, visitor -> put(visitor, Arrays.copyOf(visitor.history(), oneLess(visitor))));
    each(cached, visitor -> client.recommend(visitor.user()));
    simulation.run(Duration.ofHours(1));
    each(asked, visitor -> put(visitor, visitor.history()));

    out.printf("%n%-44s", "answers");
    Arrays.stream(Source.values()).forEach(source -> out.printf(" %10s", source));
    out.printf(" %10s%n", "none");
    boolean answered = scene("all well, first visit in an hour", regulars);
    answered &= scene("all well, again", regulars);
    regions.forEach(region -> region.service().modelDown(true));
    answered &= scene("model down, visitors of this minute", regulars);
    answered &= scene("model down, visitors of an hour ago", earlier);
    answered &= scene("model down, visitors never seen", strangers);
    regions.forEach(region -> region.service().modelDown(false));
    simulation.run(Duration.ofMinutes(2));
    regions.forEach(region -> simulation.await(stopProfiles(region), Duration.ofMinutes(1)));
    answered &= scene("profile store down, visitors of an hour ago", earlier);
    answered &= scene("profile store down, visitors never seen", strangers);
    printHits();
    return answered;
  }

  private static CompletableFuture<Void> stopProfiles(SimNode<Recommender> region) {
    return region.service().profiles().thenCompose(QuorumStore::shutdown);
  }

  private static int oneLess(Visitor visitor) {
    return visitor.history().length - 1;
  }

  private CompletableFuture<?> put(Visitor visitor, int[] history) {
    String text = Profile.text(history);
    return regions.get(0).service().profiles()
        .thenCompose(store -> store.put(Recommender.key(visitor.user()), text));
  }

  private boolean scene(String name, List<Visitor> visitors) {
    Tally tally = new Tally();
    each(
        visitors,
        visitor ->
            client
                .recommend(visitor.user())
                .handle((answer, failure) -> count(tally, visitor, answer, failure)));
    out.printf("%-44s", name);
    Arrays.stream(Source.values())
        .forEach(
            source -> out.printf(Locale.ROOT, " %,10d", tally.answers.getOrDefault(source, 0)));
    out.printf(Locale.ROOT, " %,10d%n", tally.failed);
    return tally.failed == 0;
  }

  private Void count(Tally tally, Visitor visitor, Recommendation answer, Throwable failure) {
    if (failure != null) {
      tally.failed++;
      return null;
    }
    tally.answers.merge(answer.source(), 1, Integer::sum);
    oldestMillis.merge(answer.source(), answer.ageMillis(), Math::max);
    int[] score = hits.computeIfAbsent(answer.source(), source -> new int[2]);
    score[0] += answer.items().contains(visitor.next()) ? 1 : 0;
    score[1]++;
    return null;
  }

  private void printHits() {
    out.printf("%n%-12s %10s %10s   %s%n", "source", "answers", "HR@10", "oldest");
    for (Source source : Source.values()) {
      int[] score = hits.getOrDefault(source, new int[2]);
      out.printf(
          Locale.ROOT,
          "%-12s %,10d %10.3f   %s%n",
          source,
          score[1],
          score[1] == 0 ? Double.NaN : (double) score[0] / score[1],
          age(oldestMillis.getOrDefault(source, 0L)));
    }
  }

  private static String age(long millis) {
    return millis < 3_600_000
        ? String.format(Locale.ROOT, "%.1f s", millis / 1e3)
        : String.format(Locale.ROOT, "%.1f h", millis / 3.6e6);
  }

  /** One request every 20 ms while the nearest region dies and comes back. */
  private boolean failover(List<Visitor> asked) {
    out.println("The nearest region is killed, and comes back after 20 s:");
    long killedNanos = simulation.nowNanos();
    event("eu is killed");
    regions.get(0).kill();
    Tally tally = new Tally();
    long[] worstNanos = new long[1];
    for (int i = 0; i < 3_500; i++) {
      if (i == 1_000) {
        event("eu is started again");
        regions.get(0).restart();
      }
      Visitor visitor = asked.get(i % asked.size());
      long sentNanos = simulation.nowNanos();
      client
          .recommend(visitor.user())
          .whenComplete(
              (answer, failure) -> {
                long tookNanos = simulation.nowNanos() - sentNanos;
                worstNanos[0] = Math.max(worstNanos[0], tookNanos);
                if (failure == null) {
                  tally.answers.merge(answer.source(), 1, Integer::sum);
                } else {
                  tally.failed++;
                }
              });
      simulation.run(Duration.ofMillis(20));
    }
    simulation.run(Duration.ofSeconds(2));
    out.printf(
        Locale.ROOT,
        "  %,d requests in %.0f s: %d without an answer, the slowest took %.2f s.%n",
        tally.total(),
        (simulation.nowNanos() - killedNanos) / 1e9,
        tally.failed,
        worstNanos[0] / 1e9);
    return tally.failed == 0;
  }

  /** Does it for each visitor, some at a time. */
  private void each(List<Visitor> visitors, Function<Visitor, CompletableFuture<?>> what) {
    Deque<CompletableFuture<?>> inFlight = new ArrayDeque<>();
    for (Visitor visitor : visitors) {
      if (inFlight.size() == IN_FLIGHT) {
        simulation.await(inFlight.poll(), Duration.ofMinutes(1));
      }
      inFlight.add(what.apply(visitor));
    }
    inFlight.forEach(future -> simulation.await(future, Duration.ofMinutes(1)));
  }
}
