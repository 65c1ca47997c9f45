package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.CircuitBreakerOptions;
import io.quorate.resilience.Deadline;
import io.quorate.resilience.Guard;
import io.quorate.resilience.RealTime;
import io.quorate.resilience.Retry;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.Replica;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * A service of several nodes, as one of its users sees it: asks in the own region while that can
 * answer, elsewhere otherwise, and nobody for a while once asking has become useless.
 */
final class Nearest {
  private static final int ATTEMPTS = 3;

  private final Endpoint endpoint;
  private final LoadBalancer<NodeId> balancer;
  private final CircuitBreaker breaker;
  private final Guard guard;

  /** The service {@code name} of {@code nodes}, of which the value is the region. */
  Nearest(Environment environment, String name, String region, Map<NodeId, String> nodes) {
    endpoint = environment.transport().open(name, environment.eventLoop(name), Handler.NONE);
    List<Replica<NodeId>> replicas =
        nodes.entrySet().stream()
            .map(node -> Replica.of(node.getKey()).withZone(node.getValue()))
            .toList();
    balancer = LoadBalancer.<NodeId>builder().zone(region).build(replicas);
    breaker =
        CircuitBreaker.create(
            name,
            CircuitBreakerOptions.defaults()
                .withOpen(Duration.ofMillis(500), Duration.ofSeconds(5), 0.2));
    guard = Guard.named(name).retry(Retry.idempotent(ATTEMPTS)).breaker(breaker).build();
  }

  /** The answer of one of the nodes, by {@code timeout} at the latest. */
  CompletableFuture<byte[]> ask(byte[] question, Duration timeout) {
    Duration each = timeout.dividedBy(ATTEMPTS);
    return guard
        .within(Deadline.after(timeout, RealTime.clock()))
        .callAsync(balancer, (node, attempt) -> endpoint.request(node, question, each));
  }

  CircuitBreaker.State breaker() {
    return breaker.state();
  }
}
