package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.examples.training.Task;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingWorker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * What is learnt and then asked. Safe for use by many threads.
 *
 * @param learnt examples, model and settings
 * @param classes what can be answered, for people, by label
 * @param prompt what a user types, for people
 * @param epochs how often all examples are seen unless a user says otherwise
 * @param requiredAccuracy on held-out data, 0 to 1
 * @param heldOut questions that training does not see
 */
record Exam(
    Task<?> learnt,
    List<String> classes,
    String prompt,
    int epochs,
    double requiredAccuracy,
    List<Question> heldOut) {
  private static final int EPOCHS = 12;
  private static final double LANGUAGE_ACCURACY = 0.6;

  /**
   * A question whose answer is known.
   *
   * @param text as a user types it
   * @param label the index of the right class
   */
  record Question(String text, int label) {}

  /** Which language is a name in? Takes seconds. */
  static Exam languages() {
    var learnt = Task.languages();
    List<String> names =
        learnt.labels().stream()
            .map(tag -> Locale.forLanguageTag(tag).getDisplayLanguage(Locale.ENGLISH))
            .toList();
    return new Exam(
        learnt,
        names,
        "a name, such as Vereinigtes Königreich",
        EPOCHS,
        LANGUAGE_ACCURACY,
        questions(learnt));
  }

  /**
   * Which label does a row of {@code file} have? The model must get half of what always answering
   * the most frequent label gets wrong.
   *
   * @throws io.quorate.examples.tabular.TableException if it is no table of labels and numbers
   */
  static Exam table(Path file, long seed) {
    var learnt = Task.table(file, seed);
    List<Question> heldOut = questions(learnt);
    long[] counts = new long[learnt.labels().size()];
    heldOut.forEach(question -> counts[question.label()]++);
    long most = 0;
    for (long count : counts) {
      most = Math.max(most, count);
    }
    double blind = (double) most / heldOut.size();
    return new Exam(
        learnt,
        learnt.labels(),
        "the numbers of a row, such as " + heldOut.get(0).text(),
        EPOCHS,
        (1 + blind) / 2,
        heldOut);
  }

  private static <X> List<Question> questions(Task<X> learnt) {
    return learnt.heldOut().stream()
        .map(x -> new Question(learnt.text().apply(x), learnt.label().applyAsInt(x)))
        .toList();
  }

  Optimizer optimizer() {
    return Optimizer.momentum(learnt.rate(), 0.9);
  }

  /** Steps that see each training example once. */
  long stepsPerEpoch() {
    return learnt.batches().stepsPerEpoch();
  }

  /**
   * The probability of each class.
   *
   * @throws IllegalArgumentException if {@code text} is no question of this exam
   */
  float[] probabilities(float[] parameters, String text) {
    return learnt.judgement().probabilities(parameters, text);
  }

  /** Starts a worker that is late by {@code delay} with each piece of work. */
  TrainingWorker work(
      Environment environment,
      TrainingOptions options,
      Supplier<Optional<NodeId>> master,
      Duration delay) {
    return work(learnt, environment, options, master, delay);
  }

  private static <X> TrainingWorker work(
      Task<X> learnt,
      Environment environment,
      TrainingOptions options,
      Supplier<Optional<NodeId>> master,
      Duration delay) {
    GradientFunction<List<X>> late =
        (parameters, batch, gradientSum, context) -> {
          LockSupport.parkNanos(delay.toNanos());
          return learnt.gradient().compute(parameters, batch, gradientSum, context);
        };
    return TrainingWorker.start(
        environment,
        options,
        learnt.initial().length,
        delay.isZero() ? learnt.gradient() : late,
        learnt.batches(),
        master,
        1);
  }
}
