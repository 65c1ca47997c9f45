package io.quorate.consensus.raft;

import io.quorate.core.mutation.Mutant;
import io.quorate.core.mutation.MutantLab;
import java.nio.file.Path;

/**
 * A known bug of some implementation, put back by a textual edit of one source file.
 *
 * @param name what it does, and where it happened
 * @param item of the correctness checklist
 * @param file the class that is edited
 * @param original text that occurs in it exactly once
 * @param replacement what stands there instead
 */
record KnownBug(String name, int item, String file, String original, String replacement) {
  private static final String PACKAGE = KnownBug.class.getPackageName() + ".";

  /** The package with this bug in it. */
  MutantLab laboratory() {
    return new MutantLab(
        new Mutant(name, PACKAGE + file, original, replacement), Path.of("src/main/java"), PACKAGE);
  }
}
