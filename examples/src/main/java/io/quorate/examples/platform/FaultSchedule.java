package io.quorate.examples.platform;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Which faults come in which order and whom they meet: all by the seed. */
final class FaultSchedule {
  private FaultSchedule() {}

  /** One fault of each kind. */
  static List<Fault> of(long seed, Platform platform, Ledger ledger) {
    Random random = new Random(seed);
    List<Fault> faults = new ArrayList<>();
    faults.add(new ReplicaKilled(one(platform.replicas(), random), platform));
    faults.add(new ReplicaSlow(one(platform.replicas(), random), platform));
    faults.add(new ReplicaFailing(one(platform.replicas(), random), platform));
    faults.add(new StoreNodeKilled(one(platform.stores(), random), ledger));
    faults.add(new RegionCut(one(Platform.REGIONS, random), platform));
    faults.add(new LeaderKilled(platform, ledger));
    faults.add(new FileCorrupted(one(platform.stores(), random), random));
    Collections.shuffle(faults, random);
    return faults;
  }

  private static <T> T one(List<T> all, Random random) {
    return all.get(random.nextInt(all.size()));
  }
}
