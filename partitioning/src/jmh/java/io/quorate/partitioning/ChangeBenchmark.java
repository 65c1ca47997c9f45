package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Building placements and changing them, moves included. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ChangeBenchmark {
  private final List<Member<String>> hundred = new ArrayList<>();
  private final List<Member<String>> thousand = new ArrayList<>();
  private SlotTable<String> slots;
  private SlotTable<String> slots3;
  private SlotTable<String> grown3;
  private ConsistentHashRing<String> ring1000;
  private TreeMap<Long, String> tree;

  @Setup
  public void build() {
    for (int i = 0; i < 1000; i++) {
      Member<String> member = Member.of("node-" + i).withZone("zone-" + i % 5);
      thousand.add(member);
      if (i < 100) {
        hundred.add(member);
      }
    }
    slots = SlotTable.of(hundred, SlotOptions.defaults());
    slots3 = SlotTable.of(hundred, SlotOptions.defaults().withReplicas(3));
    grown3 = (SlotTable<String>) slots3.with(Member.of("new")).after();
    ring1000 = ConsistentHashRing.of(thousand, RingOptions.defaults());
    tree = peerTreeMapRingBuild1000();
  }

  @Benchmark
  public Object oursSlots100AddWithMoves() {
    return slots.with(Member.of("new")).moves();
  }

  @Benchmark
  public Object oursSlots100AddWithMoves3Replicas() {
    return slots3.with(Member.of("new")).moves();
  }

  @Benchmark
  public Object oursSlots100MovesAlone3Replicas() {
    return RebalancePlan.between(slots3, grown3).moves();
  }

  @Benchmark
  public Object oursRing1000Build() {
    return ConsistentHashRing.of(thousand, RingOptions.defaults());
  }

  @Benchmark
  public Object oursRing1000Add() {
    return ring1000.with(Member.of("new")).after();
  }

  @Benchmark
  public TreeMap<Long, String> peerTreeMapRingBuild1000() {
    TreeMap<Long, String> built = new TreeMap<>();
    for (Member<String> member : thousand) {
      addTo(built, member.id());
    }
    return built;
  }

  @Benchmark
  public Object peerTreeMapRing1000AddCopied() {
    TreeMap<Long, String> copy = new TreeMap<>(tree);
    addTo(copy, "new");
    return copy;
  }

  private static void addTo(TreeMap<Long, String> ring, String id) {
    for (int i = 0; i < 160; i++) {
      ring.put(KeyHash.unseeded().hash(id + "-" + i), id);
    }
  }
}
