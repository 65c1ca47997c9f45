package io.quorate.resilience;

import com.netflix.concurrency.limits.Limiter.Listener;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limiter.SimpleLimiter;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import io.github.resilience4j.bulkhead.Bulkhead;
import io.github.resilience4j.retry.Retry;
import io.quorate.resilience.balance.LoadBalancer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Goal M5: a successful call through several parts, synchronous and asynchronous. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PipelineBenchmark {
  /** A picker that only alternates: what the guard itself costs, without a policy. */
  private static final class Alternating implements Picker<Integer> {
    private final Integer[] targets = {1, 2};
    private int next;

    @Override
    public long pick(long affinity, Tried<Integer> tried, long nowNanos) {
      return (next++ & 1) + 1;
    }

    @Override
    public Integer target(long token) {
      return targets[(int) token - 1];
    }

    @Override
    public void done(long token, Outcome outcome, long nowNanos) {}
  }

  private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
  private final CompletableFuture<Integer> done = CompletableFuture.completedFuture(42);
  private final Supplier<Integer> supplier = () -> 42;
  private final Supplier<CompletionStage<Integer>> stageSupplier = () -> done;

  private final Guard guard =
      Guard.named("ours")
          .retry(io.quorate.resilience.Retry.idempotent(3))
          .breaker()
          .limit(io.quorate.resilience.Bulkhead.of("ours", 64))
          .build();
  private final Guard adaptive =
      Guard.named("ours")
          .limit(AdaptiveLimit.of("ours", AdaptiveLimit.Options.defaults()))
          .build();
  private final Guard bounded =
      Guard.named("ours").deadline(java.time.Duration.ofSeconds(1)).breaker().build();
  private final Picker<Integer> picker = new Alternating();
  private final LoadBalancer<Integer> balancer =
      LoadBalancer.of(List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  private final Guard.TargetWork<Integer, Integer, RuntimeException> targetWork = target -> target;
  private final Guard.Work<Integer, RuntimeException> work = () -> 42;
  private final Guard.AsyncTargetWork<Integer, Integer> asyncTargetWork = (target, a) -> done;

  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4j =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("peer");
  private final Retry r4jRetry = Retry.ofDefaults("peer");
  private final Bulkhead r4jBulkhead = Bulkhead.ofDefaults("peer");
  private final Supplier<Integer> r4jCall =
      Retry.decorateSupplier(
          r4jRetry,
          io.github.resilience4j.circuitbreaker.CircuitBreaker.decorateSupplier(
              r4j, Bulkhead.decorateSupplier(r4jBulkhead, supplier)));
  private final Supplier<CompletionStage<Integer>> r4jAsync =
      Retry.decorateCompletionStage(
          r4jRetry,
          scheduler,
          io.github.resilience4j.circuitbreaker.CircuitBreaker.decorateCompletionStage(
              r4j, Bulkhead.decorateCompletionStage(r4jBulkhead, stageSupplier)));
  private final FailsafeExecutor<Integer> failsafe =
      Failsafe.with(
          dev.failsafe.RetryPolicy.<Integer>ofDefaults(),
          dev.failsafe.CircuitBreaker.<Integer>builder().withFailureThreshold(50, 100).build(),
          dev.failsafe.Bulkhead.<Integer>of(64));
  private final SimpleLimiter<Void> limits =
      SimpleLimiter.newBuilder().limit(Gradient2Limit.newDefault()).build();

  @TearDown
  public void stop() {
    scheduler.shutdownNow();
    balancer.close();
  }

  @Benchmark
  public int oursRetryBreakerLimitPick() {
    return guard.call(picker, targetWork);
  }

  @Benchmark
  public int oursRetryBreakerLimitBalancer() {
    return guard.call(balancer, targetWork);
  }

  @Benchmark
  public CompletableFuture<Integer> oursAsyncRetryBreakerLimitBalancer() {
    return guard.callAsync(balancer, asyncTargetWork);
  }

  @Benchmark
  public int oursRetryBreakerLimit() {
    return guard.call(work);
  }

  @Benchmark
  public CompletableFuture<Integer> oursAsyncRetryBreakerLimitPick() {
    return guard.callAsync(picker, asyncTargetWork);
  }

  @Benchmark
  public int oursDeadlineBreaker() {
    return bounded.call(work);
  }

  @Benchmark
  public int oursAdaptiveLimit() {
    return adaptive.call(work);
  }

  @Benchmark
  public int resilience4jRetryBreakerLimit() {
    return r4jCall.get();
  }

  @Benchmark
  public CompletionStage<Integer> resilience4jAsyncRetryBreakerLimit() {
    return r4jAsync.get();
  }

  @Benchmark
  public int failsafeRetryBreakerLimit() {
    return failsafe.get(() -> 42);
  }

  @Benchmark
  public Integer failsafeAsyncRetryBreakerLimit() {
    return failsafe.getStageAsync(() -> done).join();
  }

  @Benchmark
  public int concurrencyLimitsGradient2() {
    Listener listener = limits.acquire(null).orElseThrow();
    int result = supplier.get();
    listener.onSuccess();
    return result;
  }
}
