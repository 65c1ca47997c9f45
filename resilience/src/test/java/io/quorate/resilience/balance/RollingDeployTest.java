package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Tried;
import io.quorate.resilience.balance.LoadBalancer.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RollingDeployTest {
  private static final long SECOND = 1_000_000_000;

  private final Simulation simulation = new Simulation(1).withServers(5);
  private final LoadBalancer<Server> balancer = simulation.balancer(Policy.peakEwma());
  private final List<String> deployed = new ArrayList<>();

  private RollingDeploy<Server> deploy(
      Function<Server, CompletionStage<?>> redeploy, RollingDeploy.Options options) {
    return new RollingDeploy<>(balancer, redeploy, options, simulation.time);
  }

  /** Takes 3 s, in which the server refuses whatever reaches it. */
  private CompletableFuture<Void> restart(Server server) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    deployed.add(server.name);
    server.crashed = true;
    simulation.time.after(
        3 * SECOND,
        () -> {
          server.crashed = false;
          done.complete(null);
        });
    return done;
  }

  @Test
  void a_deploy_under_load_fails_no_call_and_takes_one_replica_at_a_time() {
    List<Long> out = new ArrayList<>();
    CompletableFuture<Void> result =
        deploy(this::restart, RollingDeploy.Options.defaults()).run(simulation.servers);

    for (int second = 0; second < 90; second++) {
      simulation.run(balancer, Simulation.rate(0.6, 5), 1);
      out.add(
          balancer.stats().replicas().stream()
              .filter(replica -> replica.state() == State.DRAINING)
              .count());
    }
    simulation.settle();

    assertThat(result).isCompleted();
    assertThat(deployed).containsExactly("s0", "s1", "s2", "s3", "s4");
    assertThat(out).contains(1L).allMatch(count -> count <= 1);
    assertThat(simulation.requests()).isGreaterThan(100_000);
    assertThat(simulation.failed()).isZero();
  }

  @Test
  void control_the_same_restarts_without_a_drain_do_fail_calls() {
    simulation.time.after(SECOND, () -> restart(simulation.servers.get(0)));

    simulation.run(balancer, Simulation.rate(0.6, 5), 10).settle();

    assertThat(simulation.failed()).isPositive();
  }

  @Test
  void a_replica_that_cannot_be_redeployed_stops_the_deploy_and_stays_drained() {
    CompletableFuture<Void> result =
        deploy(
                server ->
                    server.name.equals("s1")
                        ? CompletableFuture.failedFuture(new IllegalStateException("no image"))
                        : restart(server),
                RollingDeploy.Options.defaults())
            .run(simulation.servers);

    simulation.time.runFor(60 * SECOND);

    assertThatThrownBy(result::join).hasRootCauseMessage("no image");
    assertThat(deployed).containsExactly("s0");
    assertThat(balancer.state(simulation.servers.get(1))).contains(State.DRAINING);
    assertThat(balancer.state(simulation.servers.get(2))).contains(State.AVAILABLE);
  }

  @Test
  void a_replica_that_is_not_well_after_its_redeployment_stops_the_deploy() {
    CompletableFuture<Void> result =
        deploy(this::restart, RollingDeploy.Options.defaults()).run(simulation.servers);
    simulation.time.after(10 * SECOND, () -> balancer.health(simulation.servers.get(0), false));

    simulation.time.runFor(60 * SECOND);

    assertThatThrownBy(result::join).hasMessageContaining("UNHEALTHY");
    assertThat(deployed).containsExactly("s0");
  }

  @Test
  void calls_that_never_end_delay_a_deploy_no_longer_than_the_drain_timeout() {
    simulation.servers.get(0).lost = true;
    while (balancer.stats().replicas().get(0).inFlight() == 0) {
      balancer.pick(0, Tried.none(), simulation.time.getAsLong());
    }
    CompletableFuture<Void> result =
        deploy(this::restart, RollingDeploy.Options.defaults())
            .run(simulation.servers.subList(0, 1));

    simulation.time.runFor(29 * SECOND);
    assertThat(deployed).isEmpty();
    simulation.time.runFor(2 * SECOND);
    assertThat(deployed).containsExactly("s0");
    simulation.time.runFor(20 * SECOND);
    assertThat(result).isCompleted();
  }

  @Test
  void a_redeployment_that_never_ends_fails_the_deploy_in_time() {
    CompletableFuture<Void> result =
        deploy(server -> new CompletableFuture<>(), RollingDeploy.Options.defaults())
            .run(simulation.servers);

    simulation.time.runFor(301 * SECOND);

    assertThatThrownBy(result::join).hasMessageContaining("not redeployed within PT5M");
    assertThat(simulation.time.pending()).isZero();
  }

  @Test
  void the_last_available_replica_is_never_taken_out() {
    for (int i = 1; i < 5; i++) {
      balancer.health(simulation.servers.get(i), false);
    }

    CompletableFuture<Void> result =
        deploy(this::restart, RollingDeploy.Options.defaults()).run(simulation.servers);

    assertThatThrownBy(result::join).hasMessageContaining("no other replica");
    assertThat(deployed).isEmpty();
  }

  @Test
  void a_redeployment_that_throws_or_returns_null_fails_the_deploy() {
    Function<Server, CompletionStage<?>> throwing =
        server -> {
          throw new IllegalStateException("broken");
        };
    for (Function<Server, CompletionStage<?>> broken :
        List.<Function<Server, CompletionStage<?>>>of(throwing, server -> null)) {
      CompletableFuture<Void> result =
          deploy(broken, RollingDeploy.Options.defaults()).run(simulation.servers);

      assertThat(result).isCompletedExceptionally();
      balancer.undrain(simulation.servers.get(0));
    }
  }

  @Test
  void cancelling_stops_before_the_next_replica() {
    CompletableFuture<Void> result =
        deploy(this::restart, RollingDeploy.Options.defaults()).run(simulation.servers);
    simulation.time.runFor(SECOND);

    result.cancel(false);
    simulation.time.runFor(60 * SECOND);

    assertThat(deployed).containsExactly("s0");
    assertThat(balancer.state(simulation.servers.get(0))).contains(State.AVAILABLE);
  }

  @Test
  void nonsense_is_refused() {
    assertThatThrownBy(
            () -> new RollingDeploy.Options(Duration.ZERO, Duration.ofSeconds(1), Duration.ZERO))
        .hasMessageContaining("drainTimeout");
  }
}
