package io.quorate.examples;

import io.quorate.examples.node.NodeProgram;
import io.quorate.examples.training.TrainingProgram;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Lists and runs the programs of this jar. */
@Command(
    name = "examples",
    description = "Programs that show Quorate's primitives at work.",
    mixinStandardHelpOptions = true,
    subcommands = {NodeProgram.class, TrainingProgram.class})
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Runs the program named by the first argument; exits with 2 on bad arguments. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The programs, with bad arguments answered by one line and exit code 2. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setParameterExceptionHandler(
            (e, arguments) -> {
              e.getCommandLine().getErr().println(e.getMessage().replace('\n', ' '));
              return CommandLine.ExitCode.USAGE;
            });
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
