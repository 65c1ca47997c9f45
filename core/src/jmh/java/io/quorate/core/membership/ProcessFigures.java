package io.quorate.core.membership;

import io.quorate.core.membership.ProcessCluster.Heard;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Measures membership with members as processes of this machine: how soon a hung one is noticed, and
 * whether starved ones are taken for dead, with Lifeguard and without it at the same time.
 */
final class ProcessFigures {
  private ProcessFigures() {}

  /**
   * Takes what to measure, how many members, and for how long or how often: {@code hung 10 5},
   * {@code one 10 60} (one member gets a fraction of a core, in slices) or {@code all 10 60} (busy
   * loops of a higher priority take the machine).
   */
  public static void main(String[] arguments) throws Exception {
    int size = Integer.parseInt(arguments[1]);
    int amount = Integer.parseInt(arguments[2]);
    switch (arguments[0]) {
      case "hung" -> hung(size, amount);
      case "one" -> starved(size, amount, false);
      case "all" -> starved(size, amount, true);
      default -> throw new IllegalArgumentException("not to be measured: " + arguments[0]);
    }
  }

  private static void hung(int size, int times) throws Exception {
    List<Double> seconds = new ArrayList<>();
    try (ProcessCluster cluster = new ProcessCluster(size, "ON")) {
      for (int i = 0; i < times; i++) {
        int victim = 1 + i % (size - 1);
        long begin = System.nanoTime();
        cluster.stop(victim);
        cluster.awaitEverywhere(MembershipEvent.Kind.DIED, victim, begin);
        cluster.heard().stream()
            .filter(h -> h.kind() == MembershipEvent.Kind.DIED && h.atNanos() - begin > 0)
            .mapToLong(Heard::atNanos)
            .forEach(at -> seconds.add((at - begin) / 1e9));
        long again = System.nanoTime();
        cluster.goOn(victim);
        cluster.awaitEverywhere(MembershipEvent.Kind.JOINED, victim, again);
      }
    }
    Collections.sort(seconds);
    System.out.printf(
        Locale.ROOT,
        "hung member of %d, %d times: DEAD at the others after p50 %.2f s, max %.2f s%n",
        size,
        times,
        seconds.get(seconds.size() / 2),
        seconds.get(seconds.size() - 1));
  }

  private static void starved(int size, int seconds, boolean everybody) throws Exception {
    String[] prefix = everybody ? new String[] {"nice", "-n", "19"} : new String[0];
    List<Process> hogs = new ArrayList<>();
    try (ProcessCluster with = new ProcessCluster(size, "ON", prefix);
        ProcessCluster without = new ProcessCluster(size, "OFF", prefix)) {
      // Code that has never run takes its time: refuting is to have been compiled.
      for (int i = 0; i < 5; i++) {
        starve(with, without, 600, 400);
      }
      long end = System.nanoTime() + seconds * 1_000_000_000L;
      if (everybody) {
        int loops = 4 * Runtime.getRuntime().availableProcessors();
        for (int i = 0; i < loops; i++) {
          hogs.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
        }
        Thread.sleep(seconds * 1_000L);
        hogs.forEach(Process::destroyForcibly);
      } else {
        SplittableRandom random = new SplittableRandom(1);
        while (System.nanoTime() - end < 0) {
          starve(with, without, random.nextInt(500, 1_500), random.nextInt(100, 200));
        }
      }
      System.out.printf(
          "%s starved for %d s, %d members: with Lifeguard %d SUSPECTED and %d DEAD,"
              + " without %d and %d%n",
          everybody ? "all" : "one",
          seconds,
          size,
          with.count(MembershipEvent.Kind.SUSPECTED),
          with.count(MembershipEvent.Kind.DIED),
          without.count(MembershipEvent.Kind.SUSPECTED),
          without.count(MembershipEvent.Kind.DIED));
      System.out.println("stalled at worst, ms: " + with.end() + " and " + without.end());
    } finally {
      hogs.forEach(Process::destroyForcibly);
    }
  }

  /** Gives the second member of both clusters nothing for a while and then a slice. */
  private static void starve(
      ProcessCluster with, ProcessCluster without, int stopMillis, int runMillis)
      throws Exception {
    with.stop(1);
    without.stop(1);
    Thread.sleep(stopMillis);
    with.goOn(1);
    without.goOn(1);
    Thread.sleep(runMillis);
  }
}
