package io.quorate.examples;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** What the options of all programs have in common. */
public final class Arguments {
  private Arguments() {}

  /**
   * Refuses a number outside of its range: one line, exit code 2.
   *
   * @throws ParameterException if {@code value} is not {@code least} to {@code most}
   */
  public static void require(
      CommandSpec spec, String option, long value, long least, long most) {
    if (value < least || value > most) {
      throw refused(spec, option + " must be " + least + " to " + most + ", was " + value);
    }
  }

  /** The refusal of arguments for {@code reason}, to be thrown. */
  public static ParameterException refused(CommandSpec spec, String reason) {
    return new ParameterException(spec.commandLine(), reason);
  }
}
