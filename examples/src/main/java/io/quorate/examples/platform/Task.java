package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingWorker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** What is learnt and then asked. Safe for use by many threads. */
interface Task {
  /**
   * A question whose answer is known.
   *
   * @param text as a user types it
   * @param label the index of the right class
   */
  record Question(String text, int label) {}

  /** What the data are, for people. */
  String description();

  /** What a user types, for people. */
  String prompt();

  /** Names the model and the data: workers with others must not take part. */
  String name();

  /** What can be answered, by label. */
  List<String> classes();

  /** The parameters that training begins with. */
  float[] initial();

  Optimizer optimizer();

  /** Steps that see each training example once. */
  long stepsPerEpoch();

  /** How often all examples are seen unless a user says otherwise. */
  int epochs();

  /** The accuracy on held-out data that a model must reach, 0 to 1. */
  double requiredAccuracy();

  /** Questions that training does not see. */
  List<Question> heldOut();

  /**
   * The probability of each class.
   *
   * @throws IllegalArgumentException if {@code text} is no question of this task
   */
  float[] probabilities(float[] parameters, String text);

  /** The share of the held-out questions that are answered right. */
  default double accuracy(float[] parameters) {
    long right =
        heldOut().stream()
            .filter(x -> most(probabilities(parameters, x.text())) == x.label())
            .count();
    return (double) right / heldOut().size();
  }

  /** Starts a worker that is late by {@code delay} with each piece of work. */
  TrainingWorker work(
      Environment environment,
      TrainingOptions options,
      Supplier<Optional<NodeId>> master,
      Duration delay);

  /** The index of the highest of {@code values}, the first of equals. */
  static int most(float[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }
}
