package io.quorate.examples.platform;

import io.quorate.core.storage.StorageException;
import io.quorate.examples.Arguments;
import io.quorate.examples.tabular.TableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Elects, trains, publishes and serves in three regions while things break; keeps the score. */
@Command(
    name = "platform",
    description = "Trains and serves a model in three regions while things break.",
    mixinStandardHelpOptions = true)
public final class PlatformProgram implements Callable<Integer> {
  private static final int BROKEN_PROMISE = 1;
  private static final int DEFAULT_SECONDS = 20;
  private static final int AFTERWARDS_PER_SECOND = 200;

  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  @Option(
      names = "--seconds",
      description = "How long faults strike, at least about (default " + DEFAULT_SECONDS + ").")
  private Integer seconds;

  @Option(
      names = "--rate",
      defaultValue = "500",
      description =
          "Questions a second, or max to search for the highest (default ${DEFAULT-VALUE}).")
  private String rate;

  @Option(names = "--epochs", description = "How long to train; by default as the data need.")
  private Integer epochs;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Which faults come when, and whom they meet (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--data",
      paramLabel = "FILE",
      description =
          "Learn this table (CSV with a header, first the label, then numbers; may be gzipped)"
              + " instead of the names that come with the JDK.")
  private Path data;

  @Option(
      names = "--dir",
      paramLabel = "DIR",
      description = "Where the nodes' files go and stay; must be empty. By default they go.")
  private Path directory;

  @Option(names = "--json", paramLabel = "FILE", description = "Writes the score there as well.")
  private Path json;

  @Option(
      names = "--ui",
      paramLabel = "PORT",
      description = "Shows it live in a browser; runs on until interrupted unless with --seconds.")
  private Integer ui;

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
    requireWritable(json);
    Chronicle chronicle = new Chronicle(out);
    chronicle.title("Data");
    Exam exam = exam();
    chronicle.fact(exam.learnt().about());
    try (Ground ground = Ground.prepare(directory)) {
      return run(settings, new Scene(chronicle, exam), ground);
    } catch (IOException e) {
      throw Arguments.refused(spec, String.valueOf(e.getMessage()));
    } catch (StorageException e) {
      throw Arguments.refused(spec, "a node's files cannot be used: " + e.getMessage());
    }
  }

  private int run(Settings settings, Scene scene, Ground ground) throws Exception {
    try (UiServer page = ui == null ? null : open(scene);
        Platform platform = new Platform(scene.exam, ground.path(), scene.chronicle)) {
      scene.platform(platform);
      if (page != null) {
        scene.chronicle.event("watch it at " + page.address());
      }
      Scorecard score = new Story(settings, out, scene, platform, ground.path()).play();
      score.print(out);
      if (json != null) {
        Files.writeString(json, score.json());
      }
      out.println(score.allMet() ? "\nEvery promise was kept." : "\nNot every promise was kept.");
      int exitCode = score.allMet() ? 0 : BROKEN_PROMISE;
      if (page != null && seconds == null) {
        goOn(scene, page, ground, exitCode);
      }
      return exitCode;
    }
  }

  /** Serves on, for whoever looks on, until the process is told to stop. */
  private static void goOn(Scene scene, UiServer page, Ground ground, int exitCode)
      throws InterruptedException {
    scene.chronicle.title("Serving on at " + page.address() + " until interrupted (Ctrl-C)");
    Load load =
        new Load(scene.platform().front(), scene.exam.heldOut(), AFTERWARDS_PER_SECOND);
    scene.load(load);
    ground.awaitInterrupt(exitCode);
    load.stop();
  }

  private UiServer open(Scene scene) {
    try {
      return new UiServer(ui, scene);
    } catch (IOException e) {
      throw Arguments.refused(spec, "--ui " + ui + ": " + e.getMessage());
    }
  }

  private Exam exam() {
    try {
      return data == null ? Exam.languages() : Exam.table(data, seed);
    } catch (TableException e) {
      throw Arguments.refused(spec, e.getMessage());
    }
  }

  private void requireWritable(Path file) {
    if (file == null) {
      return;
    }
    Path parent = file.toAbsolutePath().getParent();
    boolean there = Files.exists(file);
    if (Files.isDirectory(file) || !Files.isWritable(there ? file : parent)) {
      throw Arguments.refused(spec, "--json cannot be written: " + file);
    }
  }

  private Settings settings() {
    int serving = seconds == null ? DEFAULT_SECONDS : seconds;
    Arguments.require(spec, "--seconds", serving, 5, 86_400);
    Arguments.require(spec, "--epochs", epochs == null ? 1 : epochs, 1, 1_000);
    Arguments.require(spec, "--ui", ui == null ? 0 : ui, 0, 65_535);
    return new Settings(
        Duration.ofSeconds(serving),
        rate(),
        epochs == null ? OptionalInt.empty() : OptionalInt.of(epochs),
        seed);
  }

  private OptionalDouble rate() {
    if (rate.equals("max")) {
      return OptionalDouble.empty();
    }
    if (!rate.matches("[0-9]{1,9}")) {
      throw Arguments.refused(spec, "--rate must be a number or max, was " + rate);
    }
    int number = Integer.parseInt(rate);
    Arguments.require(spec, "--rate", number, 1, 1_000_000);
    return OptionalDouble.of(number);
  }
}
