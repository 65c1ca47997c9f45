package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.resilience.Bulkhead;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Hedge;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.Retry;
import io.quorate.resilience.balance.BalancerOptions;
import io.quorate.resilience.balance.HealthChecker;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.RegionRouter;
import io.quorate.resilience.balance.Replica;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * All replicas as their users see them: one call, answered in the user's own region or, if that has
 * failed, in another. Each region has a balancer that checks its replicas' health; the users of
 * each region have a router of their own over the three.
 */
final class Front implements AutoCloseable {
  /** A prediction that comes later is of no use. */
  static final Duration DEADLINE = Duration.ofMillis(250);

  /** More could not be answered in time, and would keep others from being so. */
  private static final int MOST_AT_ONCE = 1_000;

  private static final Duration ATTEMPT = Duration.ofMillis(80);
  private static final HealthChecker.Options HEALTH =
      new HealthChecker.Options(Duration.ofMillis(1_000), Duration.ofMillis(900), 0.1, 1, 3);
  /** Quick, for a story of seconds: the defaults are for outages of minutes. */
  private static final RegionRouter.Options ROUTES =
      new RegionRouter.Options(
          0.5, 0.5, 1.4, Duration.ofSeconds(1), Duration.ofSeconds(4), Duration.ofSeconds(1), 0.8);

  /** An answer, and which replica gave it. */
  record Answer(Prediction prediction, NodeId replica) {}

  private final Endpoint endpoint;
  private final Map<String, LoadBalancer<NodeId>> balancers = new LinkedHashMap<>();
  private final Map<String, RegionRouter<NodeId>> routers = new LinkedHashMap<>();
  private final Guard guard;

  /** The users' way to {@code replicas}, of which the value is the region. */
  Front(Environment environment, Map<NodeId, String> replicas, Chronicle chronicle) {
    endpoint =
        environment
            .transport()
            .open(ServingNode.PREDICT, environment.eventLoop("predict"), Handler.NONE);
    List<String> regions = replicas.values().stream().distinct().toList();
    for (String region : regions) {
      List<Replica<NodeId>> members =
          replicas.entrySet().stream()
              .filter(replica -> replica.getValue().equals(region))
              .map(replica -> Replica.of(replica.getKey()))
              .toList();
      balancers.put(
          region,
          LoadBalancer.<NodeId>builder()
              .options(BalancerOptions.defaults().withSlowStart(Duration.ofSeconds(1)))
              .health(this::probe, HEALTH)
              .build(members));
    }
    for (int i = 0; i < regions.size(); i++) {
      Map<String, LoadBalancer<NodeId>> nearestFirst = new LinkedHashMap<>();
      for (int k = 0; k < regions.size(); k++) {
        String region = regions.get((i + k) % regions.size());
        nearestFirst.put(region, balancers.get(region));
      }
      routers.put(
          regions.get(i),
          new RegionRouter<>(
              nearestFirst, ROUTES, RealTime.clock(), RealTime.seed(),
              new Routes(regions.get(i), chronicle)));
    }
    guard =
        Guard.named("predict")
            .deadline(DEADLINE)
            .limit(Bulkhead.of("predict", MOST_AT_ONCE))
            .timeout(ATTEMPT)
            .retry(Retry.idempotent(4))
            .hedge(Hedge.defaults().withQuantile(0.99).withFirst(Duration.ofMillis(40)))
            .build();
  }

  /** Tells of the routes of one region's users. */
  private record Routes(String users, Chronicle chronicle) implements RegionRouter.Listener {
    @Override
    public void onLeft(String region) {
      if (region.equals(users)) {
        chronicle.event("users in " + users + " are sent to another region");
      }
    }

    @Override
    public void onReturning(String region) {
      if (region.equals(users)) {
        chronicle.event("users in " + users + " return to their own region, few at first");
      }
    }
  }

  private CompletionStage<Boolean> probe(NodeId replica, long timeoutNanos) {
    return endpoint
        .request(replica, ServingNode.ping(), Duration.ofNanos(timeoutNanos))
        .thenApply(pong -> true);
  }

  /** The answer for a user who lives in {@code region}. Fails once the deadline has passed. */
  CompletableFuture<Answer> predict(String region, String user, String text) {
    byte[] question = ServingNode.ask(user, text);
    return guard.callAsync(
        routers.get(region),
        (replica, attempt) ->
            endpoint
                .request(replica, question, Duration.ofNanos(Math.max(1, attempt.remainingNanos())))
                .thenApply(bytes -> new Answer(Prediction.decode(bytes), replica)));
  }

  /** Asks one replica, whatever anybody thinks of it. */
  CompletableFuture<Answer> predictAt(NodeId replica, String user, String text) {
    return endpoint
        .request(replica, ServingNode.ask(user, text), Duration.ofSeconds(2))
        .thenApply(bytes -> new Answer(Prediction.decode(bytes), replica));
  }

  /** Has one replica fetch the newest model; done when it serves it. */
  CompletableFuture<byte[]> reload(NodeId replica) {
    return endpoint.request(replica, ServingNode.reload(), Duration.ofSeconds(5));
  }

  /** The balancer over the replicas of each region. */
  Map<String, LoadBalancer<NodeId>> balancers() {
    return balancers;
  }

  /** The router of each region's users. */
  Map<String, RegionRouter<NodeId>> routers() {
    return routers;
  }

  /** What has become of all calls so far. */
  Guard.Stats stats() {
    return guard.stats();
  }

  @Override
  public void close() {
    routers.values().forEach(RegionRouter::close);
    balancers.values().forEach(LoadBalancer::close);
    endpoint.close();
  }
}
