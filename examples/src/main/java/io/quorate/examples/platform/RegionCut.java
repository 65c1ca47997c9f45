package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.resilience.balance.RegionRouter;
import java.time.Duration;
import java.util.List;

/**
 * A region can reach nobody, and nobody it; overcome when all users are sent to the others. Whoever
 * writes must do so elsewhere, too.
 */
final class RegionCut implements Fault {
  private static final Duration BACK = Duration.ofSeconds(10);

  private final String region;
  private final Platform platform;

  RegionCut(String region, Platform platform) {
    this.region = region;
    this.platform = platform;
  }

  @Override
  public String name() {
    return "region cut off";
  }

  @Override
  public Duration limit() {
    return Duration.ofSeconds(2);
  }

  @Override
  public String strike() {
    platform.wiring.cut(nodes());
    return "region " + region + " is cut off from everything";
  }

  @Override
  public boolean isOvercome() {
    return share() == 0;
  }

  @Override
  public String mend() throws Exception {
    platform.wiring.heal(nodes());
    Waiting.until(() -> share() > 0, BACK, "the return of region " + region);
    return "region " + region + " is reachable again, and takes a growing share";
  }

  private List<NodeId> nodes() {
    return platform.nodesOf(region);
  }

  /** The share of their calls that users near to the region send to it. */
  private double share() {
    return platform.front().routers().get(region).stats().stream()
        .filter(stats -> stats.region().equals(region))
        .mapToDouble(RegionRouter.RegionStats::share)
        .sum();
  }
}
