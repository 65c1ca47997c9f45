package io.quorate.resilience.balance;

import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.CircuitBreakerOptions;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Hedge;
import io.quorate.resilience.Listener;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Retry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What can go wrong with one of ten replicas, played with any policy. */
final class Scenarios {
  static final int SERVERS = 10;
  private static final long SECOND = 1_000_000_000;

  /** A policy by name; null stands for the oracle, who never calls the one that is ill. */
  record Contender(String name, Supplier<Policy<Server>> policy) {
    boolean isOracle() {
      return policy == null;
    }
  }

  static final Contender ROUND_ROBIN = new Contender("round robin", Policy::roundRobin);
  static final Contender POWER_OF_TWO = new Contender("P2C in flight", Policy::powerOfTwo);
  static final Contender LEAST = new Contender("least in flight", Policy::leastInFlight);
  static final Contender EWMA_OF_TWO = new Contender("P2C Peak-EWMA", () -> Policy.peakEwma(2));
  static final Contender PEAK_EWMA = new Contender("Peak-EWMA (default)", Policy::peakEwma);
  static final Contender ORACLE = new Contender("oracle", null);

  static final List<Contender> ALL =
      List.of(ROUND_ROBIN, POWER_OF_TWO, LEAST, EWMA_OF_TWO, PEAK_EWMA, ORACLE);

  /** What a run has left behind. */
  record Played(Simulation simulation, Guard guard) {
    Server ill() {
      return simulation.servers.get(0);
    }

    double extra() {
      Guard.Stats stats = guard.stats();
      return (double) (stats.hedges() + stats.retries()) / stats.calls();
    }
  }

  private Scenarios() {}

  private static LoadBalancer<Server> balancer(Simulation simulation, Contender contender) {
    if (contender.isOracle()) {
      return simulation
          .balancer()
          .policy(Policy.leastInFlight())
          .build(simulation.replicas().subList(1, SERVERS));
    }
    return simulation.balancer(contender.policy.get());
  }

  private static Simulation simulation(long seed) {
    return new Simulation(seed).withServers(SERVERS);
  }

  static Guard.Builder guard(Simulation simulation) {
    return Guard.named("service")
        .time(simulation.time, simulation.time)
        .seed(simulation.chance.seed());
  }

  /** One of ten is ten times slower all the time; {@code load} is that of the nine others. */
  static Played slow(Contender contender, double load, boolean hedged, long seed, double seconds) {
    Simulation simulation = simulation(seed);
    simulation.servers.get(0).slowness = 10;
    Picker<Server> balancer = balancer(simulation, contender);
    double rate = Simulation.rate(load, SERVERS - 1);
    if (!hedged) {
      simulation.run(balancer, rate, seconds).settle();
      return new Played(simulation, null);
    }
    Guard guard = guard(simulation).hedge(Hedge.defaults()).build();
    simulation.run(guard, balancer, rate, seconds).settle();
    return new Played(simulation, guard);
  }

  /** One of ten fails at once whatever it is asked. */
  static Played failing(Contender contender, boolean retried, long seed, double seconds) {
    Simulation simulation = simulation(seed);
    simulation.servers.get(0).failsFast = true;
    Picker<Server> balancer = balancer(simulation, contender);
    return run(simulation, balancer, retried, seconds);
  }

  /** The same, with a balancer that never ejects. */
  static Played failingForGood(Contender contender, long seed, double seconds) {
    Simulation simulation = simulation(seed);
    simulation.servers.get(0).failsFast = true;
    return run(
        simulation,
        simulation
            .balancer()
            .policy(contender.policy.get())
            .ejection(EjectionOptions.none())
            .build(simulation.replicas()),
        false,
        seconds);
  }

  /** Then it is healed; measured is what it gets from 10 s to 20 s after. */
  static Played healing(Contender contender, long seed, double illSeconds) {
    Simulation simulation = simulation(seed);
    simulation.servers.get(0).failsFast = true;
    Picker<Server> balancer = balancer(simulation, contender);
    run(simulation, balancer, false, illSeconds);
    simulation.servers.get(0).failsFast = false;
    run(simulation, balancer, false, 10);
    simulation.startMeasuring();
    return run(simulation, balancer, false, 10);
  }

  private static Played run(
      Simulation simulation, Picker<Server> balancer, boolean retried, double seconds) {
    double rate = Simulation.rate(0.5, SERVERS - 1);
    if (!retried) {
      simulation.run(balancer, rate, seconds);
      return new Played(simulation, null);
    }
    Guard guard = guard(simulation).retry(Retry.idempotent(3)).build();
    simulation.run(guard, balancer, rate, seconds);
    return new Played(simulation, guard);
  }

  /** One of ten stands still for 1 s in every 10 s. */
  static Played freezing(Contender contender, long seed, double seconds) {
    Simulation simulation = simulation(seed);
    Server ill = simulation.servers.get(0);
    simulation.time.after(
        5 * SECOND,
        new Runnable() {
          @Override
          public void run() {
            ill.freeze(SECOND);
            simulation.time.after(10 * SECOND, this);
          }
        });
    Picker<Server> balancer = balancer(simulation, contender);
    simulation.run(balancer, Simulation.rate(0.5, SERVERS - 1), seconds).settle();
    return new Played(simulation, null);
  }

  /** Balancer, health checks and circuit breaker for so long; one of ten is slow now and then. */
  static Played everything(long seed, double perSecond, double seconds) {
    Simulation simulation = simulation(seed);
    Server ill = simulation.servers.get(0);
    simulation.time.after(
        60 * SECOND,
        new Runnable() {
          @Override
          public void run() {
            ill.slowness = 11 - ill.slowness;
            simulation.time.after(60 * SECOND, this);
          }
        });
    LoadBalancer<Server> balancer =
        simulation
            .balancer()
            .health(
                (server, timeout) -> CompletableFuture.completedFuture(true),
                HealthChecker.Options.defaults())
            .build(simulation.replicas());
    CircuitBreaker breaker =
        CircuitBreaker.create(
            "service",
            CircuitBreakerOptions.defaults(),
            simulation.time,
            simulation.chance.seed(),
            Listener.none());
    simulation.run(breaker, balancer, perSecond, seconds).settle();
    return new Played(simulation, null);
  }

  /** All ten are alike, {@code slowness} times slower than usual. */
  static Played alike(Contender contender, double slowness, long seed, double seconds) {
    Simulation simulation = simulation(seed);
    simulation.servers.forEach(server -> server.slowness = slowness);
    Picker<Server> balancer = balancer(simulation, contender);
    simulation.run(balancer, Simulation.rate(0.5, SERVERS) / slowness, seconds).settle();
    return new Played(simulation, null);
  }
}
