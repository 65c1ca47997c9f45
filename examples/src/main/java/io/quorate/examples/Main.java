package io.quorate.examples;

import io.quorate.examples.breaker.BreakerProgram;
import io.quorate.examples.node.NodeProgram;
import io.quorate.examples.partition.PartitionProgram;
import io.quorate.examples.platform.PlatformProgram;
import io.quorate.examples.recommender.RecommenderProgram;
import io.quorate.examples.reload.ReloadProgram;
import io.quorate.examples.ring.RingProgram;
import io.quorate.examples.serving.ServingProgram;
import io.quorate.examples.training.TrainingProgram;
import java.util.Set;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** Lists and runs the programs of this jar. */
@Command(
    name = "examples",
    description = "Programs that show Quorate's primitives at work.",
    mixinStandardHelpOptions = true,
    subcommands = {
      PlatformProgram.class,
      NodeProgram.class,
      TrainingProgram.class,
      ServingProgram.class,
      ReloadProgram.class,
      RecommenderProgram.class,
      PartitionProgram.class,
      RingProgram.class,
      BreakerProgram.class
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** Runs the program named first, {@code platform} if none is; exits with 2 on bad arguments. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(withProgram(args)));
  }

  /** The arguments, with {@code platform} in front if they name no program and ask for no help. */
  static String[] withProgram(String[] args) {
    boolean named = args.length > 0 && !args[0].startsWith("-");
    boolean help = args.length > 0 && Set.of("-h", "--help", "-V", "--version").contains(args[0]);
    if (named || help) {
      return args;
    }
    String[] whole = new String[args.length + 1];
    whole[0] = "platform";
    System.arraycopy(args, 0, whole, 1, args.length);
    return whole;
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
