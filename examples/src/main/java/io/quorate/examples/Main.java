package io.quorate.examples;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Lists and runs the programs of this jar. */
@Command(
    name = "examples",
    description = "Programs that show Quorate's primitives at work.",
    mixinStandardHelpOptions = true)
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Runs the program named by the first argument; exits with 2 on bad arguments. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new Main()).execute(args));
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
