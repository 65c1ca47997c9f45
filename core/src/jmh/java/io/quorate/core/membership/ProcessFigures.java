package io.quorate.core.membership;

import io.quorate.core.membership.MembershipEvent.Kind;
import io.quorate.core.membership.ProcessCluster.Heard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Measures membership with members as processes of this machine: how soon a hung or killed one is
 * noticed, and whether starved ones are taken for dead; all contenders at the same time.
 */
final class ProcessFigures {
  /**
   * Whose members are measured.
   *
   * @param main runs one member, as {@link MemberProcess} does
   * @param mode its third argument
   */
  record Contender(String name, Class<?> main, String mode) {}

  private final List<Contender> contenders;
  private final int size;
  private final List<ProcessCluster> clusters = new ArrayList<>();

  private ProcessFigures(List<Contender> contenders, int size) {
    this.contenders = contenders;
    this.size = size;
  }

  /** Compares with Lifeguard and without; see {@link #run}. */
  public static void main(String[] arguments) throws Exception {
    run(
        arguments,
        List.of(
            new Contender("with Lifeguard", MemberProcess.class, "ON"),
            new Contender("without", MemberProcess.class, "OFF")));
  }

  /**
   * Takes what to measure, how many members, and how often or for how many seconds: {@code hung 10
   * 4} (one member after the other is stopped and stays so), {@code killed 10 4}, {@code one 10 60}
   * (one member gets slices of the processor from its first second) or {@code all 10 60} (busy loops
   * of a higher priority take the machine).
   */
  static void run(String[] arguments, List<Contender> contenders) throws Exception {
    ProcessFigures figures = new ProcessFigures(contenders, Integer.parseInt(arguments[1]));
    int amount = Integer.parseInt(arguments[2]);
    try {
      switch (arguments[0]) {
        case "hung" -> figures.hung(amount);
        case "killed" -> figures.killed(amount);
        case "one" -> figures.oneStarved(Duration.ofSeconds(amount));
        case "all" -> figures.allStarved(Duration.ofSeconds(amount));
        default -> throw new IllegalArgumentException("not to be measured: " + arguments[0]);
      }
    } finally {
      figures.clusters.forEach(ProcessCluster::close);
    }
  }

  private void start(String... prefix) throws Exception {
    for (Contender contender : contenders) {
      clusters.add(new ProcessCluster(size, contender.main(), contender.mode(), prefix));
    }
  }

  private void hung(int times) throws Exception {
    start();
    for (int victim = size - 1; victim >= size - times; victim--) {
      long begin = System.nanoTime();
      for (ProcessCluster cluster : clusters) {
        cluster.stop(victim);
      }
      awaitDeath("hung", victim, begin);
    }
  }

  private void killed(int times) throws Exception {
    start();
    for (int victim = size - 1; victim >= size - times; victim--) {
      long begin = System.nanoTime();
      for (ProcessCluster cluster : clusters) {
        cluster.kill(victim);
      }
      awaitDeath("killed", victim, begin);
    }
  }

  /** Those with higher numbers than {@code victim} are gone already. */
  private void awaitDeath(String how, int victim, long begin) throws Exception {
    for (int i = 0; i < clusters.size(); i++) {
      ProcessCluster cluster = clusters.get(i);
      cluster.awaitEverywhere(Kind.DIED, victim, victim, begin);
      double[] seconds =
          cluster.heard().stream()
              .filter(h -> h.kind() == Kind.DIED && h.member().equals("n" + victim))
              .filter(h -> h.by() < victim)
              .mapToLong(Heard::atNanos)
              .mapToDouble(at -> (at - begin) / 1e9)
              .sorted()
              .toArray();
      System.out.printf(
          Locale.ROOT,
          "%s, one of %d %s: DEAD at the first after %.2f s, at the last after %.2f s%n",
          contenders.get(i).name(),
          victim + 1,
          how,
          seconds[0],
          seconds[seconds.length - 1]);
    }
  }

  /** No warm-up: what the starved member does first, it does while it is starved. */
  private void oneStarved(Duration duration) throws Exception {
    start();
    long begin = System.nanoTime();
    List<AutoCloseable> starving = new ArrayList<>();
    for (ProcessCluster cluster : clusters) {
      SplittableRandom random = new SplittableRandom(1);
      starving.add(
          cluster.starve(1, () -> random.nextInt(500, 1_500), () -> random.nextInt(100, 200)));
    }
    Thread.sleep(duration.toMillis());
    for (AutoCloseable starved : starving) {
      starved.close();
    }
    print("one of " + size + " starved for " + duration.toSeconds() + " s", begin);
  }

  private void allStarved(Duration duration) throws Exception {
    start("nice", "-n", "19");
    long begin = System.nanoTime();
    List<Process> hogs = new ArrayList<>();
    try {
      int loops = 4 * Runtime.getRuntime().availableProcessors();
      for (int i = 0; i < loops; i++) {
        hogs.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
      }
      Thread.sleep(duration.toMillis());
    } finally {
      hogs.forEach(Process::destroyForcibly);
    }
    print("all " + size + " starved for " + duration.toSeconds() + " s", begin);
  }

  private void print(String what, long begin) throws Exception {
    for (int i = 0; i < clusters.size(); i++) {
      ProcessCluster cluster = clusters.get(i);
      System.out.printf(
          "%s, %s: %d SUSPECTED, %d DEAD, stalled at worst %s ms%n",
          what,
          contenders.get(i).name(),
          cluster.count(Kind.SUSPECTED, begin),
          cluster.count(Kind.DIED, begin),
          cluster.end());
    }
  }
}
