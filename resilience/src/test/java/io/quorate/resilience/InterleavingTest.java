package io.quorate.resilience;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Validate;
import org.junit.jupiter.api.Test;

/**
 * Explores the interleavings of the lock-free classes. What is linearizable is checked as such;
 * what is only exact once all calls have ended is checked by what must hold then. The last test
 * shows that a lost update would be found.
 */
class InterleavingTest {
  private static final ModelCheckingOptions OPTIONS =
      new ModelCheckingOptions()
          .iterations(6)
          .invocationsPerIteration(150)
          .threads(2)
          .actorsPerThread(3)
          .actorsBefore(2)
          .actorsAfter(1);

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalStateException("invariant does not hold");
    }
  }

  /** The register of the last three calls. */
  public static class Register {
    private final RegisterWindow window = new RegisterWindow(3);

    @Operation
    public long bad() {
      return window.record(true, 0);
    }

    @Operation
    public long good() {
      return window.record(false, 0);
    }

    @Operation
    public long reading() {
      return window.reading(0);
    }
  }

  /** Places, one thread giving back and the other taking. */
  public static class Slots {
    private final LeasedSlots slots = new LeasedSlots(3);
    private final long[] held = {slots.take(3, 1, 0), slots.take(3, 1, 0)};

    @Operation
    public boolean take() {
      return slots.take(3, 1, 0) != LeasedSlots.NONE;
    }

    @Operation(nonParallelGroup = "release")
    public boolean release(@Param(gen = IntGen.class, conf = "0:1") int which) {
      return slots.release(held[which]);
    }
  }

  /** Places given back by several threads, twice, and taken over when leases end. */
  public static class SharedSlots {
    private final LeasedSlots slots = new LeasedSlots(2);
    private final long first = slots.take(2, 1, 0);
    private final AtomicInteger released = new AtomicInteger();
    private final AtomicInteger taken = new AtomicInteger(1);
    private final AtomicInteger takenOver = new AtomicInteger();

    @Operation
    public void releaseTheSame() {
      if (slots.release(first)) {
        released.incrementAndGet();
      }
    }

    @Operation
    public void take() {
      if (slots.take(2, 2, 0) != LeasedSlots.NONE) {
        taken.incrementAndGet();
      }
    }

    @Operation
    public void takeOver() {
      int before = slots.inUse();
      if (before == 2 && slots.take(0, 1000, 100) != LeasedSlots.NONE) {
        takenOver.incrementAndGet();
      }
    }

    @Validate
    public void noPlaceIsHeldTwiceOrLost() {
      int inUse = slots.inUse();
      require(released.get() <= 1 && takenOver.get() <= 2);
      require(inUse == taken.get() - released.get() && inUse >= 0 && inUse <= 2);
    }
  }

  /** A ring of 64: what it counts is what it holds. */
  public static class Ring {
    private final RingWindow window = new RingWindow(64);
    private final AtomicInteger bad = new AtomicInteger();
    private final AtomicInteger all = new AtomicInteger();

    @Operation
    public void recordBad() {
      window.record(true, 0);
      bad.incrementAndGet();
      all.incrementAndGet();
    }

    @Operation
    public void recordGood() {
      window.record(false, 0);
      all.incrementAndGet();
    }

    @Validate
    public void nothingIsLost() {
      require(window.reading(0) == Window.reading(bad.get(), all.get()));
    }
  }

  /** A window of time while the clock moves to the next slice. */
  public static class Slices {
    private final TimeWindow window = new TimeWindow(16, 0);
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger bad = new AtomicInteger();
    private final AtomicInteger all = new AtomicInteger();

    @Operation
    public void recordBad() {
      window.record(true, clock.get());
      bad.incrementAndGet();
      all.incrementAndGet();
    }

    @Operation
    public void recordGoodLater() {
      window.record(false, clock.incrementAndGet());
      all.incrementAndGet();
    }

    @Validate
    public void nothingIsLost() {
      require(window.reading(clock.get()) == Window.reading(bad.get(), all.get()));
    }
  }

  /** A circuit breaker that fails, heals and waits. */
  public static class Breaker {
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger opened = new AtomicInteger();
    private final AtomicInteger halfOpened = new AtomicInteger();
    private final CircuitBreaker breaker =
        CircuitBreaker.create(
            "b",
            Breakers.SMALL.withCountWindow(2, 1),
            clock::get,
            1,
            new Listener() {
              @Override
              public void onTransition(
                  String name, CircuitBreaker.State from, CircuitBreaker.State to, long now) {
                (to == CircuitBreaker.State.OPEN ? opened : halfOpened).incrementAndGet();
              }
            });

    @Operation
    public void fail() {
      breaker.failure(breaker.tryAcquire());
    }

    @Operation
    public void succeed() {
      breaker.success(breaker.tryAcquire());
    }

    @Operation
    public void await() {
      clock.addAndGet(60 * Breakers.SECOND);
    }

    @Validate
    public void eachOpeningIsToldOnce() {
      require(breaker.stats().openings() == opened.get());
    }
  }

  /** Never more attempts than were paid for. */
  public static class Budget {
    private final RetryBudget budget = RetryBudget.of(0.5, 0, 1, 0);

    @Operation
    public void deposit() {
      budget.deposit();
    }

    @Operation
    public boolean withdraw() {
      return budget.tryWithdraw(0);
    }
  }

  /** A rate limiter at one moment: exactly its burst. */
  public static class Rate {
    private final RateLimiter limiter =
        RateLimiter.of("r", 1, java.time.Duration.ofSeconds(1), 3, () -> 0);

    @Operation
    public long acquire() {
      return limiter.tryAcquire(0);
    }
  }

  /** Loses an update when two threads record at once. */
  public static class LosesUpdates {
    private volatile long count;

    @Operation
    public long record() {
      long before = count;
      count = before + 1;
      return before;
    }
  }

  @Test
  void the_register_is_linearizable() {
    OPTIONS.check(Register.class);
  }

  @Test
  void places_are_linearizable() {
    OPTIONS.check(Slots.class);
  }

  @Test
  void a_place_is_given_back_once_and_none_is_lost() {
    OPTIONS.check(SharedSlots.class);
  }

  @Test
  void a_ring_loses_no_call() {
    OPTIONS.check(Ring.class);
  }

  @Test
  void a_window_of_time_loses_no_call_while_slices_change() {
    OPTIONS.check(Slices.class);
  }

  @Test
  void item_5_each_opening_of_a_breaker_is_told_once() {
    OPTIONS.check(Breaker.class);
  }

  @Test
  void a_budget_is_linearizable() {
    OPTIONS.check(Budget.class);
  }

  @Test
  void a_rate_limiter_is_linearizable() {
    new ModelCheckingOptions()
        .iterations(4)
        .invocationsPerIteration(100)
        .threads(2)
        .actorsPerThread(3)
        .check(Rate.class);
  }

  @Test
  void control_a_lost_update_is_found() {
    assertThatThrownBy(() -> OPTIONS.check(LosesUpdates.class))
        .hasMessageContaining("Invalid execution results");
  }
}
