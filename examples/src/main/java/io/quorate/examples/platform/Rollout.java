package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.balance.RollingDeploy;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Brings a new model to all replicas, one at a time, while the others serve. */
final class Rollout {
  private static final Duration HEARD = Duration.ofSeconds(30);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long PAUSE_NANOS = 500_000_000;
  private static final RollingDeploy.Options ONE_AT_A_TIME =
      new RollingDeploy.Options(
          Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofMillis(100));

  private final Platform platform;
  private final Chronicle chronicle;

  Rollout(Platform platform, Chronicle chronicle) {
    this.platform = platform;
    this.chronicle = chronicle;
  }

  /** Has the master publish the newest checkpoint as {@code version}, until every region has it. */
  void publish(long version) throws Exception {
    Waiting.until(() -> hasPublished(version), HEARD, "the publication of model " + version);
    Waiting.until(
        () -> platform.liveControls().allMatch(node -> node.newest().version() >= version),
        HEARD,
        "the arrival of model " + version + " in every region");
  }

  /** Has whoever is the master now publish; false if there is none or it did not succeed. */
  private boolean hasPublished(long version) throws Exception {
    Optional<ControlNode> master = Reign.leading(platform);
    if (master.isEmpty()) {
      return false;
    }
    try {
      master.get().publish(version).get(HEARD.toSeconds(), TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException e) {
      chronicle.event(
          master.get().id() + " publishes model " + version + " again: "
              + e.getCause().getMessage());
      Waiting.pause(PAUSE_NANOS);
      return false;
    }
  }

  /** Takes each replica out of service, has it load the newest model, and takes it in again. */
  void rollOut(long version) throws Exception {
    for (String region : Platform.REGIONS) {
      long limit = System.nanoTime() + PATIENCE.toNanos();
      while (!rollOut(region, version) && System.nanoTime() - limit < 0) {
        Waiting.pause(PAUSE_NANOS);
      }
    }
    requireServed(version);
  }

  /** Reloads what of a region is not there yet; false if it had to stop. */
  private boolean rollOut(String region, long version) throws Exception {
    List<NodeId> targets =
        platform.replicas().stream()
            .filter(replica -> replica.region().equals(region) && replica.version() != version)
            .map(PlatformNode::id)
            .toList();
    try {
      new RollingDeploy<NodeId>(
              platform.front().balancers().get(region),
              platform.front()::reload,
              ONE_AT_A_TIME,
              RealTime.timer())
          .run(targets)
          .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return true;
    } catch (ExecutionException e) {
      chronicle.event("the rollout in " + region + " waits: " + e.getCause().getMessage());
      targets.forEach(platform.front().balancers().get(region)::undrain);
      return false;
    }
  }

  /** Fails unless all replicas serve model {@code version}. */
  void requireServed(long version) {
    for (ServingNode replica : platform.replicas()) {
      if (replica.version() != version) {
        throw new IllegalStateException(
            replica.id() + " serves model " + replica.version() + " instead of " + version);
      }
    }
  }
}
