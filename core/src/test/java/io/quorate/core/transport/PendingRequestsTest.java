package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Clock;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Item 29 of the bad inputs: deadlines follow the monotonic clock alone, also where it wraps. */
class PendingRequestsTest {
  private final ManualLoop loop = new ManualLoop();
  private final List<OutgoingRequest> late = new ArrayList<>();
  private final PendingRequests pending = new PendingRequests(loop, loop, late::add);

  @Test
  void a_request_ends_at_its_deadline_and_not_before() {
    OutgoingRequest request = add(100);

    loop.advance(99);
    assertThat(late).isEmpty();
    loop.advance(1);

    assertThat(late).containsExactly(request);
    assertThat(pending.remove(request.id)).isNull();
  }

  @Test
  void an_answered_request_never_times_out() {
    OutgoingRequest answered = add(100);
    OutgoingRequest other = add(300);

    assertThat(pending.remove(answered.id)).isSameAs(answered);
    loop.advance(1_000);

    assertThat(late).containsExactly(other);
  }

  @Test
  void a_shorter_timeout_that_comes_later_is_kept() {
    OutgoingRequest slow = add(1_000);
    OutgoingRequest fast = add(10);

    loop.advance(10);
    assertThat(late).containsExactly(fast);
    loop.advance(990);
    assertThat(late).containsExactly(fast, slow);
  }

  @Test
  void requests_of_one_deadline_end_in_the_order_in_which_they_were_made() {
    List<OutgoingRequest> requests = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      requests.add(add(50));
    }

    loop.advance(50);

    assertThat(late).isEqualTo(requests);
  }

  @Test
  void item_29_deadlines_beyond_the_end_of_the_clock_come_in_order() {
    loop.now = Long.MAX_VALUE - 50;
    OutgoingRequest beyond = add(100);
    OutgoingRequest within = add(20);

    loop.advance(20);
    assertThat(late).containsExactly(within);
    loop.advance(79);
    assertThat(late).containsExactly(within);
    loop.advance(1);
    assertThat(late).containsExactly(within, beyond);
  }

  @Test
  void the_timers_kept_do_not_grow_with_the_requests() {
    for (int i = 0; i < 10_000; i++) {
      pending.remove(add(1_000_000 - i).id);
    }

    assertThat(loop.timers.stream().filter(timer -> !timer.cancelled).count()).isEqualTo(1);
  }

  private OutgoingRequest add(long timeoutNanos) {
    ServiceEndpoint endpoint = new ServiceEndpoint(null, "svc", 0, loop, Handler.NONE);
    OutgoingRequest request =
        new OutgoingRequest(
            endpoint, NodeId.of("b"), new byte[0], loop.now, loop.now + timeoutNanos);
    pending.add(request);
    return request;
  }

  /** A loop and a clock that a test moves. */
  private static final class ManualLoop implements EventLoop, Clock {
    private final List<ManualTimer> timers = new ArrayList<>();
    private long now = 5;

    private static final class ManualTimer implements Timer {
      private final long due;
      private final Runnable task;
      private boolean cancelled;

      private ManualTimer(long due, Runnable task) {
        this.due = due;
        this.task = task;
      }

      @Override
      public void cancel() {
        cancelled = true;
      }
    }

    void advance(long nanos) {
      now += nanos;
      while (true) {
        ManualTimer next =
            timers.stream()
                .filter(timer -> !timer.cancelled && timer.due - now <= 0)
                .min(Comparator.comparingLong(timer -> timer.due - now))
                .orElse(null);
        if (next == null) {
          return;
        }
        next.cancelled = true;
        next.task.run();
      }
    }

    @Override
    public Timer schedule(long delayNanos, Runnable task) {
      assertThat(delayNanos).isNotNegative();
      ManualTimer timer = new ManualTimer(now + delayNanos, task);
      timers.add(timer);
      return timer;
    }

    @Override
    public void execute(Runnable task) {
      task.run();
    }

    @Override
    public boolean inLoop() {
      return true;
    }

    @Override
    public long monotonicNanos() {
      return now;
    }

    @Override
    public long wallMillis() {
      throw new AssertionError("wall time must not matter");
    }
  }
}
