package io.quorate.consensus.raft;

import io.quorate.consensus.mutation.MutantLoader;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * Runs tests and seeds against the package with a bug in one of its sources.
 */
final class MutantLab {
  private static final Path SOURCES = Path.of("src/main/java");
  private static final String PACKAGE = MutantLab.class.getPackageName() + ".";

  private MutantLab() {}

  /** The first seed of {@code [1, seeds]} that finds {@code mutant}; empty if none does. */
  static Optional<Long> firstSeedThatKills(Mutant mutant, int seeds) throws Exception {
    Method run = campaign(mutant);
    for (long seed = 1; seed <= seeds; seed++) {
      try {
        run.invoke(null, seed);
      } catch (InvocationTargetException e) {
        return Optional.of(seed);
      }
    }
    return Optional.empty();
  }

  /** The first test of {@code classes} that finds {@code mutant}; empty if none does. */
  static Optional<String> firstTestThatKills(Mutant mutant, List<Class<?>> classes)
      throws Exception {
    ClassLoader loader = loaderOf(mutant);
    for (Class<?> original : classes) {
      Class<?> tests = loader.loadClass(original.getName());
      for (Method test : tests.getDeclaredMethods()) {
        if (test.isAnnotationPresent(Test.class)) {
          test.setAccessible(true);
          Constructor<?> constructor = tests.getDeclaredConstructor();
          constructor.setAccessible(true);
          try {
            test.invoke(constructor.newInstance());
          } catch (InvocationTargetException e) {
            return Optional.of(test.getName());
          }
        }
      }
    }
    return Optional.empty();
  }

  private static Method campaign(Mutant mutant) throws Exception {
    Class<?> campaign = loaderOf(mutant).loadClass(PACKAGE + "CoreNetworkTest");
    Method run = campaign.getDeclaredMethod("run", long.class);
    run.setAccessible(true);
    return run;
  }

  private static ClassLoader loaderOf(Mutant mutant) throws IOException {
    return new MutantLoader(
        mutant.name(), SOURCES, PACKAGE + mutant.file(), mutant.original(), mutant.replacement(),
        List.of(PACKAGE));
  }
}
