package io.quorate.examples.serving;

import io.quorate.resilience.Guard;
import io.quorate.resilience.Hedge;
import io.quorate.resilience.Outcome;
import io.quorate.resilience.Retry;
import io.quorate.resilience.balance.HealthChecker;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.Replica;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What a caller uses: one call, answered by whichever replica can within the deadline. */
final class Predictor implements AutoCloseable {
  static final Duration DEADLINE = Duration.ofMillis(200);

  private static final HealthChecker.Options HEALTH =
      new HealthChecker.Options(Duration.ofMillis(200), Duration.ofMillis(100), 0.1, 2, 2);

  private final LoadBalancer<ModelReplica> balancer;
  private final Guard guard;

  /** Calls {@code replicas}, and tells {@code listener} when one leaves and returns. */
  Predictor(List<ModelReplica> replicas, LoadBalancer.Listener<ModelReplica> listener, long seed) {
    this.balancer =
        LoadBalancer.<ModelReplica>builder()
            .health((replica, timeoutNanos) -> replica.ping(), HEALTH)
            .listener(listener)
            .seed(seed)
            .build(replicas.stream().map(Replica::of).toList());
    this.guard =
        Guard.named("predict")
            .deadline(DEADLINE)
            .timeout(Duration.ofMillis(90))
            .retry(Retry.idempotent(3))
            .hedge(Hedge.defaults().withFirst(Duration.ofMillis(40)))
            // A replica that drops what would be too late is busy, not ill.
            .classify(
                (result, error) ->
                    error instanceof ExpiredException
                        ? Outcome.IGNORED
                        : Outcome.Classifier.standard().of(result, error))
            .seed(seed)
            .build();
  }

  /**
   * Predicts.
   *
   * @param atLeastVersion the newest version that this user has seen: answers never go back
   */
  CompletableFuture<Prediction> predict(String input, long atLeastVersion) {
    return guard.callAsync(
        balancer, (replica, attempt) -> replica.predict(input, atLeastVersion, attempt.deadline()));
  }

  Guard.Stats stats() {
    return guard.stats();
  }

  @Override
  public void close() {
    balancer.close();
  }
}
