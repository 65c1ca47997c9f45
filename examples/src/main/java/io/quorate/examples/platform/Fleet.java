package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Retry;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.Replica;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The replicas of all regions as their users see them: one call, whichever of them are well. */
final class Fleet implements AutoCloseable {
  static final Duration DEADLINE = Duration.ofMillis(250);

  /** A replica, as it is called. */
  record Target(NodeId node, int index) {}

  private final Endpoint endpoint;
  private final LoadBalancer<Target> balancer;
  private final Guard guard;

  Fleet(Environment client, List<Region> regions) {
    this.endpoint =
        client.transport().open("predict", client.eventLoop("predict"), Handler.NONE);
    List<Replica<Target>> replicas = new ArrayList<>();
    for (Region region : regions) {
      client.transport().setPeer(region.id, region.environment.transport().address());
      for (int i = 0; i < region.servers.size(); i++) {
        replicas.add(Replica.of(new Target(region.id, i)).withZone(region.id.value()));
      }
    }
    this.balancer = LoadBalancer.<Target>builder().build(replicas);
    this.guard =
        Guard.named("predict")
            .deadline(DEADLINE)
            .timeout(Duration.ofMillis(80))
            .retry(Retry.idempotent(3))
            .build();
  }

  LoadBalancer<Target> balancer() {
    return balancer;
  }

  /** The label of {@code text}'s language, by whichever replica answers first in time. */
  CompletableFuture<Integer> predict(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    return guard.callAsync(
        balancer,
        (target, attempt) -> {
          byte[] payload = new byte[1 + encoded.length];
          payload[0] = (byte) target.index();
          System.arraycopy(encoded, 0, payload, 1, encoded.length);
          Duration left = Duration.ofNanos(Math.max(1, attempt.remainingNanos()));
          return endpoint
              .request(target.node(), payload, left)
              .thenApply(answer -> (int) answer[0]);
        });
  }

  @Override
  public void close() {
    balancer.close();
    endpoint.close();
  }
}
