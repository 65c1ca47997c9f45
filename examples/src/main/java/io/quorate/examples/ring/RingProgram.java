package io.quorate.examples.ring;

import io.quorate.examples.Arguments;
import io.quorate.partitioning.ConsistentHashRing;
import io.quorate.partitioning.HashPartitioner;
import io.quorate.partitioning.Member;
import io.quorate.partitioning.Move;
import io.quorate.partitioning.Partitioner;
import io.quorate.partitioning.PlacementOptions;
import io.quorate.partitioning.RebalancePlan;
import io.quorate.partitioning.RendezvousPartitioner;
import io.quorate.partitioning.RingOptions;
import io.quorate.partitioning.SlotOptions;
import io.quorate.partitioning.SlotTable;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Places keys on nodes, adds a node, removes another, and prints moves and balance. */
@Command(
    name = "ring",
    description = "Adds and removes a node: what moves, and how even the load is.",
    mixinStandardHelpOptions = true)
public final class RingProgram implements Callable<Integer> {
  private static final int BAR = 40;

  /** How keys are placed. */
  enum Strategy {
    RING,
    SLOTS,
    RENDEZVOUS,
    MODULO
  }

  @Spec private CommandSpec spec;

  @Option(
      names = "--nodes",
      defaultValue = "5",
      description = "How many nodes there are at first, 2 to 100 (default ${DEFAULT-VALUE}).")
  private int nodes;

  @Option(
      names = "--keys",
      defaultValue = "100000",
      description = "How many keys are placed (default ${DEFAULT-VALUE}).")
  private int keys;

  @Option(
      names = "--virtual-nodes",
      defaultValue = "160",
      description = "Points of each node on the ring (default ${DEFAULT-VALUE}).")
  private int virtualNodes;

  @Option(
      names = "--strategy",
      defaultValue = "RING",
      description = "One of ${COMPLETION-CANDIDATES} (default ${DEFAULT-VALUE}).")
  private Strategy strategy;

  private PrintWriter out;

  @Override
  public Integer call() {
    Arguments.require(spec, "--nodes", nodes, 2, 100);
    Arguments.require(spec, "--keys", keys, 1, 10_000_000);
    Arguments.require(spec, "--virtual-nodes", virtualNodes, 1, RingOptions.MAX_VIRTUAL_NODES);
    out = spec.commandLine().getOut();
    Partitioner<String> before = placement();
    out.printf(Locale.ROOT, "%,d keys on %d nodes%n", keys, nodes);
    balance(before);
    RebalancePlan<String> joined = before.with(Member.of("n" + (nodes + 1)));
    change("n" + (nodes + 1) + " joins", joined, 1.0 / (nodes + 1));
    RebalancePlan<String> left = joined.after().without("n2");
    change("n2 leaves", left, 1.0 / (nodes + 1));
    return 0;
  }

  private Partitioner<String> placement() {
    List<Member<String>> members =
        Member.all(IntStream.rangeClosed(1, nodes).mapToObj(i -> "n" + i).toList());
    return switch (strategy) {
      case RING ->
          ConsistentHashRing.of(members, RingOptions.defaults().withVirtualNodes(virtualNodes));
      case SLOTS -> SlotTable.of(members, SlotOptions.defaults());
      case RENDEZVOUS -> RendezvousPartitioner.of(members, PlacementOptions.defaults());
      case MODULO -> HashPartitioner.of(members, PlacementOptions.defaults());
    };
  }

  /** One bar for each node; the ideal is marked on all of them. */
  private void balance(Partitioner<String> placement) {
    Map<String, Integer> load = new TreeMap<>();
    placement.members().forEach(member -> load.put(member.id(), 0));
    for (int key = 0; key < keys; key++) {
      load.merge(placement.ownerOf("user-" + key), 1, Integer::sum);
    }
    double ideal = (double) keys / load.size();
    load.keySet().stream()
        .sorted((a, b) -> Integer.compare(number(a), number(b)))
        .forEach(node -> out.println(bar(node, load.get(node), ideal)));
    int most = load.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
    out.printf(
        Locale.ROOT, "  ideal %,.0f (|); the most loaded has %.2f times that%n", ideal, most / ideal);
  }

  private static int number(String node) {
    return Integer.parseInt(node.substring(1));
  }

  private static String bar(String node, int load, double ideal) {
    int mark = BAR * 2 / 3;
    StringBuilder bar = new StringBuilder(" ".repeat(BAR));
    for (int i = 0; i < Math.min(BAR, Math.round(mark * load / ideal)); i++) {
      bar.setCharAt(i, '#');
    }
    bar.setCharAt(mark, '|');
    return String.format(
        Locale.ROOT, "  %-4s %s %,9d  %+6.1f %%", node, bar, load, 100 * (load / ideal - 1));
  }

  /** What a change moves, beside the least that any placement must move. */
  private void change(String what, RebalancePlan<String> plan, double ideal) {
    out.printf("%n%s%n", what);
    balance(plan.after());
    Map<String, Integer> moved = new TreeMap<>();
    int total = 0;
    for (int key = 0; key < keys; key++) {
      String from = plan.before().ownerOf("user-" + key);
      String to = plan.after().ownerOf("user-" + key);
      if (!from.equals(to)) {
        moved.merge(from + " -> " + to, 1, Integer::sum);
        total++;
      }
    }
    out.printf(
        Locale.ROOT,
        "  moved: %.2f %% of the keys, ideal %.2f %%; the plan has %,d ranges, %.2f %% of all hashes%n",
        100.0 * total / keys,
        100 * ideal,
        plan.moves().size(),
        100 * plan.movedShare());
    moved.forEach((way, count) -> out.printf(Locale.ROOT, "    %-12s %,9d%n", way, count));
    checkMoves(plan, total);
  }

  /** The plan is what an operator carries out: it must name every key that moves, and no other. */
  private void checkMoves(RebalancePlan<String> plan, int total) {
    int planned = 0;
    for (int key = 0; key < keys; key++) {
      long hash = plan.before().keyHash().hash("user-" + key);
      for (Move<String> move : plan.movesOf(hash)) {
        planned += move.from().equals(plan.before().ownerOfHash(hash)) ? 1 : 0;
      }
    }
    if (planned != total) {
      throw new AssertionError("the plan moves " + planned + " keys, not " + total);
    }
  }
}
