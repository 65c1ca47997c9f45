package io.quorate.examples.platform;

import io.quorate.core.NodeId;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.balance.RollingDeploy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Brings a new model to all replicas, one at a time, while the others serve. */
final class Rollout {
  private static final Duration HEARD = Duration.ofSeconds(30);
  private static final long REGION_SECONDS = 30;
  private static final RollingDeploy.Options ONE_AT_A_TIME =
      new RollingDeploy.Options(
          Duration.ofSeconds(2), Duration.ofSeconds(5), Duration.ofMillis(100));

  private final Platform platform;

  Rollout(Platform platform) {
    this.platform = platform;
  }

  /** Publishes the newest checkpoint as {@code version}; done when every region has it. */
  void publish(long version) throws Exception {
    ControlNode publisher = platform.liveControls().findFirst().orElseThrow();
    publisher.publish(version).get(HEARD.toSeconds(), TimeUnit.SECONDS);
    Waiting.until(
        () -> platform.liveControls().allMatch(node -> node.newest().version() >= version),
        HEARD,
        "the arrival of model " + version + " in every region");
  }

  /** Takes each replica out of service, has it load the newest model, and takes it in again. */
  void rollOut(long version) throws Exception {
    for (String region : Platform.REGIONS) {
      List<NodeId> targets =
          platform.replicas().stream()
              .filter(replica -> replica.region().equals(region))
              .map(PlatformNode::id)
              .toList();
      new RollingDeploy<NodeId>(
              platform.front().balancers().get(region),
              platform.front()::reload,
              ONE_AT_A_TIME,
              RealTime.timer())
          .run(targets)
          .get(REGION_SECONDS, TimeUnit.SECONDS);
    }
    requireServed(version);
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
