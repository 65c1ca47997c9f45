package io.quorate.examples.partition;

import io.quorate.core.NodeId;
import io.quorate.replication.quorum.ReplicaStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Cuts n3 off from n1 and n2, writes and reads on both sides of the cut in every store, heals it,
 * and reads on all nodes. Each observation is held against the store's promise.
 */
@Command(
    name = "partition",
    description = "One partition, every kind of store: who answers what.",
    mixinStandardHelpOptions = true)
public final class PartitionProgram implements Callable<Integer> {
  private static final String ROW = "%-24s  %-7s %-15s  %-7s %-15s  %-24s  %s%n";
  private static final String BEFORE = "before";
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final List<NodeId> MAJORITY = List.of(Stores.N1, Stores.N2);

  @Spec private CommandSpec spec;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Of the simulated network and disks (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--real", description = "Over loopback TCP and real files instead.")
  private boolean real;

  private PrintWriter out;
  private World world;
  private List<Stores> stores;

  @Override
  public Integer call() throws IOException {
    out = spec.commandLine().getOut();
    if (!real) {
      out.printf("Three simulated nodes, seed %d; equal seeds print equal tables.%n", seed);
      return run(new SimulatedWorld(seed));
    }
    out.println("Three nodes over loopback TCP, with real files.");
    Path directory = Files.createTempDirectory("quorate-partition");
    try {
      return run(new RealWorld(directory));
    } finally {
      delete(directory);
    }
  }

  private int run(World where) {
    try (World closing = where) {
      world = closing;
      stores = world.start(Stores.ALL, Stores::open);
      List<Mode> modes = Mode.all();
      ready();
      for (Mode mode : modes) {
        retried(() -> mode.access().write(stores.get(0), mode.name(), BEFORE));
      }
      alike(modes);
      world.cut(Stores.N3, MAJORITY);
      // The majority elects a leader if the old one was cut off.
      retried(() -> stores.get(0).strong().put("elected", "yes"));
      out.println("n3 is cut off from n1 and n2. Each side writes its name, then reads.");
      out.println();
      List<Observed> observed = observe(modes);
      world.heal(Stores.N3, MAJORITY);
      double seconds = alike(modes);
      return report(observed, seconds);
    }
  }

  /** Waits until every replica answers quorums. */
  private void ready() {
    for (Stores node : stores) {
      boolean ready =
          world.until(
              () -> {
                ReplicaStatus status =
                    world.await(node.quorum().thenCompose(store -> store.status()));
                return status.caughtUp();
              },
              LIMIT);
      if (!ready) {
        throw new IllegalStateException("a replica has not caught up within " + LIMIT);
      }
    }
  }

  /** Does it again until it succeeds: while a leader is elected, or replicas find each other. */
  private void retried(Supplier<CompletableFuture<?>> operation) {
    boolean done =
        world.until(
            () -> world.await(operation.get().handle((value, failure) -> failure == null)),
            LIMIT);
    if (!done) {
      throw new IllegalStateException("not done within " + LIMIT);
    }
  }

  /** Both sides write in every mode at once, and when that is over, both sides read. */
  private List<Observed> observe(List<Mode> modes) {
    List<Outcome> write1 = all(modes, mode -> write(mode, 0, "majority"));
    List<Outcome> write3 = all(modes, mode -> write(mode, 2, "minority"));
    List<Outcome> read1 = all(modes, mode -> Outcome.ofRead(read(mode, 0)));
    List<Outcome> read3 = all(modes, mode -> Outcome.ofRead(read(mode, 2)));
    return IntStream.range(0, modes.size())
        .mapToObj(
            i ->
                new Observed(
                    modes.get(i), BEFORE, write1.get(i), read1.get(i), write3.get(i), read3.get(i)))
        .toList();
  }

  private List<Outcome> all(
      List<Mode> modes, Function<Mode, CompletableFuture<Outcome>> operation) {
    return modes.stream().map(operation).toList().stream().map(world::await).toList();
  }

  private CompletableFuture<Outcome> write(Mode mode, int node, String value) {
    return Outcome.ofWrite(mode.access().write(stores.get(node), mode.name(), value), value);
  }

  private CompletableFuture<String> read(Mode mode, int node) {
    return mode.access().read(stores.get(node), mode.name());
  }

  /** Waits until all nodes answer alike in every mode; how many seconds that took. */
  private double alike(List<Mode> modes) {
    long beganNanos = world.nowNanos();
    world.until(() -> modes.stream().allMatch(mode -> answers(mode).size() == 1), LIMIT);
    return (world.nowNanos() - beganNanos) / 1e9;
  }

  /** The different answers of the three nodes. */
  private List<String> answers(Mode mode) {
    List<CompletableFuture<Outcome>> reads = new ArrayList<>();
    for (int node = 0; node < stores.size(); node++) {
      reads.add(Outcome.ofRead(read(mode, node)));
    }
    return reads.stream().map(world::await).map(Outcome::text).distinct().toList();
  }

  private int report(List<Observed> observed, double seconds) {
    out.printf(
        "%-24s  %-23s  %-23s  %-24s  %s%n", "", "n1 n2", "n3", "after healing,", "as");
    out.printf(
        ROW, "store", "write", "read", "write", "read", "on all nodes", "promised");
    boolean kept = true;
    for (Observed row : observed) {
      List<String> after = answers(row.mode());
      boolean promised = row.isAsPromised(after);
      kept &= promised;
      out.printf(
          ROW,
          row.mode().name(),
          row.write1().text(),
          row.read1().text(),
          row.write3().text(),
          row.read3().text(),
          String.join(" or ", after),
          promised ? "yes" : "NO");
    }
    out.printf(
        Locale.ROOT,
        "%nAll nodes answered alike %.1f s after the network had healed.%n"
            + "refused: no effect, now or later; maybe: may take effect, at most once.%n",
        seconds);
    return kept ? 0 : 1;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
