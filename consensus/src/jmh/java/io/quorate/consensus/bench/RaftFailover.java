package io.quorate.consensus.bench;

import io.quorate.consensus.Failover;
import io.quorate.consensus.Failover.What;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Measures how long three processes over loopback, every entry fsynced, acknowledge nothing around
 * what befalls their leader: {@code RaftFailover DIRECTORY ROUNDS TRANSFERS}. Each round starts the
 * processes anew, once with default options and once with an election time-out of 150 ms, and makes
 * TRANSFERS planned transfers. Prints every value, the threads of each node, what the jars weigh,
 * and machine load and the time of an fsync beside each round.
 */
public final class RaftFailover {
  private static final int TUNED_MILLIS = 150;
  /** Threads for files and snapshots end when they have had nothing to do for five seconds. */
  private static final long SETTLED_MILLIS = 7_000;

  private RaftFailover() {}

  public static void main(String[] arguments) throws Exception {
    Path directory = Path.of(arguments[0]);
    int rounds = Integer.parseInt(arguments[1]);
    int transfers = Integer.parseInt(arguments[2]);
    Map<String, Integer> settings = new LinkedHashMap<>();
    settings.put("default", 0);
    settings.put("tuned", TUNED_MILLIS);
    Map<String, Map<What, List<Double>>> all = new LinkedHashMap<>();
    settings.keySet().forEach(name -> all.put(name, new EnumMap<>(What.class)));
    for (int round = 1; round <= rounds; round++) {
      for (String name : settings.keySet()) {
        Files.createDirectories(directory);
        System.out.printf(
            "round %d %s  load %.1f  fsync p50 %.0f us%n",
            round, name, Load.loadAverage(), Disk.fsyncMicros(directory));
        try (Failover failover = new Failover(directory, settings.get(name), "-Xmx256m")) {
          Thread atExit = new Thread(failover::close);
          Runtime.getRuntime().addShutdownHook(atExit);
          failover.round(transfers);
          failover
              .millis()
              .forEach(
                  (what, values) -> {
                    print(what, name, values);
                    all.get(name).computeIfAbsent(what, none -> new ArrayList<>()).addAll(values);
                  });
          if (round == rounds && name.equals("tuned")) {
            Thread.sleep(SETTLED_MILLIS);
            failover.threads().forEach(threads -> System.out.println("threads: " + threads));
          }
          Runtime.getRuntime().removeShutdownHook(atExit);
        }
        Disk.delete(directory);
      }
    }
    System.out.printf("all rounds  load %.1f%n", Load.loadAverage());
    for (What what : What.values()) {
      all.forEach((name, values) -> print(what, name, values.getOrDefault(what, List.of())));
    }
    printJars();
    System.exit(0);
  }

  private static void print(What what, String name, List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    if (sorted.isEmpty()) {
      return;
    }
    System.out.printf(
        "%-8s %-7s  p50 %6.0f ms  p99 %6.0f ms  most %6.0f ms  of %d: %s%n",
        what.name().toLowerCase(Locale.ROOT),
        name,
        at(sorted, 0.5),
        at(sorted, 0.99),
        at(sorted, 1),
        sorted.size(),
        sorted.stream().map(each -> String.format("%.0f", each)).collect(Collectors.joining(" ")));
  }

  /** The smallest value that at least this part of them does not exceed. */
  private static double at(List<Double> sorted, double part) {
    return sorted.get(Math.max(0, (int) Math.ceil(part * sorted.size()) - 1));
  }

  /** What a user of this module has on the class path. */
  private static void printJars() throws IOException {
    long total = 0;
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path path = Path.of(entry);
      if (path.endsWith(Path.of("target", "classes"))) {
        path = packaged(path);
      }
      String name = path.getFileName().toString();
      boolean ours = name.matches("quorate-(core|consensus)-.*") && !name.endsWith("-tests.jar");
      if (ours || name.matches("(netty-.*|slf4j-api-.*)\\.jar")) {
        total += Files.size(path);
        System.out.printf("jar %-50s %,9d B%n", name, Files.size(path));
      }
    }
    System.out.printf("jars together %,d B%n", total);
  }

  /** The jar made of {@code classes}, or the directory itself if there is none. */
  private static Path packaged(Path classes) throws IOException {
    try (Stream<Path> beside = Files.list(classes.getParent())) {
      return beside
          .filter(path -> path.getFileName().toString().startsWith("quorate-"))
          .filter(path -> path.toString().matches(".*(?<!-tests|-sources|-javadoc)\\.jar"))
          .findFirst()
          .orElse(classes);
    }
  }
}
