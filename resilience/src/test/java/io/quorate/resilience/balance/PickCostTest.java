package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.quorate.resilience.Guard;
import io.quorate.resilience.Outcome;
import io.quorate.resilience.Tried;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A pick and its completion allocate nothing; and the example of the guide. */
class PickCostTest {
  private static final int CALLS = 10_000;

  private static long bytesPerCall(Policy<String> policy, boolean boxed) {
    LoadBalancer<String> balancer =
        LoadBalancer.<String>builder()
            .clock(() -> 0)
            .seed(1)
            .policy(policy)
            .listener(new LoadBalancer.Listener<>() {})
            .build(IntStream.range(0, 10).mapToObj(i -> Replica.of("r" + i)).toList());
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long best = Long.MAX_VALUE;
    // The first round loads classes; of the later ones the lowest counts.
    for (int round = 0; round < 4; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        long token = balancer.pick(i, Tried.none(), 0);
        if (boxed) {
          assertThat(token).isNotZero();
        }
        Outcome outcome = i % 100 == 0 ? Outcome.IGNORED : Outcome.SUCCESS;
        balancer.done(token, outcome, 1_000);
      }
      best = Math.min(best, (threads.getCurrentThreadAllocatedBytes() - before) / CALLS);
    }
    return best;
  }

  @Test
  void a_pick_and_its_completion_allocate_nothing() {
    assertThat(bytesPerCall(Policy.peakEwma(), false)).isZero();
    assertThat(bytesPerCall(Policy.powerOfTwo(), false)).isZero();
    assertThat(bytesPerCall(Policy.weighted(), false)).isZero();
    assertThat(bytesPerCall(Policy.peakEwma(), true)).as("control: an assertion does").isPositive();
  }

  @Test
  void the_example_of_the_guide_runs() {
    URI a = URI.create("http://a");
    URI b = URI.create("http://b");
    Guard guard = Guard.named("ranker").build();
    VirtualTime time = new VirtualTime();

    LoadBalancer<URI> replicas =
        LoadBalancer.<URI>builder()
            .zone("eu-1a")
            .clock(time)
            .timer(time)
            .health(
                (uri, timeoutNanos) -> CompletableFuture.completedFuture(true),
                HealthChecker.Options.defaults())
            .build(List.of(Replica.of(a).withZone("eu-1a"), Replica.of(b).withZone("eu-1b")));
    CompletableFuture<URI> p =
        guard.callAsync(replicas, (uri, attempt) -> CompletableFuture.completedFuture(uri));

    assertThat(p).isCompletedWithValue(a);
    replicas.close();
  }
}
