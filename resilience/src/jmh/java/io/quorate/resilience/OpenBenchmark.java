package io.quorate.resilience;

import dev.failsafe.CircuitBreakerOpenException;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeExecutor;
import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
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
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Goal M4: an open circuit refuses, and the typed exception is caught. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class OpenBenchmark {
  private static final Duration LONG = Duration.ofHours(1);

  private final Supplier<Integer> supplier = () -> 1;
  private final Guard.Work<Integer, RuntimeException> work = () -> 1;
  private final CircuitBreaker breaker =
      CircuitBreaker.create("ours", CircuitBreakerOptions.defaults().withOpen(LONG, LONG, 0));
  private final Guard guard = Guard.named("ours").breaker(breaker).build();
  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4j =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
          "peer", CircuitBreakerConfig.custom().waitDurationInOpenState(LONG).build());
  private final io.github.resilience4j.circuitbreaker.CircuitBreaker r4jNoTrace =
      io.github.resilience4j.circuitbreaker.CircuitBreaker.of(
          "peer",
          CircuitBreakerConfig.custom()
              .waitDurationInOpenState(LONG)
              .writableStackTraceEnabled(false)
              .build());
  private final dev.failsafe.CircuitBreaker<Integer> failsafe =
      dev.failsafe.CircuitBreaker.<Integer>builder().withDelay(LONG).build();
  private final FailsafeExecutor<Integer> failsafeExecutor = Failsafe.with(failsafe);

  @Setup
  public void open() {
    while (breaker.state() == CircuitBreaker.State.CLOSED) {
      breaker.failure(breaker.tryAcquire());
    }
    r4j.transitionToOpenState();
    r4jNoTrace.transitionToOpenState();
    failsafe.open();
  }

  @Benchmark
  public Object oursBreaker() {
    try {
      return breaker.acquire();
    } catch (RejectedException.CircuitOpen e) {
      return e;
    }
  }

  @Benchmark
  public Object oursGuard() {
    try {
      return guard.call(work);
    } catch (RejectedException.CircuitOpen e) {
      return e;
    }
  }

  @Benchmark
  public Object resilience4j() {
    try {
      return r4j.executeSupplier(supplier);
    } catch (CallNotPermittedException e) {
      return e;
    }
  }

  @Benchmark
  public Object resilience4jNoStackTrace() {
    try {
      return r4jNoTrace.executeSupplier(supplier);
    } catch (CallNotPermittedException e) {
      return e;
    }
  }

  @Benchmark
  public Object failsafe() {
    try {
      return failsafeExecutor.get(() -> 1);
    } catch (CircuitBreakerOpenException e) {
      return e;
    }
  }
}
