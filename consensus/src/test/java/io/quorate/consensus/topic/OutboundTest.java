package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.pubsub.Outcome;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The order of one node's commands, whatever becomes of those that are under way. */
class OutboundTest {
  private static final Duration SOON = Duration.ofMillis(10);

  /** A batch on its way to the log. */
  private record Sent(TopicCommand batch, CompletableFuture<TopicResult> result) {}

  private final Simulation simulation = Simulation.seeded(1);
  private final Environment environment = simulation.environment(NodeId.of("n0"));
  private final Streams streams = new Streams();
  private final Deque<Sent> sent = new ArrayDeque<>();
  private final List<Integer> applied = new ArrayList<>();
  private Outbound outbound = outbound(TopicsOptions.defaults().withBatches(1, 4));

  private Outbound outbound(TopicsOptions options) {
    return new Outbound(
        "n0.1",
        environment.eventLoop("topics"),
        environment.clock(),
        options,
        batch -> {
          CompletableFuture<TopicResult> result = new CompletableFuture<>();
          sent.addLast(new Sent(batch, result));
          return result;
        });
  }

  @AfterEach
  void end() {
    simulation.close();
  }

  private CompletableFuture<List<Outcome>> submit(int command) {
    return outbound.submit(new byte[] {(byte) (command >> 8), (byte) command});
  }

  /** What the state machine does with it. */
  private TopicResult apply(TopicCommand batch) {
    TopicResult objection = streams.objection(batch, 0);
    if (objection != null) {
      return objection;
    }
    List<List<Outcome>> outcomes = new ArrayList<>();
    for (byte[] command : batch.commands()) {
      applied.add((command[0] & 0xff) << 8 | command[1] & 0xff);
      outcomes.add(List.of(Outcome.DONE));
    }
    return new TopicResult.Applied(outcomes);
  }

  private void deliver(Sent one) {
    one.result.complete(apply(one.batch));
    simulation.run(SOON);
  }

  private static void refuse(Sent one) {
    one.result.completeExceptionally(new RefusedException("not the leader"));
  }

  private static void lose(Sent one) {
    one.result.completeExceptionally(new IndeterminateException("no answer"));
  }

  private static Throwable failure(CompletableFuture<?> future) {
    assertThat(future).isCompletedExceptionally();
    return future.handle((value, error) -> error).join();
  }

  @Test
  void what_gathers_while_batches_are_under_way_shares_the_next_one() {
    outbound = outbound(TopicsOptions.defaults().withBatches(1_000, 1));
    submit(1);
    simulation.run(SOON);
    submit(2);
    submit(3);
    simulation.run(SOON);

    assertThat(sent).hasSize(1);
    deliver(sent.poll());
    assertThat(sent).hasSize(1);
    assertThat(sent.peek().batch.commands()).hasSize(2);
    deliver(sent.poll());
    assertThat(applied).containsExactly(1, 2, 3);
  }

  @Test
  void a_batch_that_comes_before_its_predecessor_is_sent_again_behind_it() {
    CompletableFuture<List<Outcome>> first = submit(1);
    CompletableFuture<List<Outcome>> second = submit(2);
    simulation.run(SOON);
    Sent one = sent.poll();

    deliver(sent.poll());
    assertThat(applied).isEmpty();
    deliver(one);
    deliver(sent.poll());

    assertThat(applied).containsExactly(1, 2);
    assertThat(first).isCompletedWithValue(List.of(Outcome.DONE));
    assertThat(second).isCompletedWithValue(List.of(Outcome.DONE));
  }

  @Test
  void a_refused_batch_leaves_a_hole_that_later_ones_pass() {
    CompletableFuture<List<Outcome>> first = submit(1);
    CompletableFuture<List<Outcome>> second = submit(2);
    simulation.run(SOON);
    refuse(sent.poll());
    simulation.run(SOON);

    deliver(sent.poll());
    deliver(sent.poll());

    assertThat(first).isCompletedExceptionally();
    assertThat(second).isCompletedWithValue(List.of(Outcome.DONE));
    assertThat(applied).containsExactly(2);
  }

  @Test
  void a_batch_given_up_as_indeterminate_is_not_applied_behind_the_next_one() {
    submit(1);
    simulation.run(SOON);
    Sent straggler = sent.poll();
    lose(straggler);
    simulation.run(SOON);
    submit(2);
    simulation.run(SOON);
    deliver(sent.poll());

    assertThat(apply(straggler.batch)).isInstanceOf(TopicResult.Superseded.class);
    assertThat(applied).containsExactly(2);
  }

  @Test
  void commands_beyond_the_bound_are_refused_and_room_comes_back() {
    outbound =
        outbound(
            TopicsOptions.defaults()
                .withMaxCommandBytes(1_024)
                .withQueue(1_024, Duration.ofSeconds(5)));
    for (int i = 0; i < 56; i++) {
      submit(i);
    }

    assertThat(submit(56)).isCompletedExceptionally();

    simulation.run(SOON);
    deliver(sent.poll());
    assertThat(submit(57)).isNotCompletedExceptionally();
  }

  @Test
  void a_command_that_is_too_large_is_refused_with_its_size() {
    CompletableFuture<List<Outcome>> future = outbound.submit(new byte[2 << 20]);

    assertThat(failure(future))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("2097152 bytes");
  }

  @Test
  void what_waits_for_too_long_is_refused() {
    for (int i = 0; i < 4; i++) {
      submit(i);
    }
    CompletableFuture<List<Outcome>> waiting = submit(4);
    simulation.run(Duration.ofSeconds(6));

    assertThat(failure(waiting)).isInstanceOf(RefusedException.class);
    assertThat(sent).hasSize(4);
  }

  @Test
  void closing_refuses_what_comes_and_after_a_while_what_waits() {
    for (int i = 0; i < 4; i++) {
      submit(i);
    }
    CompletableFuture<List<Outcome>> waiting = submit(4);
    int[] ended = new int[1];
    simulation.run(SOON);
    outbound.close(() -> ended[0]++);

    assertThat(failure(submit(5))).isInstanceOf(RefusedException.class);
    simulation.run(SOON);
    assertThat(waiting).isNotDone();
    simulation.run(Duration.ofSeconds(1));
    assertThat(failure(waiting)).isInstanceOf(RefusedException.class);
    assertThat(ended[0]).isEqualTo(1);
  }

  @Test
  void closing_ends_as_soon_as_nothing_is_under_way() {
    CompletableFuture<List<Outcome>> given = submit(1);
    int[] ended = new int[1];
    outbound.close(() -> ended[0]++);
    simulation.run(SOON);
    assertThat(ended[0]).isZero();

    deliver(sent.poll());

    assertThat(given).isCompletedWithValue(List.of(Outcome.DONE));
    assertThat(ended[0]).isEqualTo(1);
    simulation.run(Duration.ofSeconds(2));
    assertThat(ended[0]).isEqualTo(1);
  }

  @Test
  void commands_are_applied_once_and_in_order_under_refusals_losses_and_reordering() {
    RandomGenerator random = simulation.random("outbound");
    List<CompletableFuture<List<Outcome>>> futures = new ArrayList<>();
    List<Sent> stragglers = new ArrayList<>();
    int next = 0;
    boolean quiet = false;
    while (next < 5_000 || !quiet) {
      for (int i = random.nextInt(4); i > 0 && next < 5_000; i--) {
        futures.add(submit(next++));
      }
      simulation.run(SOON);
      quiet = sent.isEmpty();
      if (quiet) {
        continue;
      }
      Sent one = random.nextBoolean() ? sent.pollFirst() : sent.pollLast();
      switch (random.nextInt(8)) {
        case 0 -> refuse(one);
        case 1 -> {
          lose(one);
          stragglers.add(one);
        }
        case 2 -> {
          apply(one.batch);
          lose(one);
        }
        default -> deliver(one);
      }
      if (!stragglers.isEmpty() && random.nextInt(4) == 0) {
        apply(stragglers.remove(random.nextInt(stragglers.size())).batch);
      }
    }
    simulation.run(Duration.ofSeconds(1));

    assertThat(applied).doesNotHaveDuplicates().isSorted();
    for (int i = 0; i < futures.size(); i++) {
      assertThat(futures.get(i)).isDone();
      if (!futures.get(i).isCompletedExceptionally()) {
        assertThat(applied).contains(i);
      } else if (failure(futures.get(i)) instanceof RefusedException) {
        assertThat(applied).doesNotContain(i);
      }
    }
  }
}
