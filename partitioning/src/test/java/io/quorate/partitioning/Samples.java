package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Members and placements that several tests use. */
final class Samples {
  private Samples() {}

  static List<Member<String>> members(int count) {
    List<Member<String>> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(Member.of(name(i)));
    }
    return members;
  }

  static List<Member<String>> zoned(int count, int zones) {
    List<Member<String>> members = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      members.add(Member.of(name(i)).withZone("zone-" + i % zones));
    }
    return members;
  }

  static String name(int i) {
    return String.format("node-%05d", i);
  }

  static long[] hashes(int count, long seed) {
    return new Random(seed).longs(count).toArray();
  }

  static SlotTable<String> slots(List<Member<String>> members, int replicas) {
    return SlotTable.of(members, SlotOptions.defaults().withReplicas(replicas));
  }

  static ConsistentHashRing<String> ring(List<Member<String>> members, int replicas) {
    return ConsistentHashRing.of(members, RingOptions.defaults().withReplicas(replicas));
  }

  static RendezvousPartitioner<String> rendezvous(List<Member<String>> members, int replicas) {
    return RendezvousPartitioner.of(members, options(replicas));
  }

  static JumpPartitioner<String> jump(List<Member<String>> members, int replicas) {
    return JumpPartitioner.of(members, options(replicas));
  }

  static HashPartitioner<String> modulo(List<Member<String>> members, int replicas) {
    return HashPartitioner.of(members, options(replicas));
  }

  static MaglevPartitioner<String> maglev(List<Member<String>> members, int replicas) {
    return MaglevPartitioner.of(members, MaglevOptions.defaults().withReplicas(replicas));
  }

  /** Every strategy over the same members. */
  static List<Partitioner<String>> all(List<Member<String>> members, int replicas) {
    return List.of(slots(members, replicas), ring(members, replicas),
        rendezvous(members, replicas), jump(members, replicas), modulo(members, replicas),
        maglev(members, replicas));
  }

  private static PlacementOptions options(int replicas) {
    return PlacementOptions.defaults().withReplicas(replicas);
  }

  /** The largest and the smallest number of keys of any member, over the mean. */
  static double[] spread(Partitioner<String> placement, long[] hashes) {
    Map<String, Integer> counts = new TreeMap<>();
    placement.members().forEach(member -> counts.put(member.id(), 0));
    for (long hash : hashes) {
      counts.merge(placement.ownerOfHash(hash), 1, Integer::sum);
    }
    double mean = (double) hashes.length / counts.size();
    return new double[] {
      counts.values().stream().max(Integer::compare).orElseThrow() / mean,
      counts.values().stream().min(Integer::compare).orElseThrow() / mean
    };
  }
}
