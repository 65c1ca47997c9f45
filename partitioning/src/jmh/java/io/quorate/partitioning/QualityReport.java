package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Prints how evenly each strategy spreads keys and how much a change of membership moves. */
public final class QualityReport {
  private static final int KEYS = 2_000_000;

  private QualityReport() {}

  /** No arguments. */
  public static void main(String[] args) {
    long[] hashes = new Random(1).longs(KEYS).toArray();
    System.out.println("| strategy | members | max/mean | min/mean | add: moved | add: surplus "
        + "| remove: moved | remove: surplus | max/mean after both |");
    System.out.println("|---|---|---|---|---|---|---|---|---|");
    for (int count : new int[] {10, 100}) {
      List<Member<String>> members = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        members.add(Member.of(String.format(Locale.ROOT, "node-%05d", i)));
      }
      row("slot table", SlotTable.of(members, SlotOptions.defaults()), hashes);
      for (int virtual : new int[] {40, 160, 1000}) {
        row("ring, " + virtual + " points", ConsistentHashRing.of(members,
            RingOptions.defaults().withVirtualNodes(virtual)), hashes);
      }
      row("rendezvous", RendezvousPartitioner.of(members, PlacementOptions.defaults()), hashes);
      row("jump", JumpPartitioner.of(members, PlacementOptions.defaults()), hashes);
      row("Maglev 65537", MaglevPartitioner.of(members, MaglevOptions.defaults()), hashes);
      row("modulo", HashPartitioner.of(members, PlacementOptions.defaults()), hashes);
    }
  }

  private static void row(String name, Partitioner<String> before, long[] hashes) {
    int count = before.members().size();
    Balance balance = Balance.of(before, hashes);
    RebalancePlan<String> add = before.with(Member.of("node-new"));
    String last = before.members().get(count - 1).id();
    RebalancePlan<String> remove = before.without(last);
    Partitioner<String> both = add.after().without("node-new").after();
    System.out.printf(Locale.ROOT, "| %s | %d | %.3f | %.3f | %.3f%% | %.4f%% | %.3f%% | %.4f%% "
        + "| %.3f |%n", name, count, balance.maxOverMean(), balance.minOverMean(),
        100 * Balance.movedShare(add, hashes), 100 * surplus(add, "node-new", hashes),
        100 * Balance.movedShare(remove, hashes), 100 * surplus(remove, last, hashes),
        Balance.of(both, hashes).maxOverMean());
  }

  /** Keys that move though the changed member neither had nor gets them. */
  private static double surplus(RebalancePlan<String> plan, String changed, long[] hashes) {
    long surplus = 0;
    for (long hash : hashes) {
      String from = plan.before().ownerOfHash(hash);
      String to = plan.after().ownerOfHash(hash);
      surplus += !from.equals(to) && !from.equals(changed) && !to.equals(changed) ? 1 : 0;
    }
    return (double) surplus / hashes.length;
  }
}
