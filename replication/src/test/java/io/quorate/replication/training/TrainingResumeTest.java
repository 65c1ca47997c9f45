package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import io.quorate.replication.checkpoint.CheckpointOptions;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.checkpoint.SaveProgress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a successor needs from its predecessor, and what it refuses. */
class TrainingResumeTest {
  private static final TrainingOptions TOP_K =
      TrainingOptions.of("job", "line-1", 8, 42).withCodec(GradientCodec.topK(0.2));
  private static final Optimizer MOMENTUM = Optimizer.momentum(0.01, 0.9);

  private static TrainingState begin() {
    return TrainingState.initial(TOP_K, MOMENTUM, new float[SimulatedJob.PARAMETERS]);
  }

  /** Takes steps in this thread. */
  private static TrainingState train(TrainingState from, long until) throws Exception {
    ShardComputer<List<float[]>> computer =
        new ShardComputer<>(
            TOP_K, SimulatedJob.PARAMETERS, SimulatedJob::gradient, SimulatedJob.BATCHES);
    StepReducer reducer = new StepReducer(TOP_K.codec(), MOMENTUM);
    TrainingState state = from;
    while (state.step() < until) {
      double weight = 0;
      for (int shard = 0; shard < TOP_K.shards(); shard++) {
        TrainingMessage.Work work = new TrainingMessage.Work(1, state.step(), shard, 0, 0);
        ShardComputer.Computed computed =
            computer.compute(
                work, state.parameters(), state.residuals()[shard], true, () -> false);
        byte[] bytes = computed.bytes().toByteArray();
        PartBuffer buffer = new PartBuffer(work, bytes.length, new byte[bytes.length]);
        buffer.add(CoreRig.part(work, computed.loss(), bytes));
        reducer.add(state.step(), SimulatedJob.PARAMETERS, buffer.result(NodeId.of("w")));
        weight += computed.loss().weight();
      }
      state = reducer.finish(state.step(), state, weight, Optional.empty());
    }
    return state;
  }

  private static TrainingState with(TrainingState state, float[][] slots, float[][] residuals) {
    return new TrainingState(state.step(), state.parameters(), slots, residuals);
  }

  @Test
  void a_state_that_is_complete_goes_on_with_the_same_bits() throws Exception {
    TrainingState half = train(begin(), 30);

    assertThat(train(half, 60)).isEqualTo(train(begin(), 60));
  }

  @Test
  void control_without_its_residuals_or_momentum_it_goes_elsewhere() throws Exception {
    TrainingState half = train(begin(), 30);
    String expected = train(half, 60).digest();

    TrainingState withoutResiduals = with(half, half.slots(), begin().residuals());
    TrainingState withoutMomentum = with(half, begin().slots(), half.residuals());

    assertThat(train(withoutResiduals, 60).digest()).isNotEqualTo(expected);
    assertThat(train(withoutMomentum, 60).digest()).isNotEqualTo(expected);
  }

  @Test
  void a_checkpoint_brings_everything_back_clocks_too() {
    TrainingOptions free =
        TrainingOptions.of("job", "line-1", 3, 42).withSync(new SyncPolicy.BoundedStaleness(2));
    TrainingState state =
        new TrainingState(
            9, new float[] {1, 2}, new float[][] {{3, 4}}, new float[0][], new long[] {4, 3, 2});
    TrainingState like = TrainingState.initial(free, MOMENTUM, new float[2]);

    assertThat(saveAndRead(free, state, free, like).join()).isEqualTo(state);
  }

  @Test
  void a_checkpoint_of_another_job_model_or_length_is_refused_with_both_named() {
    TrainingOptions other = TrainingOptions.of("job", "line-2", 8, 42);
    TrainingOptions plain = TrainingOptions.of("job", "line-1", 8, 42);
    TrainingState state = TrainingState.initial(new float[2], 1, 0);

    assertThatThrownBy(saveAndRead(other, state, plain, state)::join)
        .hasRootCauseInstanceOf(TrainingException.class)
        .hasStackTraceContaining("is of another job")
        .hasStackTraceContaining("line-2")
        .hasStackTraceContaining("line-1");
    TrainingState longer = TrainingState.initial(new float[3], 1, 0);
    assertThatThrownBy(saveAndRead(plain, state, plain, longer)::join)
        .hasStackTraceContaining("has a parameters of 2 entries, expected 3");
  }

  @Test
  void a_checkpoint_that_says_more_than_this_release_knows_is_refused() {
    TrainingOptions plain = TrainingOptions.of("job", "line-1", 8, 42);
    TrainingState state = TrainingState.initial(new float[2], 1, 0);
    Map<String, String> later = new TreeMap<>(StateShards.metadata(plain, MOMENTUM));
    later.put("format", "2");

    assertThatThrownBy(saveAndRead(later, state, plain, state)::join)
        .hasRootCauseInstanceOf(TrainingException.class)
        .hasStackTraceContaining("format=2")
        .hasStackTraceContaining("expected {job=job model=line-1");
  }

  private static CompletableFuture<TrainingState> saveAndRead(
      TrainingOptions saved, TrainingState state, TrainingOptions read, TrainingState like) {
    return saveAndRead(StateShards.metadata(saved, MOMENTUM), state, read, like);
  }

  private static CompletableFuture<TrainingState> saveAndRead(
      Map<String, String> metadata,
      TrainingState state,
      TrainingOptions read,
      TrainingState like) {
    try (Simulation sim = Simulation.seeded(1)) {
      SimNode<CheckpointStore> node =
          sim.node(
              NodeId.of("n"), env -> CheckpointStore.open(env, CheckpointOptions.in("saved")));
      CheckpointStore store = node.service();
      CompletableFuture<TrainingState> back =
          store
              .save(9, metadata, StateShards.shards(state), SaveProgress.NONE)
              .thenCompose(info -> StateShards.read(store, info, read, MOMENTUM, like));
      sim.runUntil(back::isDone, Duration.ofSeconds(10));
      return back;
    }
  }

  @Test
  void a_checkpoint_that_something_else_wrote_ends_the_job_with_the_reason() {
    try (Simulation sim = Simulation.seeded(2)) {
      CheckpointStore[] store = new CheckpointStore[1];
      SimNode<TrainingMaster> node =
          sim.node(
              NodeId.of("n"),
              env -> {
                store[0] = CheckpointStore.open(env, CheckpointOptions.in("saved"));
                store[0].save(
                    1, Map.of("app", "notes"), Map.of("x", out -> out.write(1)), SaveProgress.NONE);
                return null;
              });
      sim.run(Duration.ofSeconds(1));
      TrainingMaster master =
          TrainingMaster.start(
              node.environment(),
              TOP_K,
              MOMENTUM,
              1,
              new float[SimulatedJob.PARAMETERS],
              10,
              Optional.of(store[0]),
              TrainingListener.NONE);
      sim.runUntil(master.report()::isDone, Duration.ofSeconds(10));

      assertThatThrownBy(master.report()::join)
          .hasStackTraceContaining("is of another job: {app=notes}");
    }
  }

  @Test
  void a_second_master_of_the_job_on_one_node_fails_and_the_first_goes_on() {
    try (SimulatedJob job =
        new SimulatedJob(3, TrainingOptions.of("job", "line-1", 8, 42), 2)) {
      job.sim.runUntil(() -> !job.steps.isEmpty(), Duration.ofSeconds(5));
      TrainingMaster second =
          TrainingMaster.start(
              job.master.environment(),
              job.options,
              MOMENTUM,
              2,
              new float[SimulatedJob.PARAMETERS],
              10,
              Optional.empty(),
              TrainingListener.NONE);

      assertThat(job.finish().steps()).isEqualTo(SimulatedJob.STEPS);
      assertThatThrownBy(second.report()::join)
          .hasRootCauseInstanceOf(IllegalStateException.class)
          .hasStackTraceContaining("open already");
    }
  }

  @Test
  void of_two_masters_workers_obey_the_one_of_the_later_term_whoever_they_are_told_of() {
    TrainingOptions options = TrainingOptions.of("job", "line-1", 8, 42);
    String expected;
    try (SimulatedJob job = new SimulatedJob(4, options, 2)) {
      expected = job.finish().digest();
    }
    try (Simulation sim = Simulation.seeded(5)) {
      List<NodeId> ids = List.of(NodeId.of("old"), NodeId.of("new"));
      List<SimNode<TrainingMaster>> masters =
          ids.stream()
              .map(id -> sim.node(id, env -> lead(env, options, 1 + ids.indexOf(id))))
              .toList();
      int[] asked = {0};
      for (int i = 0; i < 3; i++) {
        sim.node(
            NodeId.of("w" + i),
            env -> {
              ids.forEach(id -> env.transport().setPeer(id, SimNode.addressOf(id)));
              return TrainingWorker.start(
                  env,
                  options,
                  SimulatedJob.PARAMETERS,
                  SimulatedJob::gradient,
                  SimulatedJob.BATCHES,
                  () -> Optional.of(ids.get(asked[0]++ % 7 == 0 ? 0 : 1)),
                  2);
            });
      }
      TrainingMaster latest = masters.get(1).service();
      sim.runUntil(latest.report()::isDone, Duration.ofSeconds(60));

      assertThat(latest.report().join().digest()).isEqualTo(expected);
      assertThat(masters.get(0).service().report()).isNotDone();
    }
  }

  private static TrainingMaster lead(Environment env, TrainingOptions options, long term) {
    return lead(env, options, term, MOMENTUM);
  }

  private static TrainingMaster lead(
      Environment env, TrainingOptions options, long term, Optimizer optimizer) {
    return TrainingMaster.start(
        env,
        options,
        optimizer,
        term,
        new float[SimulatedJob.PARAMETERS],
        SimulatedJob.STEPS,
        Optional.empty(),
        TrainingListener.NONE);
  }

  @Test
  void a_listener_that_throws_changes_nothing() {
    TrainingOptions options = TrainingOptions.of("job", "line-1", 8, 42);
    try (SimulatedJob job = new SimulatedJob(6, options, 2)) {
      job.deaf = true;

      assertThat(job.finish().steps()).isEqualTo(SimulatedJob.STEPS);
    }
  }

  /** Throws an error, which is no exception. */
  private record Broken() implements Optimizer {
    @Override
    public String description() {
      return "broken";
    }

    @Override
    public int slots() {
      return 0;
    }

    @Override
    public void apply(float[] p, float[] sum, double weight, float[][] state, long step) {
      throw new AssertionError("out of ideas");
    }
  }

  @Test
  void an_optimizer_that_throws_even_an_error_does_not_leave_anybody_waiting() {
    TrainingOptions options = TrainingOptions.of("job", "line-1", 8, 42);
    try (Simulation sim = Simulation.seeded(7)) {
      NodeId master = NodeId.of("master");
      SimNode<TrainingMaster> node =
          sim.node(master, env -> lead(env, options, 1, new Broken()));
      SimNode<TrainingWorker> worker =
          sim.node(
              NodeId.of("w"),
              env -> {
                env.transport().setPeer(master, SimNode.addressOf(master));
                return TrainingWorker.start(
                    env,
                    options,
                    SimulatedJob.PARAMETERS,
                    SimulatedJob::gradient,
                    SimulatedJob.BATCHES,
                    () -> Optional.of(master),
                    2);
              });
      CompletableFuture<TrainingReport> report = node.service().report();
      sim.runUntil(report::isDone, Duration.ofSeconds(5));

      assertThatThrownBy(report::join)
          .hasRootCauseInstanceOf(TrainingException.class)
          .hasStackTraceContaining("step 0: java.lang.AssertionError: out of ideas");
      assertThat(worker.service().finished()).isNotCompletedExceptionally();
    }
  }
}
