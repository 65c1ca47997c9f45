package io.quorate.partitioning;

import com.dynatrace.hash4j.consistent.ConsistentBucketHasher;
import com.dynatrace.hash4j.consistent.ConsistentHashing;
import com.dynatrace.hash4j.random.PseudoRandomGeneratorProvider;
import com.google.common.hash.Hashing;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a 64-bit hash to its owner or owners, ours and the peers'. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LookupBenchmark {
  private static final int KEYS = 1 << 14;

  @Param({"10", "100", "1000"})
  int nodes;

  private final long[] hashes = new long[KEYS];
  private int next;
  private SlotTable<String> slots;
  private SlotTable<String> slots3;
  private ConsistentHashRing<String> ring;
  private ConsistentHashRing<String> ring3;
  private MaglevPartitioner<String> maglev;
  private JumpPartitioner<String> jump;
  private RendezvousPartitioner<String> rendezvous;
  private TreeMap<Long, String> tree;
  private ConsistentBucketHasher jumpBack;
  private final String[] out = new String[3];

  @Setup
  public void build() {
    Random random = new Random(1);
    for (int i = 0; i < KEYS; i++) {
      hashes[i] = random.nextLong();
    }
    List<Member<String>> members = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      members.add(Member.of("node-" + i).withZone("zone-" + i % 5));
    }
    slots = SlotTable.of(members, SlotOptions.defaults());
    slots3 = SlotTable.of(members, SlotOptions.defaults().withReplicas(3));
    ring = ConsistentHashRing.of(members, RingOptions.defaults());
    ring3 = ConsistentHashRing.of(members, RingOptions.defaults().withReplicas(3));
    maglev = MaglevPartitioner.of(members, MaglevOptions.defaults());
    jump = JumpPartitioner.of(members, PlacementOptions.defaults());
    rendezvous = RendezvousPartitioner.of(members, PlacementOptions.defaults());
    tree = new TreeMap<>();
    for (Member<String> member : members) {
      for (int i = 0; i < 160; i++) {
        tree.put(KeyHash.unseeded().hash(member.id() + "-" + i), member.id());
      }
    }
    jumpBack = ConsistentHashing.jumpBackHash(PseudoRandomGeneratorProvider.splitMix64_V1());
  }

  private long hash() {
    return hashes[next++ & KEYS - 1];
  }

  @Benchmark
  public String oursSlots() {
    return slots.ownerOfHash(hash());
  }

  @Benchmark
  public int oursSlots3ReplicasInZones() {
    return slots3.ownersOfHash(hash(), out);
  }

  @Benchmark
  public String oursRing160() {
    return ring.ownerOfHash(hash());
  }

  @Benchmark
  public int oursRing160With3Replicas() {
    return ring3.ownersOfHash(hash(), out);
  }

  @Benchmark
  public String oursMaglev() {
    return maglev.ownerOfHash(hash());
  }

  @Benchmark
  public String oursJump() {
    return jump.ownerOfHash(hash());
  }

  @Benchmark
  public String oursRendezvous() {
    return rendezvous.ownerOfHash(hash());
  }

  @Benchmark
  public int peerGuavaJump() {
    return Hashing.consistentHash(hash(), nodes);
  }

  @Benchmark
  public int peerHash4jJumpBack() {
    return jumpBack.getBucket(hash(), nodes);
  }

  @Benchmark
  public String peerTreeMapRing160() {
    Map.Entry<Long, String> entry = tree.ceilingEntry(hash());
    return (entry == null ? tree.firstEntry() : entry).getValue();
  }
}
