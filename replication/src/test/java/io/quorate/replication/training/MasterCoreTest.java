package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterCoreTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final TrainingOptions.Limits LIMITS =
      new TrainingOptions.Limits(Duration.ofSeconds(10), Duration.ofSeconds(2), 10, 3);
  private static final TrainingOptions PLAIN =
      TrainingOptions.of("job", "line-1", 8, 42).withLimits(LIMITS);

  private static TrainingOptions bounded(long steps) {
    return PLAIN.withSync(new SyncPolicy.BoundedStaleness(steps));
  }

  @Test
  void results_go_to_the_sum_in_the_order_of_shards_however_they_arrive() {
    CoreRig rig = CoreRig.of(PLAIN);
    rig.join(A);
    List<TrainingMessage.Task> tasks = new ArrayList<>();
    for (int lane = 0; lane < 8; lane++) {
      tasks.add(rig.poll(A, lane).orElseThrow());
    }
    Collections.shuffle(tasks, new Random(1));

    tasks.forEach(task -> rig.work(A, task));

    assertThat(rig.events(MasterCore.Accumulate.class))
        .extracting(add -> add.result().shard())
        .containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(rig.events(MasterCore.Stepped.class)).hasSize(1);
  }

  @Test
  void a_result_goes_to_the_sum_as_soon_as_those_before_it_are_there() {
    CoreRig rig = CoreRig.of(PLAIN);
    rig.join(A);
    List<TrainingMessage.Task> tasks = new ArrayList<>();
    for (int lane = 0; lane < 8; lane++) {
      tasks.add(rig.poll(A, lane).orElseThrow());
    }

    rig.work(A, tasks.get(1));
    assertThat(rig.events(MasterCore.Accumulate.class)).isEmpty();
    rig.work(A, tasks.get(0));

    assertThat(rig.events(MasterCore.Accumulate.class))
        .extracting(add -> add.result().shard())
        .containsExactly(0, 1);
  }

  @Test
  void a_result_that_comes_twice_counts_once_and_one_that_differs_is_reported() {
    CoreRig rig = CoreRig.of(PLAIN);
    rig.join(A);
    rig.join(B);
    TrainingMessage.Task task = rig.poll(A, 0).orElseThrow();
    float[] model = rig.parameters(A, task.version());
    TrainingMessage.Part result = rig.result(task.work(), model);
    rig.ask(A, result);

    rig.ask(B, result);
    assertThat(rig.events(MasterCore.Disagreement.class)).isEmpty();
    byte[] other = result.content().array().clone();
    other[other.length - 1]++;
    rig.ask(B, CoreRig.part(task.work(), Loss.NONE, other));

    assertThat(rig.events(MasterCore.Disagreement.class))
        .containsExactly(new MasterCore.Disagreement(B, 0, task.work().shard()));
    assertThat(rig.events(MasterCore.Accumulate.class)).hasSize(1);
  }

  @Test
  void what_belongs_to_a_deposed_masters_term_changes_nothing() {
    CoreRig deposed = CoreRig.of(PLAIN);
    CoreRig successor = new CoreRig(2, PLAIN, deposed.begin(), deposed.optimizer);
    deposed.join(A);
    successor.join(A);
    TrainingMessage.Task task = deposed.poll(A, 0).orElseThrow();
    successor.poll(A, 0);
    float[] elsewhere = new float[SimulatedJob.PARAMETERS];
    elsewhere[0] = 99;
    TrainingMessage.Part old = deposed.result(task.work(), elsewhere);

    assertThat(successor.askNow(A, old)).isEqualTo(new TrainingMessage.JoinAgain());

    assertThat(successor.events(MasterCore.Accumulate.class)).isEmpty();
  }

  @Test
  void control_without_the_fence_a_deposed_masters_work_would_count() {
    CoreRig deposed = CoreRig.of(PLAIN);
    // As if both had the same term: nothing tells their work apart.
    CoreRig successor = new CoreRig(1, PLAIN, deposed.begin(), deposed.optimizer);
    deposed.join(A);
    successor.join(A);
    TrainingMessage.Task task = deposed.poll(A, 0).orElseThrow();
    successor.poll(A, 0);
    float[] elsewhere = new float[SimulatedJob.PARAMETERS];
    elsewhere[0] = 99;

    successor.askNow(A, deposed.result(task.work(), elsewhere));

    assertThat(successor.events(MasterCore.Accumulate.class)).hasSize(1);
  }

  @Test
  void a_result_with_nan_is_rejected_naming_the_worker_and_the_step_is_done_anew() {
    CoreRig rig = CoreRig.of(PLAIN);
    rig.join(A);
    TrainingMessage.Task task = rig.poll(A, 0).orElseThrow();

    rig.ask(A, notFinite(task.work()));

    assertThat(rig.events(MasterCore.FailedWork.class))
        .containsExactly(
            new MasterCore.FailedWork(A, 0, 0, "the gradient has NaN or infinity"));
    finishStep(rig, A);
    CoreRig clean = CoreRig.of(PLAIN);
    clean.join(A);
    finishStep(clean, A);
    rig.poll(A, 0);
    clean.poll(A, 0);
    assertThat(rig.parameters(A, 1)).isEqualTo(clean.parameters(A, 1));
  }

  private static TrainingMessage.Part notFinite(TrainingMessage.Work work) {
    float[] gradient = new float[SimulatedJob.PARAMETERS];
    gradient[7] = Float.NaN;
    byte[] encoded = TrainingState.bytes(gradient);
    byte[] bytes = new byte[Integer.BYTES + encoded.length];
    bytes[3] = (byte) encoded.length;
    System.arraycopy(encoded, 0, bytes, Integer.BYTES, encoded.length);
    return CoreRig.part(work, new Loss(1, 1), bytes);
  }

  private static void finishStep(CoreRig rig, NodeId worker) {
    int done = rig.events(MasterCore.Stepped.class).size();
    while (rig.events(MasterCore.Stepped.class).size() == done) {
      rig.work(worker, rig.poll(worker, 0).orElseThrow());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void work_that_never_succeeds_ends_the_job_after_the_allowed_failures(boolean free) {
    CoreRig rig = CoreRig.of(free ? bounded(2) : PLAIN);
    rig.join(A);
    for (int i = 0; i < 3; i++) {
      TrainingMessage.Task task = rig.poll(A, 0).orElseThrow();
      rig.ask(A, new TrainingMessage.Failed(task.work(), "no data"));
    }

    assertThat(rig.events(MasterCore.Aborted.class))
        .containsExactly(new MasterCore.Aborted("step 0, shard 0 of worker a: no data"));
  }

  @Test
  void an_optimizer_that_fails_or_blows_up_ends_the_job_with_its_reason() {
    Optimizer diverging = Optimizer.sgd(3e38);
    CoreRig rig = new CoreRig(1, PLAIN, CoreRig.of(PLAIN).begin(), diverging);
    rig.join(A);
    for (int i = 0; i < 8; i++) {
      rig.poll(A, 0).ifPresent(task -> rig.work(A, task));
    }

    assertThat(rig.events(MasterCore.Aborted.class))
        .singleElement()
        .extracting(MasterCore.Aborted::reason)
        .asString()
        .startsWith("step 0: ")
        .contains("rate may be too large");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void an_optimizer_that_never_comes_to_an_end_ends_the_job_in_time(boolean free) {
    CoreRig rig = CoreRig.of(free ? bounded(2) : PLAIN);
    rig.stuck = true;
    rig.join(A);
    for (int i = 0; i < 8; i++) {
      rig.poll(A, 0).ifPresent(task -> rig.work(A, task));
    }

    for (int i = 0; i < 110; i++) {
      rig.tick(100);
      rig.ask(A, new TrainingMessage.Poll(1, 0));
    }

    assertThat(rig.events(MasterCore.Aborted.class))
        .singleElement()
        .extracting(MasterCore.Aborted::reason)
        .asString()
        .contains("PT10S", "still reducing on the master");
  }

  @Test
  void a_worker_that_says_good_bye_or_falls_silent_leaves_its_shards_to_others() {
    CoreRig rig = CoreRig.of(bounded(1));
    rig.join(A);
    rig.join(B);
    TrainingMessage.Task first = rig.poll(A, 0).orElseThrow();
    rig.poll(A, 1).orElseThrow();

    rig.ask(A, new TrainingMessage.Leave(1));
    TrainingMessage.Task moved = rig.poll(B, 0).orElseThrow();

    assertThat(rig.events(MasterCore.Gone.class)).containsExactly(new MasterCore.Gone(A));
    assertThat(moved.work().shard()).isEqualTo(first.work().shard());
    rig.tick(2_500);
    assertThat(rig.events(MasterCore.Gone.class)).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 3})
  void no_shard_begins_a_step_more_than_the_bound_ahead_of_the_last(long bound) {
    assertThat(furthestAhead(bounded(bound))).isEqualTo(bound);
  }

  @Test
  void control_without_a_bound_shards_run_further_ahead() {
    assertThat(furthestAhead(PLAIN.withSync(new SyncPolicy.Async()))).isGreaterThan(3);
  }

  /** Random workers, one of whom never hands in what it was given first; how far others get. */
  private static long furthestAhead(TrainingOptions options) {
    CoreRig rig = CoreRig.of(options);
    NodeId stuck = NodeId.of("stuck");
    List.of(A, B, stuck).forEach(rig::join);
    rig.poll(stuck, 0);
    long[] clocks = new long[8];
    long furthest = 0;
    Random random = new Random(3);
    List<Long> waiting = new ArrayList<>();
    List<TrainingMessage.Task> underWay = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      waiting.add(rig.ask(random.nextBoolean() ? A : B, new TrainingMessage.Poll(1, i)));
      for (long id : List.copyOf(waiting)) {
        if (rig.answer(id).orElse(null) instanceof TrainingMessage.Task next) {
          waiting.remove(id);
          long lowest = Arrays.stream(clocks).min().orElseThrow();
          furthest = Math.max(furthest, next.work().step() - lowest);
          underWay.add(next);
        }
      }
      if (!underWay.isEmpty() && random.nextInt(3) > 0) {
        TrainingMessage.Task done = underWay.remove(random.nextInt(underWay.size()));
        rig.work(A, done);
        clocks[done.work().shard()]++;
      }
    }
    return furthest;
  }

  @Test
  void an_idle_worker_gets_a_copy_of_what_holds_up_the_others_from_the_same_parameters() {
    CoreRig rig = CoreRig.of(bounded(0));
    rig.join(A);
    rig.join(B);
    TrainingMessage.Task slow = rig.poll(B, 0).orElseThrow();
    for (int shard = 1; shard < 8; shard++) {
      TrainingMessage.Task task = rig.poll(A, 0).orElseThrow();
      rig.nowNanos += 1_000_000;
      rig.work(A, task);
    }
    long waiting = rig.ask(A, new TrainingMessage.Poll(1, 0));

    rig.tick(1);
    TrainingMessage.Task copy = (TrainingMessage.Task) rig.answer(waiting).orElseThrow();

    assertThat(copy.work().shard()).isEqualTo(slow.work().shard());
    assertThat(copy.version()).isEqualTo(slow.version()).isLessThan(7);
    rig.work(A, copy);
    rig.ask(B, rig.result(slow.work(), new float[SimulatedJob.PARAMETERS]));
    assertThat(rig.events(MasterCore.Disagreement.class)).isEmpty();
    StepStats stats = rig.events(MasterCore.Stepped.class).get(0).stats();
    assertThat(stats.copiesStarted()).isEqualTo(1);
    assertThat(stats.slowest()).as("the one that was copied, not the last").contains(B);
    assertThat(stats.staleness()).isEqualTo(new Staleness(7 / 8.0, 7, 0));
  }

  @Test
  void a_free_runs_checkpoint_resumes_every_shard_where_it_was() {
    CoreRig rig = CoreRig.of(bounded(3));
    rig.join(A);
    while (rig.saved.isEmpty()) {
      rig.work(A, rig.poll(A, 0).orElseThrow());
    }
    TrainingState state = rig.saved.get();
    CoreRig successor = new CoreRig(2, bounded(3), state, rig.optimizer);
    successor.join(A);

    assertThat(state.step()).isEqualTo(80);
    assertThat(state.clocks()).hasSize(8).containsOnly(10);
    assertThat(successor.poll(A, 0).orElseThrow().work().step()).isEqualTo(10);
  }

  @Test
  void a_free_run_whose_work_hangs_ends_and_names_who_holds_it() {
    CoreRig rig = CoreRig.of(bounded(0));
    rig.join(A);
    for (int lane = 0; lane < 8; lane++) {
      rig.poll(A, lane).orElseThrow();
    }
    for (int i = 0; i < 12; i++) {
      rig.tick(1_000);
      rig.ask(A, new TrainingMessage.Busy(new TrainingMessage.Work(1, 0, 0, 0, 0)));
    }

    assertThat(rig.events(MasterCore.Aborted.class))
        .singleElement()
        .extracting(MasterCore.Aborted::reason)
        .asString()
        .contains("no result for more than PT10S after step 0", "shard 3");
    assertThat(rig.events(MasterCore.FailedWork.class))
        .allMatch(failed -> failed.worker().equals(A) && failed.reason().contains("PT10S"));
  }

  @Test
  void codecs_that_keep_a_residual_are_refused_where_results_may_be_lost() {
    for (SyncPolicy policy :
        List.of(
            new SyncPolicy.Async(),
            new SyncPolicy.BoundedStaleness(3),
            new SyncPolicy.BackupWorkers(7))) {
      assertThatThrownBy(() -> PLAIN.withSync(policy).withCodec(GradientCodec.oneBit()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("would lose residuals of one-bit");
    }
    assertThatThrownBy(() -> new SyncPolicy.BoundedStaleness(-1))
        .hasMessage("steps must be at least 0, was -1");
  }
}
