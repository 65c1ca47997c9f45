package io.quorate.examples.platform;

import io.quorate.resilience.balance.LoadBalancer.State;
import java.time.Duration;

/** A serving replica is not well; overcome when it gets next to nothing of its region's calls. */
abstract class ReplicaFault implements Fault {
  private static final Duration BACK = Duration.ofSeconds(10);

  final ServingNode replica;
  private final Platform platform;
  private final double most;
  private final PickShare share;

  /** A fault that is overcome once the replica gets less than {@code most} of the calls. */
  ReplicaFault(ServingNode replica, Platform platform, double most) {
    this.replica = replica;
    this.platform = platform;
    this.most = most;
    this.share = new PickShare(replica, platform);
  }

  @Override
  public final Duration limit() {
    return Duration.ofSeconds(2);
  }

  @Override
  public final String strike() {
    share.begin();
    return harm();
  }

  abstract String harm();

  @Override
  public final boolean isOvercome() {
    return share.latest() < most;
  }

  /** Waits until calls go to the replica again. */
  final void awaitReturn() throws Exception {
    Waiting.until(
        () -> {
          State state =
              platform.front().balancers().get(replica.region()).state(replica.id()).orElseThrow();
          return state != State.UNHEALTHY && state != State.EJECTED;
        },
        BACK,
        "the return of " + replica.id());
  }
}
