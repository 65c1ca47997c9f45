package io.quorate.resilience.balance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.resilience.Outcome;
import io.quorate.resilience.Picker;
import io.quorate.resilience.Tried;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of the lock-free classes of the balancer, item 31 among them. What is
 * linearizable is checked as such; of the rest, what must hold once all is quiet. The last tests
 * are controls, whose faults are found.
 */
class BalancerInterleavingTest {
  private static final ModelCheckingOptions OPTIONS =
      new ModelCheckingOptions()
          .iterations(5)
          .invocationsPerIteration(200)
          .threads(2)
          .actorsPerThread(3)
          .actorsBefore(1)
          .actorsAfter(1)
          // A sweep over 64 slots is not a livelock.
          .loopBound(10_000)
          .loopIterationsBeforeThreadSwitch(100);

  /** Without the search for the shortest failing schedule. */
  private static final ModelCheckingOptions CONTROL =
      new ModelCheckingOptions()
          .iterations(20)
          .invocationsPerIteration(200)
          .threads(2)
          .actorsPerThread(2)
          .minimizeFailedScenario(false);

  /** Plain, because the explorer follows every step of what validates. */
  private static void require(boolean holds) {
    if (!holds) {
      throw new AssertionError("invariant broken");
    }
  }

  /** Leases of two calls that began before, ended by whoever comes first. */
  public static class SharedLeases {
    private final Leases<String> leases = new Leases<>();
    private final long[] held = {leases.claim("a", 1, 0), leases.claim("b", 2, 0)};

    @Operation
    public boolean release(@Param(gen = IntGen.class, conf = "0:1") int which) {
      return leases.release(held[which]);
    }

    @Operation
    public String holder(@Param(gen = IntGen.class, conf = "0:1") int which) {
      return leases.holder(held[which]);
    }
  }

  /** Leases claimed, released and reaped at once: each ends exactly once. */
  public static class ReapedLeases {
    private final Leases<AtomicInteger> leases = new Leases<>();
    private final AtomicInteger inFlight = new AtomicInteger();

    public ReapedLeases() {
      leases.reap(AtomicInteger::decrementAndGet);
    }

    @Operation
    public void call() {
      inFlight.incrementAndGet();
      long token = leases.claim(inFlight, 0, 0);
      AtomicInteger holder = leases.holder(token);
      if (leases.release(token)) {
        holder.decrementAndGet();
      }
    }

    @Operation
    public void leak() {
      inFlight.incrementAndGet();
      leases.claim(inFlight, 0, 0);
    }

    @Operation(nonParallelGroup = "reaper")
    public void reap() {
      leases.reap(AtomicInteger::decrementAndGet);
    }

    @Validate
    public void allEndOnce() {
      leases.reap(AtomicInteger::decrementAndGet);
      leases.reap(AtomicInteger::decrementAndGet);
      require(inFlight.get() == 0);
    }
  }

  /** An average with samples of one moment and of later ones. */
  public static class Latency {
    private final PeakEwma latency = new PeakEwma(new Decay(1_000_000_000));

    @Operation
    public void record(@Param(gen = IntGen.class, conf = "1:9") int sample) {
      latency.record(sample * 1000, sample * 1000);
    }

    @Operation
    public void penalize() {
      latency.penalize(1, 1_000_000, 5_000);
    }

    @Operation
    public void assume() {
      latency.assume(7, 7);
    }

    @Operation
    public float nanos() {
      return latency.nanos();
    }
  }

  /** The last 64 outcomes. */
  public static class Outcomes {
    private final OutcomeRegister register = new OutcomeRegister();

    @Operation
    public int good() {
      return register.record(true);
    }

    @Operation
    public int bad() {
      return register.record(false);
    }
  }

  /** A member that is drained while calls begin and end. */
  public static class Drained {
    private final Member<String> member =
        new Member<>(Replica.of("a"), new Decay(1_000_000_000));
    private final AtomicInteger late = new AtomicInteger();

    public Drained() {
      member.drained = new CompletableFuture<>();
    }

    @Operation
    public void call() {
      if (member.tryBegin(0)) {
        if (member.drained.isDone()) {
          late.incrementAndGet();
        }
        member.end();
      }
    }

    @Operation(nonParallelGroup = "drain")
    public void drain() {
      member.closed = true;
      member.completeDrain();
    }

    @Validate
    public void drainedMeansQuiet() {
      require(late.get() == 0);
      require(member.inFlight() == 0);
      require(member.drained.isDone() == member.closed);
    }
  }

  /** Notices of two threads, delivered by either. */
  public static class Told {
    private final AtomicInteger inside = new AtomicInteger();
    private final AtomicInteger overlaps = new AtomicInteger();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger received = new AtomicInteger();
    private final Notices<AtomicInteger> notices = new Notices<>(inside);

    @Operation
    public void tell() {
      sent.incrementAndGet();
      notices.add(
          listener -> {
            if (listener.incrementAndGet() > 1) {
              overlaps.incrementAndGet();
            }
            received.incrementAndGet();
            listener.decrementAndGet();
          });
      notices.deliver();
    }

    @Validate
    public void eachIsDeliveredOnceAndAlone() {
      require(received.get() == sent.get());
      require(overlaps.get() == 0);
    }
  }

  /** Looks whether it is closed before it counts: a drain can slip in between. */
  public static class DrainedTooEarly {
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicInteger late = new AtomicInteger();
    private volatile boolean closed;
    private volatile boolean drained;

    @Operation
    public void call() {
      if (!closed) {
        inFlight.incrementAndGet();
        if (drained) {
          late.incrementAndGet();
        }
        inFlight.decrementAndGet();
      }
    }

    @Operation
    public void drain() {
      closed = true;
      if (inFlight.get() == 0) {
        drained = true;
      }
    }

    @Validate
    public void nothingBeginsAfterTheDrain() {
      require(late.get() == 0);
    }
  }

  /** Keeps the average and its time in two fields. */
  public static class TornLatency {
    private volatile int nanos;
    private volatile int tick;

    @Operation
    public void record(@Param(gen = IntGen.class, conf = "1:9") int sample) {
      nanos = sample;
      tick = sample;
    }

    @Operation
    public boolean belongTogether() {
      return nanos == tick;
    }
  }

  @Test
  void of_all_releases_of_a_lease_one_succeeds() {
    OPTIONS.check(SharedLeases.class);
  }

  @Test
  void each_lease_ends_once_whoever_ends_it() {
    OPTIONS.check(ReapedLeases.class);
  }

  @Test
  void an_average_is_linearizable() {
    OPTIONS.check(Latency.class);
  }

  @Test
  void the_register_of_outcomes_is_linearizable() {
    OPTIONS.check(Outcomes.class);
  }

  @Test
  void item_31_nothing_begins_once_a_drain_has_completed() {
    OPTIONS.check(Drained.class);
  }

  /**
   * The whole balancer has too many steps to explore them all; this one is by real threads, one of
   * two replicas coming and going under them.
   */
  @Test
  void item_31_no_call_is_lost_and_none_finds_nothing_while_a_replica_comes_and_goes()
      throws InterruptedException {
    LoadBalancer<String> balancer =
        LoadBalancer.<String>builder()
            .policy(Policy.roundRobin())
            .build(List.of(Replica.of("a"), Replica.of("b")));
    AtomicInteger faults = new AtomicInteger();
    AtomicInteger calls = new AtomicInteger();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Thread caller =
          new Thread(
              () -> {
                while (calls.getAndIncrement() < 300_000) {
                  long token = balancer.pick(0, Tried.none(), 0);
                  if (token == Picker.NONE) {
                    faults.incrementAndGet();
                  }
                  balancer.done(token, Outcome.SUCCESS, 0);
                  balancer.done(token, Outcome.FAILURE, 0);
                }
              });
      callers.add(caller);
      caller.start();
    }
    int turns = 0;
    while (calls.get() < 300_000) {
      if (turns++ % 2 == 0) {
        balancer.drain("a").join();
        balancer.undrain("a");
      } else {
        balancer.remove("a");
        balancer.add(Replica.of("a"));
      }
    }
    for (Thread caller : callers) {
      caller.join();
    }

    assertThat(turns).isPositive();
    assertThat(faults).hasValue(0);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(balancer.stats().replicas()).allMatch(stats -> stats.failures() == 0);
  }

  @Test
  void notices_are_delivered_once_each_and_one_at_a_time() {
    OPTIONS.check(Told.class);
  }

  @Test
  void control_a_drain_that_completes_too_early_is_found() {
    assertThatThrownBy(() -> CONTROL.check(DrainedTooEarly.class)).isInstanceOf(Throwable.class);
  }

  @Test
  void control_an_average_without_its_time_is_found() {
    assertThatThrownBy(() -> CONTROL.check(TornLatency.class)).isInstanceOf(Throwable.class);
  }
}
