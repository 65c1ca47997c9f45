package io.quorate.replication.training;

import io.quorate.core.NodeId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** A master's core whose effects are performed at once, and workers that the test plays. */
final class CoreRig {
  final TrainingOptions options;
  final long term;
  final MasterCore core;
  final List<MasterCore.Effect> events = new ArrayList<>();
  long nowNanos;
  Optional<TrainingState> saved = Optional.empty();
  Optimizer optimizer;
  /** Whether the optimizer never comes to an end. */
  boolean stuck;
  private final TreeMap<Long, TrainingMessage> answers = new TreeMap<>();
  private final ShardComputer<List<float[]>> computer;
  private final StepReducer reducer;
  private final TrainingState begin;
  private long lastId;

  CoreRig(long term, TrainingOptions options, TrainingState state, Optimizer optimizer) {
    this.term = term;
    this.options = options;
    this.begin = state;
    this.optimizer = optimizer;
    this.core = new MasterCore(term, options, state, SimulatedJob.STEPS, nowNanos);
    this.reducer = new StepReducer(options.codec(), optimizer);
    this.computer =
        new ShardComputer<>(
            options, SimulatedJob.PARAMETERS, SimulatedJob::gradient, SimulatedJob.BATCHES);
  }

  static CoreRig of(TrainingOptions options) {
    Optimizer optimizer = SimulatedJob.optimizer(options);
    float[] zeros = new float[SimulatedJob.PARAMETERS];
    return new CoreRig(
        1, options, TrainingState.initial(options, optimizer, zeros), optimizer);
  }

  TrainingState begin() {
    return begin;
  }

  /** Asks; the answer's id. */
  long ask(NodeId from, TrainingMessage message) {
    long id = ++lastId;
    perform(new MasterCore.Asked(id, from, message, nowNanos));
    return id;
  }

  Optional<TrainingMessage> answer(long id) {
    return Optional.ofNullable(answers.get(id));
  }

  TrainingMessage askNow(NodeId from, TrainingMessage message) {
    return answer(ask(from, message)).orElseThrow();
  }

  void join(NodeId worker) {
    askNow(worker, new TrainingMessage.Join(options.description(), SimulatedJob.PARAMETERS));
  }

  /** Polls for one lane; empty if there is nothing to do now. */
  Optional<TrainingMessage.Task> poll(NodeId worker, int lane) {
    return answer(ask(worker, new TrainingMessage.Poll(term, lane)))
        .filter(TrainingMessage.Task.class::isInstance)
        .map(TrainingMessage.Task.class::cast);
  }

  /** Lets time pass. */
  void tick(long millis) {
    nowNanos += millis * 1_000_000;
    perform(new MasterCore.Tick(nowNanos));
  }

  float[] parameters(NodeId worker, long version) {
    TrainingMessage answer =
        askNow(
            worker,
            new TrainingMessage.Fetch(term, version, 0, 0, SimulatedJob.PARAMETERS));
    Slice content = ((TrainingMessage.Floats) answer).content();
    float[] parameters = new float[content.floats()];
    content.toFloats(parameters, 0);
    return parameters;
  }

  /** Computes a task and hands it in. */
  TrainingMessage work(NodeId worker, TrainingMessage.Task task) {
    return askNow(worker, result(task.work(), parameters(worker, task.version())));
  }

  TrainingMessage.Part result(TrainingMessage.Work work, float[] model) {
    try {
      ShardComputer.Computed computed =
          computer.compute(work, model, new float[0], false, () -> false);
      return part(work, computed.loss(), computed.bytes().toByteArray());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  static TrainingMessage.Part part(TrainingMessage.Work work, Loss loss, byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return new TrainingMessage.Part(
        work,
        0,
        bytes.length,
        loss.sum(),
        loss.weight(),
        (int) crc.getValue(),
        Slice.of(bytes));
  }

  <E extends MasterCore.Effect> List<E> events(Class<E> kind) {
    return events.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  private void perform(MasterCore.Input first) {
    Deque<MasterCore.Input> inputs = new ArrayDeque<>(List.of(first));
    while (!inputs.isEmpty()) {
      for (MasterCore.Effect effect : core.step(inputs.remove())) {
        if (effect instanceof MasterCore.Answer answer) {
          answers.put(answer.id(), answer.message());
        } else if (effect instanceof MasterCore.AnswerFloats answer) {
          byte[] message =
              TrainingMessage.Floats.encode(
                  answer.vector(), answer.from(), answer.count(), byte[]::new);
          answers.put(answer.id(), TrainingMessage.decode(message));
        } else if (!reduce(effect, inputs)) {
          events.add(effect);
          saved = effect instanceof MasterCore.Save save ? Optional.of(save.state()) : saved;
        }
      }
    }
  }

  private boolean reduce(MasterCore.Effect effect, Deque<MasterCore.Input> inputs) {
    long number = -1;
    try {
      if (effect instanceof MasterCore.Accumulate add) {
        number = add.number();
        events.add(effect);
        reducer.add(number, SimulatedJob.PARAMETERS, add.result());
      } else if (stuck && isReduction(effect)) {
        return true;
      } else if (effect instanceof MasterCore.Reduce reduce) {
        number = reduce.number();
        if (!reducer.isSpoiled(number)) {
          TrainingState next = reducer.finish(
                  number, reduce.state(), reduce.weight(), reduce.spare());
          inputs.add(new MasterCore.Reduced(number, next, nowNanos));
        }
      } else if (effect instanceof MasterCore.ApplyEach each) {
        number = each.number();
        TrainingState next = reducer.applyEach(each.state(), each.results());
        inputs.add(new MasterCore.Reduced(number, next, nowNanos));
      } else {
        return false;
      }
    } catch (StepReducer.BadResultException e) {
      inputs.add(new MasterCore.Spoiled(number, e.result(), e.getMessage(), nowNanos));
    } catch (RuntimeException e) {
      inputs.add(new MasterCore.ReduceFailed(number, e.toString()));
    }
    return true;
  }

  private static boolean isReduction(MasterCore.Effect effect) {
    return effect instanceof MasterCore.Reduce || effect instanceof MasterCore.ApplyEach;
  }
}
