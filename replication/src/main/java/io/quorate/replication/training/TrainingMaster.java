package io.quorate.replication.training;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.replication.checkpoint.CheckpointStore;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The node that leads one training job: hands out shards, reduces what comes back, saves
 * checkpoints. Safe for use by many threads.
 *
 * <p>There must be one master in each term; let {@code LeaderElection} decide, and its fencing
 * token be the term. A successor goes on from the newest checkpoint, with the same bits; workers
 * leave a deposed master as soon as they hear of the new one.
 *
 * <p>Needs memory for the parameters and the optimizer's state three times over (before and after a
 * step, and a checkpoint on its way), for one gradient sum, and for results that came before their
 * turn; with a stateful codec also for a residual of each shard.
 */
public final class TrainingMaster implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TrainingMaster.class);
  private static final long TICK_NANOS = 5_000_000;

  private final Environment environment;
  private final TrainingOptions options;
  private final StateSaver saver;
  private final TrainingListener listener;
  private final EventLoop loop;
  private final Executor reducer;
  private final StepReducer step;
  private final CompletableFuture<TrainingReport> report = new CompletableFuture<>();
  private final TreeMap<Long, Request> requests = new TreeMap<>();
  private final int parameters;
  private long lastRequest;
  private Optional<MasterCore.Completed> completed = Optional.empty();
  private Endpoint endpoint;
  private MasterCore core;
  private EventLoop.Timer timer;

  private TrainingMaster(
      Environment environment,
      TrainingOptions options,
      Optimizer optimizer,
      Optional<CheckpointStore> checkpoints,
      TrainingListener listener,
      int parameters) {
    this.environment = environment;
    this.options = options;
    this.listener = listener;
    this.parameters = parameters;
    this.loop = environment.eventLoop("training");
    this.reducer = environment.blockingExecutor("training-reduce");
    this.saver =
        new StateSaver(checkpoints, options, optimizer, loop, this::saved, this::reportIfSaved);
    this.step = new StepReducer(options.codec(), optimizer);
  }

  /**
   * Starts to lead a job; goes on from the newest checkpoint if there is one. Returns at once; what
   * becomes of it, {@link #report} tells. To be closed before {@code environment}: that stops it
   * too, but leaves the report pending.
   *
   * @param environment of this node; on one node there is one master or worker of a job
   * @param options the same as the workers'
   * @param optimizer the same as that of the checkpoint
   * @param term grows with every new master of the job; at least 0
   * @param initial the parameters at step 0, at least one; copied. With a checkpoint only their
   *     number counts
   * @param steps in all, those of earlier masters among them; at least 1
   * @param checkpoints where the state is saved; without, a new master begins anew. Remains the
   *     caller's to close, after this master
   * @param listener is told how it goes
   * @throws IllegalArgumentException if {@code term}, {@code initial} or {@code steps} is out of
   *     its range
   */
  public static TrainingMaster start(
      Environment environment,
      TrainingOptions options,
      Optimizer optimizer,
      long term,
      float[] initial,
      long steps,
      Optional<CheckpointStore> checkpoints,
      TrainingListener listener) {
    if (term < 0) {
      throw new IllegalArgumentException("term must be at least 0, was " + term);
    }
    if (steps < 1) {
      throw new IllegalArgumentException("steps must be at least 1, was " + steps);
    }
    if (initial.length < 1) {
      throw new IllegalArgumentException("initial must have at least 1 parameter, had 0");
    }
    TrainingState fresh = TrainingState.initial(options, optimizer, initial);
    TrainingMaster master =
        new TrainingMaster(
            environment, options, optimizer, checkpoints, listener, initial.length);
    master
        .saver
        .newest(fresh)
        .whenComplete(
            (state, failure) ->
                master.loop.execute(() -> master.begin(state, failure, term, steps)));
    return master;
  }

  /**
   * Completes on the master's event loop once all steps are done, and their checkpoint, if there is
   * a store, is durable. Fails with {@link TrainingException} if the job cannot go on, naming what
   * is to blame, or if that checkpoint cannot be saved; or with {@link RefusedException} after
   * {@link #close}, or if at the start too few peers of the store said which checkpoints they have:
   * then start again; or with {@link IllegalStateException} if this node has another master or
   * worker of the job. Whichever it is, steps up to the newest checkpoint are done and kept. To
   * cancel the future changes nothing.
   */
  public CompletableFuture<TrainingReport> report() {
    return report.copy();
  }

  /**
   * Stops leading, soon after it returns; workers look for another master. A checkpoint that is
   * being written is finished. May be called twice, from any thread.
   */
  @Override
  public void close() {
    RefusedException reason = new RefusedException("training master was closed");
    try {
      loop.execute(() -> stop(reason));
    } catch (RejectedExecutionException e) {
      // The environment has closed, and this with it.
      report.completeExceptionally(reason);
    }
  }

  private void begin(TrainingState state, Throwable failure, long term, long steps) {
    if (report.isDone()) {
      return;
    }
    if (failure != null) {
      stop(failure);
      return;
    }
    log.info("training begins job={} term={} step={}", options.job(), term, state.step());
    core = new MasterCore(term, options, state, steps, nowNanos());
    Handler handler =
        new Handler() {
          @Override
          public void onRequest(Request request) {
            asked(request);
          }
        };
    try {
      endpoint = environment.transport().open(options.service(), loop, handler);
    } catch (IllegalStateException e) {
      // Another master or worker of this job on this node.
      stop(e);
      return;
    }
    tick();
  }

  private void tick() {
    step(new MasterCore.Tick(nowNanos()));
    if (endpoint != null) {
      timer = loop.schedule(TICK_NANOS, this::tick);
    }
  }

  private void asked(Request request) {
    TrainingMessage message;
    try {
      message = TrainingMessage.decode(request.payload());
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
      return;
    }
    long id = ++lastRequest;
    requests.put(id, request);
    step(new MasterCore.Asked(id, request.from(), message, nowNanos()));
    if (message instanceof TrainingMessage.Part) {
      // It was answered, and what was in it has been copied.
      endpoint.recycle(request.payload());
    }
  }

  private void step(MasterCore.Input input) {
    core.step(input).forEach(this::perform);
  }

  private void perform(MasterCore.Effect effect) {
    if (effect instanceof MasterCore.Answer answer) {
      requests.remove(answer.id()).respond(answer.message().encode());
    } else if (effect instanceof MasterCore.AnswerFloats answer) {
      requests
          .remove(answer.id())
          .respondAndRecycle(
              TrainingMessage.Floats.encode(
                  answer.vector(), answer.from(), answer.count(), endpoint::array));
    } else if (effect instanceof MasterCore.Refuse refuse) {
      requests.remove(refuse.id()).refuse(refuse.reason());
    } else if (effect instanceof MasterCore.Accumulate accumulate) {
      reduce(accumulate.number(), () -> add(accumulate));
    } else if (effect instanceof MasterCore.Reduce reduce) {
      reduce(reduce.number(), () -> finish(reduce));
    } else if (effect instanceof MasterCore.ApplyEach each) {
      reduce(each.number(), () -> applyEach(each));
    } else if (effect instanceof MasterCore.Save save) {
      saver.save(save);
    } else if (effect instanceof MasterCore.Completed completed) {
      complete(completed);
    } else if (effect instanceof MasterCore.Aborted aborted) {
      log.error("training failed job={} reason={}", options.job(), aborted.reason());
      // After the answers that go with it.
      loop.execute(() -> stop(new TrainingException(aborted.reason())));
    } else {
      try {
        tell(effect);
      } catch (RuntimeException e) {
        // The user's listener: what it does not want to hear is no reason to stop training.
        log.warn("listener failed job={}", options.job(), e);
      }
    }
  }

  private void tell(MasterCore.Effect effect) {
    if (effect instanceof MasterCore.Stepped stepped) {
      listener.onStep(stepped.stats());
    } else if (effect instanceof MasterCore.Joined joined) {
      log.info("worker joined job={} worker={}", options.job(), joined.worker());
      listener.onJoined(joined.worker());
    } else if (effect instanceof MasterCore.Gone gone) {
      log.info("worker gone job={} worker={}", options.job(), gone.worker());
      listener.onGone(gone.worker());
    } else if (effect instanceof MasterCore.FailedWork failed) {
      NodeId worker = failed.worker();
      log.warn("work failed job={} worker={} step={} shard={} reason={}", options.job(), worker,
          failed.step(), failed.shard(), failed.reason());
      listener.onFailure(worker, failed.step(), failed.shard(), failed.reason());
    } else if (effect instanceof MasterCore.Disagreement differs) {
      log.warn("gradient function is not pure job={} worker={} step={} shard={}", options.job(),
          differs.worker(), differs.step(), differs.shard());
      listener.onDisagreement(differs.worker(), differs.step(), differs.shard());
    } else if (effect instanceof MasterCore.RolledBack back) {
      listener.onRollback(back.fromStep(), back.toStep());
    } else if (effect instanceof MasterCore.Saved saved) {
      listener.onCheckpoint(saved.step());
    } else {
      throw new AssertionError("unhandled effect " + effect);
    }
  }

  private List<MasterCore.Input> add(MasterCore.Accumulate accumulate) {
    step.add(accumulate.number(), parameters, accumulate.result());
    return List.of(new MasterCore.UsedUp(List.of(accumulate.result())));
  }

  private List<MasterCore.Input> finish(MasterCore.Reduce reduce) {
    if (step.isSpoiled(reduce.number())) {
      return List.of();
    }
    TrainingState next =
        step.finish(reduce.number(), reduce.state(), reduce.weight(), reduce.spare());
    return List.of(new MasterCore.Reduced(reduce.number(), next, nowNanos()));
  }

  private List<MasterCore.Input> applyEach(MasterCore.ApplyEach each) {
    TrainingState next = step.applyEach(each.state(), each.results());
    return List.of(
        new MasterCore.Reduced(each.number(), next, nowNanos()),
        new MasterCore.UsedUp(each.results()));
  }

  /** Does a part of a reduction on its thread; tells the core what came of it. */
  private void reduce(long number, Supplier<List<MasterCore.Input>> part) {
    reducer.execute(
        () -> {
          List<MasterCore.Input> outcome;
          try {
            outcome = part.get();
          } catch (StepReducer.BadResultException e) {
            outcome =
                List.of(new MasterCore.Spoiled(number, e.result(), e.getMessage(), nowNanos()));
          } catch (RuntimeException | Error e) {
            // The user's optimizer or codec: nobody would ever hear of it here.
            log.error("reduction failed job={}", options.job(), e);
            outcome = List.of(new MasterCore.ReduceFailed(number, e.toString()));
          }
          outcome.forEach(this::stepOnLoop);
        });
  }

  private void stepOnLoop(MasterCore.Input input) {
    loop.execute(
        () -> {
          if (endpoint != null) {
            step(input);
          }
        });
  }

  private void saved(long step) {
    perform(new MasterCore.Saved(step));
  }

  private void complete(MasterCore.Completed last) {
    log.info("training is done job={} steps={}", options.job(), last.steps());
    completed = Optional.of(last);
    reportIfSaved();
  }

  private void reportIfSaved() {
    if (completed.isEmpty() || saver.isBusy()) {
      return;
    }
    TrainingState state = completed.get().state();
    if (saver.failure().isPresent()) {
      report.completeExceptionally(
          new TrainingException("the last checkpoint could not be saved", saver.failure().get()));
    } else {
      report.complete(
          new TrainingReport(
              completed.get().steps(), state.parameters().clone(), state.digest()));
    }
  }

  private void stop(Throwable reason) {
    report.completeExceptionally(reason);
    if (timer != null) {
      timer.cancel();
    }
    if (endpoint != null) {
      endpoint.close();
      endpoint = null;
    }
    requests.values().forEach(request -> request.refuse("training master has stopped"));
    requests.clear();
  }

  private long nowNanos() {
    return environment.clock().monotonicNanos();
  }
}
