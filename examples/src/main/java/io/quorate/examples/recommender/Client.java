package io.quorate.examples.recommender;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.resilience.Backoff;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Retry;
import io.quorate.resilience.Timer;
import io.quorate.resilience.balance.HealthChecker;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.RegionRouter;
import io.quorate.resilience.balance.Replica;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Asks the nearest region that is well. */
final class Client {
  private static final Duration DEADLINE = Duration.ofSeconds(1);
  private static final HealthChecker.Options PROBES =
      new HealthChecker.Options(Duration.ofMillis(500), Duration.ofMillis(300), 0.1, 2, 3);

  private final Endpoint endpoint;
  private final RegionRouter<NodeId> router;
  private final Guard guard;

  Client(Environment environment, List<NodeId> regions, long seed, RegionRouter.Listener listener) {
    EventLoop loop = environment.eventLoop("client");
    Timer timer = (delayNanos, task) -> loop.schedule(delayNanos, task)::cancel;
    this.endpoint = environment.transport().open(Recommender.SERVICE, loop, Handler.NONE);
    Map<String, LoadBalancer<NodeId>> balancers = new LinkedHashMap<>();
    for (NodeId region : regions) {
      balancers.put(
          region.value(),
          LoadBalancer.<NodeId>builder()
              .clock(environment.clock()::monotonicNanos)
              .timer(timer)
              .seed(seed)
              .build(List.of(Replica.of(region))));
    }
    this.router =
        new RegionRouter<>(
            balancers,
            RegionRouter.Options.defaults(),
            environment.clock()::monotonicNanos,
            seed,
            listener,
            this::probe,
            PROBES,
            timer);
    this.guard =
        Guard.named(Recommender.SERVICE)
            .deadline(DEADLINE)
            .timeout(Duration.ofMillis(300))
            .retry(
                Retry.idempotent(4)
                    .withBackoff(Backoff.fullJitter(Duration.ofMillis(200), Duration.ofSeconds(1))))
            .time(environment.clock()::monotonicNanos, timer)
            .seed(seed)
            .build();
  }

  private CompletableFuture<Boolean> probe(String region, long timeoutNanos) {
    return endpoint
        .request(NodeId.of(region), new byte[0], Duration.ofNanos(timeoutNanos))
        .thenApply(answer -> true);
  }

  /** What the user may like, or a failure after a second. */
  CompletableFuture<Recommendation> recommend(int user) {
    return guard
        .callAsync(
            router,
            (region, attempt) ->
                endpoint.request(
                    region,
                    Codec.LONG.encode((long) user),
                    Duration.ofNanos(Math.max(1, attempt.remainingNanos()))))
        .thenApply(Recommendation::decode);
  }
}
