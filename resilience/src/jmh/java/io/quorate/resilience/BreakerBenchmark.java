package io.quorate.resilience;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowSynchronizationStrategy;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import java.time.Duration;
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
import org.openjdk.jmh.annotations.Warmup;

/** Goals M1 to M3: a healthy call through a closed circuit breaker, ours and the peers'. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class BreakerBenchmark {
  private int answer = 42;
  private final Guard.Work<Integer, RuntimeException> work = () -> answer;
  private final Supplier<Integer> supplier = () -> answer;

  private final CircuitBreaker breaker =
      CircuitBreaker.create("ours", CircuitBreakerOptions.defaults());
  private final CircuitBreaker slowBreaker =
      CircuitBreaker.create(
          "ours", CircuitBreakerOptions.defaults().withSlowCalls(Duration.ofSeconds(1), 50));
  private final CircuitBreaker timeBreaker =
      CircuitBreaker.create(
          "ours", CircuitBreakerOptions.defaults().withTimeWindow(Duration.ofSeconds(10), 20));
  private final Guard guard = Guard.named("ours").breaker().build();

  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4j =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.ofDefaults("peer");
  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4jLockFree =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
          "peer",
          CircuitBreakerConfig.custom()
              .slidingWindow(
                  100, 100, SlidingWindowType.COUNT_BASED,
                  SlidingWindowSynchronizationStrategy.LOCK_FREE)
              .build());
  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4jTime =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
          "peer",
          CircuitBreakerConfig.custom()
              .slidingWindow(10, 20, SlidingWindowType.TIME_BASED)
              .build());
  private final dev.failsafe.CircuitBreaker<Integer> failsafe =
      dev.failsafe.CircuitBreaker.<Integer>builder().withFailureThreshold(50, 100).build();
  private final FailsafeExecutor<Integer> failsafeExecutor = Failsafe.with(failsafe);

  @Benchmark
  public int nothing() {
    return supplier.get();
  }

  @Benchmark
  public long nanoTime() {
    return System.nanoTime();
  }

  @Benchmark
  public int oursBreaker() {
    long token = breaker.acquire();
    try {
      int result = supplier.get();
      breaker.success(token);
      return result;
    } catch (RuntimeException | Error e) {
      breaker.failure(token);
      throw e;
    }
  }

  @Benchmark
  public int oursGuard() {
    return guard.call(work);
  }

  @Benchmark
  public int oursSlowCalls() {
    long token = slowBreaker.acquire();
    int result = supplier.get();
    slowBreaker.success(token);
    return result;
  }

  @Benchmark
  public int oursTimeWindow() {
    long token = timeBreaker.acquire();
    int result = supplier.get();
    timeBreaker.success(token);
    return result;
  }

  @Benchmark
  public int resilience4j() {
    return r4j.executeSupplier(supplier);
  }

  @Benchmark
  public int resilience4jLockFree() {
    return r4jLockFree.executeSupplier(supplier);
  }

  @Benchmark
  public int resilience4jTimeWindow() {
    return r4jTime.executeSupplier(supplier);
  }

  @Benchmark
  public int failsafe() {
    return failsafeExecutor.get(() -> answer);
  }

  @Benchmark
  public int failsafeBare() {
    failsafe.acquirePermit();
    int result = supplier.get();
    failsafe.recordSuccess();
    return result;
  }
}
