package io.quorate.resilience.balance;

import io.quorate.resilience.Timer;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Replaces the replicas of a service one at a time, without a call failing for it: drains one, has
 * it redeployed, calls it again, watches it for a while, goes on to the next.
 *
 * <p>Stops at the first replica that cannot be redeployed or is not well afterwards, and leaves the
 * rest as they are: a bad version reaches one replica. One that failed to redeploy stays drained.
 *
 * @param <T> a target
 */
public final class RollingDeploy<T> {
  /**
   * How patient to be.
   *
   * @param drainTimeout how long calls in flight may take to end; then the replica is redeployed
   *     nevertheless
   * @param stepTimeout how long redeploying one replica may take
   * @param soak how long a redeployed replica is watched; at its end it must be neither unhealthy
   *     nor ejected
   */
  public record Options(Duration drainTimeout, Duration stepTimeout, Duration soak) {
    public Options {
      Check.positive("drainTimeout", drainTimeout);
      Check.positive("stepTimeout", stepTimeout);
      Check.notNegative("soak", soak);
    }

    /** 30 s to drain, 5 min to redeploy, 10 s to soak. */
    public static Options defaults() {
      return new Options(Duration.ofSeconds(30), Duration.ofMinutes(5), Duration.ofSeconds(10));
    }
  }

  private final LoadBalancer<T> balancer;
  private final Function<? super T, ? extends CompletionStage<?>> redeploy;
  private final Options options;
  private final Timer timer;

  /**
   * @param redeploy replaces one replica, which is not called meanwhile; its stage completes when
   *     the new one can be called
   */
  public RollingDeploy(
      LoadBalancer<T> balancer,
      Function<? super T, ? extends CompletionStage<?>> redeploy,
      Options options,
      Timer timer) {
    this.balancer = Objects.requireNonNull(balancer, "balancer");
    this.redeploy = Objects.requireNonNull(redeploy, "redeploy");
    this.options = Objects.requireNonNull(options, "options");
    this.timer = Objects.requireNonNull(timer, "timer");
  }

  /**
   * Redeploys {@code targets} in this order. The future completes when all are done, or fails with
   * what went wrong: {@link IllegalStateException} if taking the next one out would leave none, or
   * if one is not well after its redeployment; {@link CancellationException} if the future was
   * cancelled, which stops before the next replica.
   */
  public CompletableFuture<Void> run(List<? extends T> targets) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    next(List.<T>copyOf(targets).iterator(), result);
    return result;
  }

  private void next(Iterator<T> rest, CompletableFuture<Void> result) {
    if (result.isDone()) {
      return;
    }
    if (!rest.hasNext()) {
      result.complete(null);
      return;
    }
    T target = rest.next();
    step(target)
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                next(rest, result);
              } else {
                result.completeExceptionally(
                    failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure);
              }
            });
  }

  private CompletableFuture<Void> step(T target) {
    try {
      requireAnother(target);
      return within(options.drainTimeout(), balancer.drain(target))
          // Drained or not: whoever takes longer than the limit is not waited for.
          .handle((drained, late) -> target)
          .thenCompose(drained -> deploy(target))
          .thenCompose(
              deployed -> {
                balancer.undrain(target);
                return after(options.soak());
              })
          .thenRun(() -> requireWell(target));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<?> deploy(T target) {
    CompletableFuture<Object> deployed = new CompletableFuture<>();
    redeploy
        .apply(target)
        .whenComplete(
            (value, failure) -> {
              if (failure == null) {
                deployed.complete(value);
              } else {
                deployed.completeExceptionally(failure);
              }
            });
    return within(options.stepTimeout(), deployed)
        .exceptionallyCompose(
            failure ->
                CompletableFuture.failedFuture(
                    failure instanceof CancellationException
                        ? new IllegalStateException(
                            target + " was not redeployed within " + options.stepTimeout())
                        : failure));
  }

  private void requireAnother(T target) {
    boolean another =
        balancer.stats().replicas().stream()
            .anyMatch(
                stats ->
                    !stats.replica().target().equals(target)
                        && stats.replica().weight() > 0
                        && isWell(stats.state()));
    if (!another) {
      throw new IllegalStateException("no other replica is available to take over from " + target);
    }
  }

  private void requireWell(T target) {
    LoadBalancer.State state =
        balancer
            .state(target)
            .orElseThrow(() -> new IllegalStateException("no longer a member: " + target));
    if (!isWell(state)) {
      throw new IllegalStateException("after its redeployment " + target + " is " + state);
    }
  }

  private static boolean isWell(LoadBalancer.State state) {
    return state == LoadBalancer.State.AVAILABLE || state == LoadBalancer.State.STARTING;
  }

  /** A copy of {@code future} that is cancelled when {@code limit} has passed. */
  private <V> CompletableFuture<V> within(Duration limit, CompletableFuture<V> future) {
    CompletableFuture<V> bounded = future.copy();
    Runnable cancel = timer.schedule(limit.toNanos(), () -> bounded.cancel(false));
    bounded.whenComplete((value, failure) -> cancel.run());
    return bounded;
  }

  private CompletableFuture<Void> after(Duration delay) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    timer.schedule(delay.toNanos(), () -> over.complete(null));
    return over;
  }
}
