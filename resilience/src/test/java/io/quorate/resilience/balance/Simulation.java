package io.quorate.resilience.balance;

import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Tried;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * A service of several servers, called by a Poisson stream of requests through a picker, on a
 * virtual clock. Everything that is random comes from one seed.
 */
final class Simulation {
  static final int SLOTS = 4;
  static final double MEAN_SERVICE_SECONDS = 0.005;

  final VirtualTime time = new VirtualTime();
  final Chance chance;
  final List<Server> servers = new ArrayList<>();
  private final Latencies latencies = new Latencies();
  private long requests;
  private long failed;
  private long unanswered;
  private long attemptTimeoutNanos = Long.MAX_VALUE;

  Simulation(long seed) {
    chance = new Chance(seed);
  }

  Server server(String name, String zone) {
    Server server = new Server(name, zone, SLOTS, time, new Chance(chance.seed()));
    servers.add(server);
    return server;
  }

  Simulation withServers(int count) {
    for (int i = 0; i < count; i++) {
      server("s" + i, "");
    }
    return this;
  }

  List<Replica<Server>> replicas() {
    return servers.stream().map(s -> Replica.of(s).withZone(s.zone)).toList();
  }

  LoadBalancer.Builder<Server> balancer() {
    return LoadBalancer.<Server>builder().clock(time).timer(time).seed(chance.seed());
  }

  LoadBalancer<Server> balancer(Policy<Server> policy) {
    return balancer().policy(policy).build(replicas());
  }

  void attemptTimeout(long nanos) {
    attemptTimeoutNanos = nanos;
  }

  /** Requests per second that load {@code share} of {@code count} servers' capacity. */
  static double rate(double share, int count) {
    return share * count * SLOTS / MEAN_SERVICE_SECONDS;
  }

  /** Sends requests through {@code picker} for so long, without retry. */
  Simulation run(Picker<Server> picker, double perSecond, double seconds) {
    return arrivals(() -> new Request(picker, null), perSecond, seconds);
  }

  /** Sends requests through {@code breaker} and {@code picker}. */
  Simulation run(
      CircuitBreaker breaker, Picker<Server> picker, double perSecond, double seconds) {
    return arrivals(() -> new Request(picker, breaker), perSecond, seconds);
  }

  /** Sends requests through {@code guard}, which picks, hedges and retries. */
  Simulation run(Guard guard, Picker<Server> picker, double perSecond, double seconds) {
    return arrivals(() -> () -> call(guard, picker), perSecond, seconds);
  }

  private void call(Guard guard, Picker<Server> picker) {
    began();
    long startNanos = time.getAsLong();
    guard
        .callAsync(
            picker,
            (server, attempt) -> {
              Call call = new Call();
              server.accept(call);
              return call;
            })
        .whenComplete((ok, failure) -> ended(failure == null, time.getAsLong() - startNanos));
  }

  /** One attempt of a guarded request; cancelled in the server's queue, but not in its slot. */
  private static final class Call extends CompletableFuture<Boolean> implements Server.Work {
    @Override
    public void served(boolean success) {
      if (success) {
        complete(true);
      } else {
        completeExceptionally(new IllegalStateException("refused"));
      }
    }

    @Override
    public boolean cancelled() {
      return isDone();
    }
  }

  /** Runs a new request of the supplier at each arrival of a Poisson stream. */
  Simulation arrivals(Supplier<? extends Runnable> request, double perSecond, double seconds) {
    begin(request, perSecond, seconds);
    time.runFor((long) (seconds * 1e9));
    return this;
  }

  /** Has one more stream of requests arrive, as time passes. */
  void arrivalsOf(Picker<Server> picker, double perSecond, double seconds) {
    begin(() -> new Request(picker, null), perSecond, seconds);
  }

  private void begin(Supplier<? extends Runnable> request, double perSecond, double seconds) {
    long end = time.getAsLong() + (long) (seconds * 1e9);
    Runnable arrival =
        new Runnable() {
          @Override
          public void run() {
            if (time.getAsLong() < end) {
              time.after(chance.gapNanos(perSecond), this);
              request.get().run();
            }
          }
        };
    time.after(chance.gapNanos(perSecond), arrival);
  }

  /** Lets what is under way end. */
  Simulation settle() {
    time.runFor(20_000_000_000L);
    return this;
  }

  /** Forgets what has been measured, but not the state of anything. */
  void startMeasuring() {
    latencies.clear();
    requests = 0;
    failed = 0;
    servers.forEach(server -> server.served = 0);
  }

  void began() {
    requests++;
    unanswered++;
  }

  void ended(boolean success, long tookNanos) {
    unanswered--;
    if (success) {
      latencies.add(tookNanos);
    } else {
      failed++;
    }
  }

  long requests() {
    return requests;
  }

  long failed() {
    return failed;
  }

  long unanswered() {
    return unanswered;
  }

  double success() {
    return 1 - (double) failed / requests;
  }

  double millis(double quantile) {
    return latencies.nanos(quantile) / 1e6;
  }

  /** Of the attempts that reached a server, the share that this one got. */
  double share(Server server) {
    return (double) server.served / servers.stream().mapToLong(s -> s.served).sum();
  }

  double maxOverMean() {
    double max = servers.stream().mapToLong(s -> s.served).max().orElseThrow();
    return max / servers.stream().mapToLong(s -> s.served).average().orElseThrow();
  }

  /** A digest of all that was measured, to compare runs bit by bit. */
  long digest() {
    long digest = latencies.digest();
    for (Server server : servers) {
      digest = PickRandom.mix(digest ^ server.served);
    }
    return PickRandom.mix(digest ^ failed << 32 ^ requests);
  }

  /** One request, one attempt. */
  private final class Request implements Runnable, Server.Work {
    private final Picker<Server> picker;
    /** Null for none. */
    private final CircuitBreaker breaker;

    private long permit;
    private long token;
    private long startNanos;

    Request(Picker<Server> picker, CircuitBreaker breaker) {
      this.picker = picker;
      this.breaker = breaker;
    }

    @Override
    public void run() {
      began();
      startNanos = time.getAsLong();
      if (breaker != null) {
        permit = breaker.tryAcquire(startNanos);
        if (permit == CircuitBreaker.REFUSED) {
          ended(false, 0);
          return;
        }
      }
      token = picker.pick(0, Tried.none(), startNanos);
      if (token == Picker.NONE) {
        ended(false, 0);
        return;
      }
      Server server = picker.target(token);
      if (attemptTimeoutNanos != Long.MAX_VALUE) {
        time.after(attemptTimeoutNanos, () -> served(false));
      }
      server.accept(this);
    }

    @Override
    public void served(boolean success) {
      if (token == Picker.NONE) {
        return;
      }
      long now = time.getAsLong();
      Outcome outcome = success ? Outcome.SUCCESS : Outcome.FAILURE;
      picker.done(token, outcome, now);
      if (breaker != null) {
        breaker.settle(permit, outcome, now);
      }
      token = Picker.NONE;
      ended(success, now - startNanos);
    }

    @Override
    public boolean cancelled() {
      return token == Picker.NONE;
    }
  }

  /** All latencies, for exact quantiles. */
  private static final class Latencies {
    private long[] nanos = new long[1 << 16];
    private int count;

    void add(long value) {
      if (count == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * count);
      }
      nanos[count++] = value;
    }

    void clear() {
      count = 0;
    }

    long nanos(double quantile) {
      Arrays.sort(nanos, 0, count);
      return count == 0 ? 0 : nanos[Math.min(count - 1, (int) (quantile * count))];
    }

    long digest() {
      long digest = count;
      for (int i = 0; i < count; i++) {
        digest = PickRandom.mix(digest ^ nanos[i]);
      }
      return digest;
    }
  }
}
