package io.quorate.replication.peers;

import io.quorate.replication.local.LocalOptions;
import io.quorate.replication.quorum.Consistency;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Ours and others' in one run, taking turns: three members in this JVM over loopback, 100-byte values,
 * 16,384 keys. Prints the median of the rounds and the ratio to Hazelcast, with the load of the
 * machine beside it.
 */
public final class Comparison {
  private static final int ROUNDS = Integer.getInteger("rounds", 3);
  private static final long MILLIS = Long.getLong("millis", 3_000);

  private Comparison() {}

  private record Setting(String what, int inFlight, int readPercent) {}

  /** Runs it all; takes a few minutes. */
  public static void main(String[] arguments) throws Exception {
    Path directory = Files.createTempDirectory("quorate-peers");
    List<Setting> settings =
        List.of(
            new Setting("50/50, 64 in flight", 64, 50),
            new Setting("50/50, 256 in flight", 256, 50),
            new Setting("writes, 64 in flight", 64, 0),
            new Setting("writes, 256 in flight", 256, 0));
    try (Candidate hazelcast = new HazelcastMap();
        Candidate written =
            new Ours(
                "ours, linearizable, written to the OS",
                Consistency.LINEARIZABLE,
                LocalOptions.Durability.WRITTEN,
                directory.resolve("written"));
        Candidate forced =
            new Ours(
                "ours, linearizable, every ack forced on 2 of 3",
                Consistency.LINEARIZABLE,
                LocalOptions.Durability.FORCED,
                directory.resolve("forced"))) {
      List<Candidate> candidates = List.of(hazelcast, written, forced);
      for (Candidate candidate : candidates) {
        Load.run(candidate, 64, 50, MILLIS);
        Load.run(candidate, 256, 50, MILLIS);
      }
      for (Setting setting : settings) {
        compare(setting, candidates);
      }
    } finally {
      deleteAll(directory);
    }
    System.exit(0);
  }

  private static void compare(Setting setting, List<Candidate> candidates)
      throws InterruptedException {
    Map<String, List<Load.Result>> results = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      for (Candidate candidate : candidates) {
        results
            .computeIfAbsent(candidate.name(), n -> new ArrayList<>())
            .add(Load.run(candidate, setting.inFlight, setting.readPercent, MILLIS));
      }
    }
    Load.Result base = median(results.get(candidates.get(0).name()));
    System.out.printf(
        Locale.ROOT,
        "%n%s (load average %.1f)%n",
        setting.what,
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    for (Candidate candidate : candidates) {
      Load.Result its = median(results.get(candidate.name()));
      System.out.printf(
          Locale.ROOT,
          "  %-48s %8.0f/s (%4.2fx)  p50 %6.2f ms  p99 %7.2f ms (%4.2fx)  cpu %5.1f us (%4.2fx)%s%n",
          candidate.name(),
          its.perSecond(),
          its.perSecond() / base.perSecond(),
          its.p50Millis(),
          its.p99Millis(),
          its.p99Millis() / base.p99Millis(),
          its.cpuMicros(),
          its.cpuMicros() / base.cpuMicros(),
          its.failed() == 0 ? "" : "  FAILED " + its.failed());
    }
  }

  private static Load.Result median(List<Load.Result> results) {
    List<Load.Result> sorted = new ArrayList<>(results);
    sorted.sort(Comparator.comparingDouble(Load.Result::perSecond));
    return sorted.get(sorted.size() / 2);
  }

  private static void deleteAll(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      paths
          .sorted(Comparator.reverseOrder())
          .forEach(
              path -> {
                try {
                  Files.delete(path);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
    }
  }
}
