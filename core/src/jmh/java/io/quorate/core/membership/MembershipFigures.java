package io.quorate.core.membership;

import io.quorate.core.membership.SwimCluster.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Prints what {@code core/README.md} says about the speed and the patience of membership, on virtual
 * time: the same on each run.
 */
final class MembershipFigures {
  private static final int NODES = 50;

  private MembershipFigures() {}

  /** Takes the number of seeds for each row; 100 if there is none. */
  public static void main(String[] arguments) {
    int seeds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 100;
    System.out.println("| scenario | seeds | result |");
    System.out.println("| --- | --- | --- |");
    row("hung member of 50: DEAD everywhere", seeds, quantiles(hung(seeds, NODES)));
    row("hung member of 5: DEAD everywhere", seeds, quantiles(hung(seeds, 5)));
    row("join of the 51st: known everywhere", seeds, quantiles(joins(seeds)));
    row("60 s, one of 50 starved by 2 s", seeds, oneStarved(seeds, Lifeguard.ON));
    row("the same with Lifeguard off", seeds, oneStarved(seeds, Lifeguard.OFF));
    row("60 s, all 50 starved by 0.1 to 1 s", seeds, allStarved(seeds));
    row("10 min, 30 % loss, 50 nodes", Math.max(1, seeds / 10), loss(Math.max(1, seeds / 10)));
  }

  private static void row(String scenario, int seeds, String result) {
    System.out.printf(Locale.ROOT, "| %s | %d | %s |%n", scenario, seeds, result);
  }

  /** How long each survivor took to declare the hung one dead. */
  static List<Long> hung(int seeds, int size) {
    List<Long> times = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      SwimCluster cluster = SwimCluster.of(size, seed);
      Node hung = cluster.node(seed % size);
      long begin = cluster.nowNanos;
      hung.stalledUntilNanos = Long.MAX_VALUE;
      cluster.run(Duration.ofSeconds(40));
      for (Node node : cluster.nodes) {
        if (node != hung) {
          Long dead = node.deadSinceNanos.get(hung.id);
          times.add(dead == null ? Long.MAX_VALUE : dead - begin);
        }
      }
    }
    Collections.sort(times);
    return times;
  }

  /** How long until all knew of a newcomer. */
  static List<Long> joins(int seeds) {
    List<Long> times = new ArrayList<>();
    for (int seed = 0; seed < seeds; seed++) {
      SwimCluster cluster = SwimCluster.of(NODES, seed);
      cluster.start("newcomer", 5_000, 100);
      times.add(cluster.runUntilAllSee(NODES + 1, Duration.ofSeconds(60)));
    }
    Collections.sort(times);
    return times;
  }

  static String oneStarved(int seeds, Lifeguard lifeguard) {
    long deaths = 0;
    for (int seed = 0; seed < seeds; seed++) {
      SwimCluster cluster = SwimCluster.of(NODES, seed, lifeguard);
      cluster.node(3).starvedByNanos = Duration.ofMillis(2_000).toNanos();
      cluster.run(Duration.ofSeconds(60));
      deaths += cluster.deaths();
    }
    return falseDeaths(deaths);
  }

  static String allStarved(int seeds) {
    long deaths = 0;
    for (int seed = 0; seed < seeds; seed++) {
      SwimCluster cluster = SwimCluster.of(NODES, seed);
      cluster.nodes.forEach(
          node ->
              node.starvedByNanos =
                  Duration.ofMillis(100 + cluster.random.nextInt(900)).toNanos());
      cluster.run(Duration.ofSeconds(60));
      deaths += cluster.deaths();
    }
    return falseDeaths(deaths);
  }

  static String loss(int seeds) {
    long deaths = 0;
    for (int seed = 0; seed < seeds; seed++) {
      SwimCluster cluster = SwimCluster.of(NODES, seed);
      cluster.loss = 0.3;
      cluster.run(Duration.ofMinutes(10));
      deaths += cluster.deaths();
    }
    return falseDeaths(deaths);
  }

  private static String falseDeaths(long deaths) {
    return deaths + " false DEAD";
  }

  private static String quantiles(List<Long> sorted) {
    return "p50 " + seconds(sorted, 0.5) + ", p99 " + seconds(sorted, 0.99) + ", max "
        + seconds(sorted, 1);
  }

  private static String seconds(List<Long> sorted, double quantile) {
    long nanos = sorted.get(Math.min(sorted.size() - 1, (int) (sorted.size() * quantile)));
    return nanos == Long.MAX_VALUE ? "never" : String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
  }
}
