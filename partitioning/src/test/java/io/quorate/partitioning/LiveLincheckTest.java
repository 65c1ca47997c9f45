package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.StressOptions;
import org.junit.jupiter.api.Test;

/** Items 30 and 32 over small interleavings: a live placement is linearizable. */
public class LiveLincheckTest {
  /** The plan from each epoch to the next, made ahead: only the publishing is checked. */
  private static final class Plans {
    static final List<RebalancePlan<String>> BY_EPOCH = new ArrayList<>();

    static {
      Partitioner<String> p =
          HashPartitioner.of(Samples.members(1), PlacementOptions.defaults());
      BY_EPOCH.add(null);
      for (int i = 0; i < 20; i++) {
        RebalancePlan<String> plan = p.with(Member.of("x" + i));
        BY_EPOCH.add(plan);
        p = plan.after();
      }
    }
  }

  private final LivePlacement<String> live =
      new LivePlacement<>(Plans.BY_EPOCH.get(1).before());

  @Operation
  public long change() {
    return live.change(p -> Plans.BY_EPOCH.get((int) p.epoch())).after().epoch();
  }

  @Operation
  public boolean offerThird() {
    return live.offer(Plans.BY_EPOCH.get(3).before());
  }

  @Operation
  public long read() {
    return live.current().epoch();
  }

  @Test
  void every_small_interleaving_is_linearizable() {
    Plans.BY_EPOCH.size();

    new ModelCheckingOptions().iterations(4).invocationsPerIteration(100).threads(2)
        .actorsPerThread(3).check(LiveLincheckTest.class);
  }

  @Test
  void random_interleavings_are_linearizable() {
    Plans.BY_EPOCH.size();

    new StressOptions().iterations(4).invocationsPerIteration(100).threads(2)
        .actorsPerThread(3).check(LiveLincheckTest.class);
  }
}
