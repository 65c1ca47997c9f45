package io.quorate.replication.peers;

import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.quorum.Consistency;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Ours and others' in one run, taking turns: three members in this JVM over loopback, 100-byte values,
 * 16,384 keys. Prints the median of the rounds and the ratio to the first, with the load of the
 * machine beside it. Infinispan reads locally, and jgroups-raft does not confirm every round of reads.
 */
public final class Comparison {
  private static final int ROUNDS = Integer.getInteger("rounds", 3);
  private static final long MILLIS = Long.getLong("millis", 3_000);

  /** Held, so that its level stays: the products write much to it. */
  private static final Logger PEERS = Logger.getLogger("");

  private Comparison() {}

  private record Setting(String what, int inFlight, int readPercent) {}

  /** A product, with how its three members are started in a directory of their own. */
  private record Product(String directory, Start start) {}

  private interface Start {
    Candidate in(Path directory) throws Exception;
  }

  private static final List<Setting> SETTINGS =
      List.of(
          new Setting("50/50, 64 in flight", 64, 50),
          new Setting("50/50, 256 in flight", 256, 50),
          new Setting("writes, 64 in flight", 64, 0),
          new Setting("writes, 256 in flight", 256, 0));

  private static final List<Product> PRODUCTS =
      List.of(
          new Product("hazelcast", directory -> new HazelcastMap()),
          new Product("written", directory -> ours(directory, LocalOptions.Durability.WRITTEN)),
          new Product("forced", directory -> ours(directory, LocalOptions.Durability.FORCED)),
          new Product("jgroups-raft", JGroupsRaftMap::new),
          new Product("infinispan", directory -> new InfinispanCache()),
          new Product("pekko", directory -> new PekkoData()));

  private static Candidate ours(Path directory, LocalOptions.Durability durability)
      throws Exception {
    String what =
        durability == LocalOptions.Durability.FORCED
            ? "every ack forced on 2 of 3"
            : "written to the OS";
    return new Ours("ours, linearizable, " + what, Consistency.LINEARIZABLE, durability, directory);
  }

  /** Runs the products that the arguments name, all if none; a minute and a half each round. */
  public static void main(String[] arguments) throws Exception {
    PEERS.setLevel(Level.OFF);
    List<String> chosen = List.of(arguments);
    Path directory = Files.createTempDirectory("quorate-peers");
    Map<Setting, Map<String, List<Load.Result>>> results = new LinkedHashMap<>();
    SETTINGS.forEach(setting -> results.put(setting, new LinkedHashMap<>()));
    List<Double> loads = new ArrayList<>();
    try {
      for (int round = 0; round < ROUNDS; round++) {
        for (Product product : PRODUCTS) {
          if (chosen.isEmpty() || chosen.contains(product.directory)) {
            Path its = Files.createDirectory(directory.resolve(product.directory + round));
            measure(product.start.in(its), results);
            Directories.delete(its);
            loads.add(ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
          }
        }
      }
    } finally {
      Directories.delete(directory);
    }
    System.out.printf(
        Locale.ROOT,
        "%d rounds, load average %.1f to %.1f%n",
        ROUNDS, Collections.min(loads), Collections.max(loads));
    results.forEach(Comparison::print);
    System.exit(0);
  }

  /** One product alone: what idles costs the others nothing. */
  private static void measure(
      Candidate candidate, Map<Setting, Map<String, List<Load.Result>>> results)
      throws Exception {
    try (candidate) {
      Load.run(candidate, 64, 50, MILLIS);
      Load.run(candidate, 256, 50, MILLIS);
      for (Setting setting : SETTINGS) {
        results
            .get(setting)
            .computeIfAbsent(candidate.name(), n -> new ArrayList<>())
            .add(Load.run(candidate, setting.inFlight, setting.readPercent, MILLIS));
      }
    }
  }

  private static void print(Setting setting, Map<String, List<Load.Result>> results) {
    System.out.printf(Locale.ROOT, "%n%s%n", setting.what);
    Load.Result base = median(results.values().iterator().next());
    results.forEach(
        (name, its) -> {
          Load.Result result = median(its);
          System.out.printf(
              Locale.ROOT,
              "  %-48s %8.0f/s (%4.2fx)  p50 %6.2f ms  p99 %7.2f ms (%4.2fx)  cpu %5.1f us"
                  + " (%4.2fx)%s%n",
              name,
              result.perSecond(),
              result.perSecond() / base.perSecond(),
              result.p50Millis(),
              result.p99Millis(),
              result.p99Millis() / base.p99Millis(),
              result.cpuMicros(),
              result.cpuMicros() / base.cpuMicros(),
              result.failed() == 0 ? "" : "  FAILED " + result.failed());
        });
  }

  private static Load.Result median(List<Load.Result> results) {
    List<Load.Result> sorted = new ArrayList<>(results);
    sorted.sort(Comparator.comparingDouble(Load.Result::perSecond));
    return sorted.get(sorted.size() / 2);
  }
}
