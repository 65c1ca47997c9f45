package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.examples.language.LanguageModel;
import io.quorate.examples.language.LanguageNames;
import io.quorate.examples.language.LanguageNames.Example;
import io.quorate.examples.language.Ngrams;
import io.quorate.replication.training.GradientFunction;
import io.quorate.replication.training.Optimizer;
import io.quorate.replication.training.TrainingOptions;
import io.quorate.replication.training.TrainingWorker;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Which language is a name in? */
final class LanguageTask implements Task {
  private static final int BATCH = 1_024;

  private final LanguageNames names = LanguageNames.collect();
  private final LanguageModel model = new LanguageModel(names.languages().size());
  private final List<Question> heldOut =
      names.heldOut().stream().map(x -> new Question(x.text(), x.label())).toList();
  private final List<String> classes =
      names.languages().stream()
          .map(tag -> Locale.forLanguageTag(tag).getDisplayLanguage(Locale.ENGLISH))
          .toList();

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "%,d names in %d languages, from this JDK's Unicode CLDR data",
        names.training().size() + heldOut.size(),
        classes.size());
  }

  @Override
  public String prompt() {
    return "a name or a few words, such as Vereinigtes Königreich";
  }

  @Override
  public String name() {
    return "ngrams-" + names.training().size();
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public float[] initial() {
    return new float[model.parameters()];
  }

  @Override
  public Optimizer optimizer() {
    return Optimizer.momentum(1.0, 0.9);
  }

  @Override
  public long stepsPerEpoch() {
    return Math.max(1, names.training().size() / BATCH);
  }

  @Override
  public int epochs() {
    return 12;
  }

  @Override
  public double requiredAccuracy() {
    return 0.6;
  }

  @Override
  public List<Question> heldOut() {
    return heldOut;
  }

  @Override
  public float[] probabilities(float[] parameters, String text) {
    return model.probabilities(parameters, Ngrams.of(text));
  }

  @Override
  public TrainingWorker work(
      Environment environment,
      TrainingOptions options,
      Supplier<Optional<NodeId>> master,
      Duration delay) {
    GradientFunction<List<Example>> late =
        (parameters, batch, gradientSum, context) -> {
          LockSupport.parkNanos(delay.toNanos());
          return model.gradient(parameters, batch, gradientSum, context);
        };
    return TrainingWorker.start(
        environment,
        options,
        model.parameters(),
        delay.isZero() ? model::gradient : late,
        LanguageModel.batches(names.training(), BATCH),
        master,
        1);
  }
}
