package io.quorate.examples.platform;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Elects, trains, publishes and serves in three regions while things break; then keeps the score. */
@Command(
    name = "platform",
    description = "Trains and serves a model in three regions while things break.",
    mixinStandardHelpOptions = true)
public final class PlatformProgram implements Callable<Integer> {
  private static final int MIN_SECONDS = 5;
  private static final int BROKEN_PROMISE = 1;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      description = "How long faults strike (default ${DEFAULT-VALUE}).")
  private int seconds;

  @Option(
      names = "--rate",
      defaultValue = "500",
      description = "Questions a second (default ${DEFAULT-VALUE}).")
  private int rate;

  @Option(names = "--epochs", description = "How long to train; by default as the data need.")
  private Integer epochs;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Which faults come when, and whom they meet (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(names = "--json", description = "Writes the score there as well.")
  private Path json;

  private final PrintStream out;

  /** Prints to the terminal. */
  public PlatformProgram() {
    this(System.out);
  }

  PlatformProgram(PrintStream out) {
    this.out = out;
  }

  @Override
  public Integer call() throws Exception {
    Settings settings = settings();
    Chronicle chronicle = new Chronicle(out);
    Path root = Files.createTempDirectory("quorate-platform");
    try {
      chronicle.title("Data");
      Task task = new LanguageTask();
      chronicle.fact(task.description());
      Scorecard score = new Story(settings, out, chronicle).play(task, root);
      score.print(out);
      if (json != null) {
        Files.writeString(json, score.json());
      }
      out.println(score.allMet() ? "\nEvery promise was kept." : "\nNot every promise was kept.");
      return score.allMet() ? 0 : BROKEN_PROMISE;
    } finally {
      PlatformNode.delete(root);
    }
  }

  private Settings settings() {
    if (seconds < MIN_SECONDS || rate < 1 || epochs != null && epochs < 1) {
      throw new ParameterException(
          spec.commandLine(),
          "--seconds must be at least " + MIN_SECONDS + ", --rate and --epochs at least 1, were "
              + seconds + ", " + rate + " and " + epochs);
    }
    return new Settings(
        Duration.ofSeconds(seconds),
        rate,
        epochs == null ? OptionalInt.empty() : OptionalInt.of(epochs),
        seed);
  }
}
