package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Time, loops, workers, crashes and pauses of the simulator. */
class SimulationTest {
  private static final NodeId A = NodeId.of("a");
  private static final Duration SECOND = Duration.ofSeconds(1);

  @Test
  void tasks_of_one_loop_run_in_the_order_given_each_at_a_later_time() {
    try (Simulation sim = Simulation.seeded(1)) {
      EventLoop loop = sim.environment(A).eventLoop("x");
      List<Integer> ran = new ArrayList<>();
      List<Long> times = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        int number = i;
        loop.execute(
            () -> {
              ran.add(number);
              times.add(sim.nowNanos());
            });
      }

      sim.run(SECOND);

      assertThat(ran).hasSize(100).isSorted();
      assertThat(times).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void tasks_of_different_loops_interleave_differently_under_different_seeds() {
    assertThat(interleaving(1)).isEqualTo(interleaving(1)).isNotEqualTo(interleaving(2));
  }

  private static List<String> interleaving(long seed) {
    try (Simulation sim = Simulation.seeded(seed)) {
      Environment env = sim.environment(A);
      List<String> ran = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        env.eventLoop("x").execute(() -> ran.add("x"));
        env.eventLoop("y").execute(() -> ran.add("y"));
      }
      sim.run(SECOND);
      return ran;
    }
  }

  @Test
  void a_timer_is_never_early_by_the_clock_of_its_node_however_wrong_that_is() {
    for (long ppm : new long[] {-50_000, -500, 0, 500, 50_000}) {
      try (Simulation sim = Simulation.seeded(ppm)) {
        Environment env = sim.environment(A);
        sim.node(A).clock().driftPpm(ppm);
        long start = env.clock().monotonicNanos();
        List<Long> late = new ArrayList<>();
        env.eventLoop("x")
            .schedule(
                SECOND.toNanos(),
                () -> late.add(env.clock().monotonicNanos() - start - SECOND.toNanos()));

        sim.run(SECOND.multipliedBy(2));

        assertThat(late).hasSize(1).allSatisfy(nanos -> assertThat(nanos).isBetween(0L, 10L));
        assertThat(sim.nowNanos()).isEqualTo(2 * SECOND.toNanos());
      }
    }
  }

  @Test
  void a_timer_of_the_longest_delay_does_not_run() {
    try (Simulation sim = Simulation.seeded(14)) {
      AtomicInteger ran = new AtomicInteger();
      sim.environment(A).eventLoop("x").schedule(Long.MAX_VALUE, ran::incrementAndGet);
      sim.run(SECOND.multipliedBy(1_000_000));
      assertThat(ran).hasValue(0);
    }
  }

  @Test
  void a_cancelled_timer_does_not_run_and_many_of_them_do_not_pile_up() {
    try (Simulation sim = Simulation.seeded(3)) {
      EventLoop loop = sim.environment(A).eventLoop("x");
      AtomicInteger ran = new AtomicInteger();
      for (int i = 0; i < 100_000; i++) {
        loop.schedule(SECOND.toNanos(), ran::incrementAndGet).cancel();
      }
      EventLoop.Timer kept = loop.schedule(SECOND.toNanos(), ran::incrementAndGet);

      sim.run(SECOND.multipliedBy(2));
      kept.cancel();

      assertThat(ran).hasValue(1);
    }
  }

  @Test
  void wall_time_jumps_and_monotonic_time_does_not() {
    try (Simulation sim = Simulation.seeded(4)) {
      SimNode<Environment> node = sim.node(A, env -> env);
      long monotonic = node.clock().monotonicNanos();
      long wall = node.clock().wallMillis();

      node.clock().jumpWall(Duration.ofHours(-1));

      assertThat(node.clock().wallMillis()).isEqualTo(wall - Duration.ofHours(1).toMillis());
      assertThat(node.clock().monotonicNanos()).isEqualTo(monotonic);
      node.clock().correctWall();
      assertThat(node.clock().wallMillis()).isEqualTo(wall);
    }
  }

  @Test
  void blocking_work_takes_the_time_of_its_storage_calls_and_its_results_come_after_it() {
    try (Simulation sim = Simulation.seeded(5)) {
      Environment env = sim.environment(A);
      EventLoop loop = env.eventLoop("x");
      List<Long> inWork = new ArrayList<>();
      List<Long> posted = new ArrayList<>();
      List<Long> second = new ArrayList<>();
      env.blockingExecutor("disk")
          .execute(
              () -> {
                inWork.add(sim.nowNanos());
                StorageFile file = env.storage().create("f");
                file.write(0, ByteBuffer.wrap(new byte[10]));
                file.force(true);
                inWork.add(sim.nowNanos());
                loop.execute(() -> posted.add(sim.nowNanos()));
              });
      env.blockingExecutor("disk").execute(() -> second.add(sim.nowNanos()));

      sim.run(SECOND);

      assertThat(inWork.get(1)).isGreaterThan(inWork.get(0));
      assertThat(posted.get(0)).isGreaterThan(inWork.get(1));
      assertThat(second.get(0)).isGreaterThan(inWork.get(1));
    }
  }

  @Test
  void what_a_worker_posts_to_a_loop_arrives_in_order() {
    for (int seed = 0; seed < 50; seed++) {
      try (Simulation sim = Simulation.seeded(seed)) {
        Environment env = sim.environment(A);
        EventLoop loop = env.eventLoop("x");
        List<Integer> ran = new ArrayList<>();
        env.blockingExecutor("disk")
            .execute(
                () -> {
                  for (int i = 0; i < 20; i++) {
                    int number = i;
                    loop.execute(() -> ran.add(number));
                    if (i == 10) {
                      env.storage().exists("x");
                    }
                  }
                });

        sim.run(SECOND);

        assertThat(ran).hasSize(20).isSorted();
      }
    }
  }

  @Test
  void storage_on_an_event_loop_fails_the_run_since_it_would_block_it() {
    Simulation sim = Simulation.seeded(6);
    Environment env = sim.environment(A);
    env.eventLoop("x").execute(() -> env.storage().exists("f"));

    assertThatThrownBy(() -> sim.run(SECOND))
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("on an event loop")
        .hasMessageContaining("-Dsim.seed=6");
  }

  @Test
  void a_crash_drops_memory_timers_and_tasks_and_a_restart_boots_afresh() {
    try (Simulation sim = Simulation.seeded(7)) {
      List<String> seen = new ArrayList<>();
      SimNode<List<String>> node =
          sim.node(
              A,
              env -> {
                seen.add("boot");
                env.eventLoop("x").schedule(SECOND.toNanos(), () -> seen.add("timer"));
                return new ArrayList<>();
              });
      Environment before = node.environment();
      node.service().add("memory");
      sim.run(SECOND.dividedBy(2));

      node.crash();
      sim.run(SECOND.multipliedBy(2));

      assertThat(seen).containsExactly("boot");
      assertThat(node.isRunning()).isFalse();
      assertThatThrownBy(() -> before.eventLoop("x")).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(node::service).isInstanceOf(IllegalStateException.class);
      node.restart();
      assertThat(node.service()).isEmpty();
      sim.run(SECOND.multipliedBy(2));
      assertThat(seen).containsExactly("boot", "boot", "timer");
    }
  }

  @Test
  void a_loop_of_a_closed_environment_refuses_tasks() {
    try (Simulation sim = Simulation.seeded(8)) {
      Environment env = sim.environment(A);
      EventLoop loop = env.eventLoop("x");
      env.close();
      env.close();

      assertThatThrownBy(() -> loop.execute(() -> {}))
          .isInstanceOf(RejectedExecutionException.class);
    }
  }

  @Test
  void a_paused_node_does_everything_late_and_in_order() {
    try (Simulation sim = Simulation.seeded(9)) {
      SimNode<Environment> node = sim.node(A, env -> env);
      List<Long> times = new ArrayList<>();
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        int number = i;
        node.service()
            .eventLoop("x")
            .schedule(
                SECOND.toNanos() * (i + 1) / 10,
                () -> {
                  order.add(number);
                  times.add(sim.nowNanos());
                });
      }

      node.pause(SECOND.multipliedBy(3));
      sim.run(SECOND.multipliedBy(4));

      assertThat(order).hasSize(10).isSorted();
      assertThat(times).allSatisfy(at -> assertThat(at).isEqualTo(3 * SECOND.toNanos()));
    }
  }

  @Test
  void an_invariant_is_verified_after_every_event_and_names_the_seed() {
    Simulation sim = Simulation.seeded(10);
    AtomicInteger value = new AtomicInteger();
    sim.check(() -> assertThat(value.get()).isLessThan(5));
    sim.every(SECOND, value::incrementAndGet);

    assertThatThrownBy(() -> sim.run(SECOND.multipliedBy(100)))
        .isInstanceOf(SimulationFailure.class)
        .hasMessageContaining("-Dsim.seed=10")
        .hasMessageContaining("at 5.0");
    assertThat(value).hasValue(5);
  }

  @Test
  void what_a_task_throws_fails_the_run() {
    Simulation sim = Simulation.seeded(11);
    sim.environment(A)
        .eventLoop("x")
        .execute(
            () -> {
              throw new IllegalStateException("bug");
            });

    assertThatThrownBy(() -> sim.run(SECOND))
        .isInstanceOf(SimulationFailure.class)
        .hasRootCauseMessage("bug");
  }

  @Test
  void a_wait_that_does_not_end_and_a_loop_that_does_not_either_fail_the_run() {
    Simulation sim = Simulation.of(SimulationOptions.seeded(12).withMaxEvents(1_000));
    assertThatThrownBy(() -> sim.await(new CompletableFuture<>(), SECOND))
        .hasMessageContaining("not within PT1S");

    Simulation busy = Simulation.of(SimulationOptions.seeded(12).withMaxEvents(1_000));
    EventLoop loop = busy.environment(A).eventLoop("x");
    Runnable[] again = new Runnable[1];
    again[0] = () -> loop.execute(again[0]);
    loop.execute(again[0]);
    assertThatThrownBy(() -> busy.run(Duration.ofDays(1)))
        .hasMessageContaining("more than 1000 events");
  }

  @Test
  void chance_depends_on_seed_node_start_and_use_alone() {
    assertThat(draw(1, "a", "x")).isEqualTo(draw(1, "a", "x"));
    assertThat(draw(1, "a", "x"))
        .isNotEqualTo(draw(2, "a", "x"))
        .isNotEqualTo(draw(1, "b", "x"))
        .isNotEqualTo(draw(1, "a", "y"));
    try (Simulation sim = Simulation.seeded(1)) {
      SimNode<Long> node = sim.node(A, env -> env.random("x").nextLong());
      long first = node.service();
      node.crash();
      node.restart();
      assertThat(node.service()).isNotEqualTo(first);
    }
  }

  @Test
  void equal_seeds_tell_the_same_trace() {
    assertThat(traceOf(1)).hasSizeGreaterThan(1_000).isEqualTo(traceOf(1)).isNotEqualTo(traceOf(2));
  }

  private static List<String> traceOf(long seed) {
    FaultPlan plan = Swarm.defaults().draw(3);
    List<String> lines = new ArrayList<>();
    try (Simulation sim = Simulation.seeded(seed)) {
      sim.trace(lines::add);
      new AbdScenario(sim, plan, AbdRegister.Bug.NONE).run();
    }
    return lines;
  }

  @Test
  void what_is_tolerated_does_not_fail_the_run_and_an_error_does() {
    Simulation sim = Simulation.seeded(13);
    sim.tolerate(IllegalStateException.class::isInstance);
    EventLoop loop = sim.environment(A).eventLoop("x");
    loop.execute(
        () -> {
          throw new IllegalStateException("logged");
        });
    sim.run(SECOND);

    loop.execute(
        () -> {
          throw new AssertionError("broken");
        });
    assertThatThrownBy(() -> sim.run(SECOND)).hasRootCauseMessage("broken");
  }

  private static long draw(long seed, String node, String use) {
    try (Simulation sim = Simulation.seeded(seed)) {
      return sim.environment(NodeId.of(node)).random(use).nextLong();
    }
  }

  @Test
  void a_buggify_point_is_active_in_a_quarter_of_runs_and_fires_a_quarter_of_the_time() {
    int activeRuns = 0;
    int fired = 0;
    for (int seed = 0; seed < 400; seed++) {
      try (Simulation sim = Simulation.seeded(seed)) {
        Environment env = sim.environment(A);
        int count = 0;
        for (int i = 0; i < 100; i++) {
          count += env.faults().buggify("p") ? 1 : 0;
        }
        activeRuns += count > 0 ? 1 : 0;
        fired += count;
        assertThat(sim.probes().count("p")).isEqualTo(count);
        sim.buggify(false);
        assertThat(env.faults().buggify("p")).isFalse();
      }
    }
    assertThat(activeRuns).isBetween(70, 130);
    assertThat(fired / (double) activeRuns).isBetween(22.0, 28.0);
  }
}
