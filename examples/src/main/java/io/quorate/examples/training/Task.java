package io.quorate.examples.training;

import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.LanguageNames;
import io.quorate.examples.language.Ngrams;
import io.quorate.examples.tabular.Row;
import io.quorate.examples.tabular.Table;
import io.quorate.examples.tabular.TableReader;
import io.quorate.examples.tabular.TabularModel;
import io.quorate.replication.training.BatchSource;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.SyncPolicy;
import io.quorate.replication.training.TrainingOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * What the examples can learn: labelled examples, a model of them, and the settings that suit it.
 * Safe for use by many threads.
 *
 * @param job the name of the job
 * @param model name and version of model and data: workers with another are refused
 * @param about one line for people
 * @param labels what an example may be
 * @param training the examples to learn from
 * @param heldOut the examples to judge by
 * @param initial the parameters at the begin; not to be modified
 * @param gradient of the loss
 * @param batches of all shards together
 * @param rate of gradient descent
 * @param judgement of a text, given parameters
 * @param text of an example, for {@code judgement}
 * @param label the index of an example's label
 */
public record Task<X>(
    String job,
    String model,
    String about,
    List<String> labels,
    List<X> training,
    List<X> heldOut,
    float[] initial,
    GradientFunction<List<X>> gradient,
    BatchSource<List<X>> batches,
    double rate,
    Judgement judgement,
    Function<X, String> text,
    ToIntFunction<X> label) {
  private static final int HIDDEN_UNITS = 256;

  /** What a model makes of a text. */
  @FunctionalInterface
  public interface Judgement {
    /**
     * The probability of each label.
     *
     * @throws IllegalArgumentException if {@code text} is not of this task
     */
    float[] probabilities(float[] parameters, String text);
  }

  /** Which language is a name in? From the Unicode CLDR data of this JDK; takes seconds. */
  public static Task<LanguageNames.Example> languages() {
    LanguageNames names = LanguageNames.collect();
    LanguageModel model = new LanguageModel(names.languages().size());
    return new Task<>(
        "languages",
        "ngrams-" + names.training().size(),
        String.format(
            Locale.ROOT,
            "%,d names in %d languages, from this JDK's Unicode CLDR data",
            names.training().size() + names.heldOut().size(), names.languages().size()),
        names.languages(),
        names.training(),
        names.heldOut(),
        new float[model.parameters()],
        model::gradient,
        LanguageModel.batches(names.training(), 1_024),
        1.0,
        (parameters, text) -> model.probabilities(parameters, Ngrams.of(text)),
        LanguageNames.Example::text,
        LanguageNames.Example::label);
  }

  /**
   * Which label does a row of {@code file} have? {@code seed} decides the initial weights and the
   * order of the rows.
   *
   * @throws io.quorate.examples.tabular.TableException if it is no table of labels and numbers
   */
  public static Task<Row> table(Path file, long seed) {
    Table table = TableReader.read(file);
    TabularModel model =
        new TabularModel(table.columns().size(), HIDDEN_UNITS, table.labels().size());
    int rows = table.training().size() + table.heldOut().size();
    return new Task<>(
        "table",
        "network-" + model.features() + "-" + HIDDEN_UNITS + "-" + model.labels() + "-" + rows,
        String.format(
            Locale.ROOT,
            "%,d rows of %d numbers with %d labels, from %s",
            rows, model.features(), model.labels(), file.getFileName()),
        table.labels(),
        table.training(),
        table.heldOut(),
        model.initial(seed),
        model::gradient,
        TabularModel.batches(table.training(), 256, seed),
        0.1,
        (parameters, text) -> model.probabilities(parameters, table.features(text)),
        Row::text,
        Row::label);
  }

  /** How many steps {@code epochs} take; with local steps, each counts for as many as those. */
  public long steps(int epochs, SyncPolicy sync) {
    long steps = epochs * batches.stepsPerEpoch();
    return sync instanceof SyncPolicy.LocalSgd local
        ? Math.max(1, steps / local.localSteps())
        : steps;
  }

  /** An optimizer that suits the task and when its updates are done. */
  public Optimizer optimizer(TrainingOptions options) {
    if (options.sync() instanceof SyncPolicy.LocalSgd) {
      return Optimizer.nesterov(0.7, 0.9);
    }
    if (!options.sync().isLockStep()) {
      // What momentum comes to in the long run, in as many smaller steps as there are shards.
      return Optimizer.sgd(10 * rate / options.shards());
    }
    return Optimizer.momentum(rate, 0.9);
  }

  /** The share of held-out examples whose label is guessed right. */
  public double accuracy(float[] parameters) {
    long right =
        heldOut.stream()
            .filter(
                x ->
                    mostProbable(judgement.probabilities(parameters, text.apply(x)))
                        == label.applyAsInt(x))
            .count();
    return (double) right / heldOut.size();
  }

  /** The index of the highest of {@code probabilities}, the first of equals. */
  public static int mostProbable(float[] probabilities) {
    int best = 0;
    for (int k = 1; k < probabilities.length; k++) {
      best = probabilities[k] > probabilities[best] ? k : best;
    }
    return best;
  }
}
