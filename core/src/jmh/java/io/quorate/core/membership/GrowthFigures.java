package io.quorate.core.membership;

import io.quorate.core.membership.SwimCluster.Node;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Locale;

/**
 * Prints what {@code core/README.md} says about membership as the cluster grows: what a member costs
 * at rest, and how long news takes. All but the share of a core is virtual time, the same each run.
 */
final class GrowthFigures {
  private static final int IDLE_SECONDS = 240;

  private GrowthFigures() {}

  /** Takes the sizes of the clusters. */
  public static void main(String[] sizes) {
    System.out.println(
        "| nodes | datagrams/s | B/s | of a core | join known | leave known | death known |");
    System.out.println("| --- | --- | --- | --- | --- | --- | --- |");
    for (String size : sizes) {
      System.out.println("| " + size + row(Integer.parseInt(size)));
    }
  }

  private static String row(int size) {
    SwimCluster cluster = SwimCluster.of(size, 18);
    settle(cluster);
    String idle = idle(cluster);
    cluster.start("newcomer", 500, 100_000);
    long join = cluster.runUntilAllSee(size + 1, Duration.ofSeconds(60));
    settle(cluster);
    cluster.node(size).leave();
    long leave = cluster.runUntilAllSee(size, Duration.ofSeconds(60));
    cluster.nodes.remove(size);
    settle(cluster);
    return String.format(
        Locale.ROOT, "%s | %.2f s | %.2f s | %s |", idle, join / 1e9, leave / 1e9, death(cluster));
  }

  /** Runs until all has been told often enough. */
  private static void settle(SwimCluster cluster) {
    cluster.run(Duration.ofSeconds(60));
  }

  /** What one member sends, and what it computes, a second. */
  private static String idle(SwimCluster cluster) {
    long bytes = cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum();
    long datagrams = cluster.nodes.stream().mapToLong(node -> node.datagramsSent).sum();
    long cpu = cpuNanos();
    cluster.run(Duration.ofSeconds(IDLE_SECONDS));
    cpu = cpuNanos() - cpu;
    bytes = cluster.nodes.stream().mapToLong(node -> node.bytesSent).sum() - bytes;
    datagrams = cluster.nodes.stream().mapToLong(node -> node.datagramsSent).sum() - datagrams;
    double memberSeconds = (double) cluster.nodes.size() * IDLE_SECONDS;
    return String.format(
        Locale.ROOT,
        " | %.1f | %.0f | %.4f %%",
        datagrams / memberSeconds,
        bytes / memberSeconds,
        cpu / memberSeconds / 1e9 * 100);
  }

  /** From the moment a member hangs until the first and the last of the others call it dead. */
  private static String death(SwimCluster cluster) {
    Node hung = cluster.node(cluster.nodes.size() / 2);
    long begin = cluster.nowNanos;
    hung.stalledUntilNanos = Long.MAX_VALUE;
    cluster.run(Duration.ofSeconds(60));
    long first = Long.MAX_VALUE;
    long last = 0;
    for (Node node : cluster.nodes) {
      if (node != hung) {
        long dead = node.deadSinceNanos.getOrDefault(hung.id, Long.MAX_VALUE) - begin;
        first = Math.min(first, dead);
        last = Math.max(last, dead);
      }
    }
    return last > Duration.ofSeconds(60).toNanos()
        ? "not to all within 60 s"
        : String.format(Locale.ROOT, "%.2f to %.2f s", first / 1e9, last / 1e9);
  }

  private static long cpuNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }
}
