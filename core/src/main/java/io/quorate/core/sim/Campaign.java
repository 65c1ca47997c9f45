package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Runs one scenario under many seeds, each with a plan of its own, and explains the first failure:
 * by the line that replays it, and by the fewest faults and operations that still make it fail.
 *
 * <pre>{@code
 * Campaign.of(Swarm.defaults(), (sim, plan) -> new StoreScenario(sim, plan).run())
 *     .seeds(0, 200)
 *     .mustReach("store.read-repair")
 *     .run();
 * }</pre>
 *
 * <p>The system property {@code sim.seed} restricts a run to one seed; {@code sim.seeds} changes
 * the number of seeds, for a longer run at night.
 */
public final class Campaign {
  private static final int SHRINK_RUNS = 1_000;
  private static final long SHRINK_EVENTS = 10_000_000;

  private final Swarm swarm;
  private final Scenario scenario;
  private final List<Long> seeds = new ArrayList<>();
  private final List<String> required = new ArrayList<>();
  private UnaryOperator<SimulationOptions> options = UnaryOperator.identity();
  private boolean twice;

  private Campaign(Swarm swarm, Scenario scenario) {
    this.swarm = swarm;
    this.scenario = scenario;
  }

  /** What is run under every seed. */
  @FunctionalInterface
  public interface Scenario {
    /**
     * Builds the cluster, carries out the plan, checks; throws if anything is wrong. Must depend on
     * its arguments alone.
     */
    void run(Simulation simulation, FaultPlan plan);
  }

  /**
   * What a campaign has seen.
   *
   * @param seedCount how many seeds were run
   * @param eventCount events of all runs
   * @param virtualNanos time of all runs
   * @param probes what was reached in all runs
   */
  public record Summary(long seedCount, long eventCount, long virtualNanos, Probes probes) {}

  public static Campaign of(Swarm swarm, Scenario scenario) {
    return new Campaign(swarm, scenario);
  }

  /** Adds {@code count} seeds from {@code first} on. */
  public Campaign seeds(long first, int count) {
    int wanted = Integer.getInteger("sim.seeds", count);
    for (int i = 0; i < wanted; i++) {
      seeds.add(first + i);
    }
    return this;
  }

  /** Adds seeds that once failed. */
  public Campaign regressions(long... once) {
    for (long seed : once) {
      seeds.add(seed);
    }
    return this;
  }

  /** The campaign fails if one of {@code points} is reached under no seed. */
  public Campaign mustReach(String... points) {
    required.addAll(List.of(points));
    return this;
  }

  /** Changes the options of every simulation. */
  public Campaign options(UnaryOperator<SimulationOptions> change) {
    this.options = change;
    return this;
  }

  /** Runs each seed twice and fails if the two runs differ. */
  public Campaign twice() {
    this.twice = true;
    return this;
  }

  /**
   * Runs all seeds.
   *
   * @throws AssertionError if one fails, or a required point was never reached
   */
  public Summary run() {
    Long only = Long.getLong("sim.seed");
    List<Long> running = only == null ? seeds : List.of(only);
    Probes probes = new Probes();
    long events = 0;
    long nanos = 0;
    for (long seed : running) {
      FaultPlan plan = swarm.draw(seed);
      Run run = attempt(seed, plan);
      if (run.failure() != null) {
        throw explained(seed, plan, run.failure());
      }
      if (twice && attempt(seed, plan).digest() != run.digest()) {
        throw new AssertionError("two runs of seed " + seed + " differ" + replayLine(seed));
      }
      probes.addAll(run.probes());
      events += run.events();
      nanos += run.nanos();
    }
    List<String> missing = probes.missing(required);
    if (only == null && !missing.isEmpty()) {
      throw new AssertionError(
          "never reached under " + running.size() + " seeds: " + missing
              + ", of " + probes.counts());
    }
    return new Summary(running.size(), events, nanos, probes);
  }

  private record Run(Throwable failure, long digest, long events, long nanos, Probes probes) {}

  private Run attempt(long seed, FaultPlan plan) {
    try (Simulation simulation = Simulation.of(options.apply(SimulationOptions.seeded(seed)))) {
      Throwable failure = null;
      try {
        scenario.run(simulation, plan);
      } catch (RuntimeException | AssertionError e) {
        failure = e;
      }
      return new Run(
          failure,
          simulation.digest(),
          simulation.eventCount(),
          simulation.nowNanos(),
          simulation.probes());
    }
  }

  private AssertionError explained(long seed, FaultPlan plan, Throwable failure) {
    long[] events = {0};
    List<Fault> fewest =
        Shrinker.shrink(
            plan.faults(),
            faults -> {
              if (events[0] > SHRINK_EVENTS) {
                return false;
              }
              Run run = attempt(seed, plan.withFaults(faults));
              events[0] += run.events();
              return run.failure() != null;
            },
            SHRINK_RUNS);
    FaultPlan smallest = plan.withFaults(fewest);
    Throwable shrunkFailure = attempt(seed, smallest).failure();
    return new AssertionError(
        "seed " + seed + ": " + failure.getMessage() + replayLine(seed)
            + "\nof " + plan.faults().size() + " faults and operations these suffice:\n"
            + smallest.describe() + "\nand lead to: " + shrunkFailure,
        failure);
  }

  private static String replayLine(long seed) {
    String test =
        StackWalker.getInstance()
            .walk(
                frames ->
                    frames
                        .map(StackWalker.StackFrame::getClassName)
                        .filter(name -> !name.equals(Campaign.class.getName()))
                        .findFirst()
                        .orElse("?"));
    String simpleName = test.substring(test.lastIndexOf('.') + 1).replaceAll("\\$.*", "");
    return "\nreplay with: mvn test -Dsurefire.failIfNoSpecifiedTests=false -Dtest=" + simpleName
        + " -Dsim.seed=" + seed;
  }
}
