package io.quorate.core.mutation;

import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Some packages with a bug in one of their sources, and the tests and campaigns that are to find
 * it. Several may be used at a time, each by one thread.
 *
 * <p>A test that cannot be run here has found nothing: whatever comes from this class itself, or
 * from classes that do not fit together, is thrown.
 */
public final class MutantLab {
  private final ClassLoader loader;

  /**
   * Compiles the class with the bug.
   *
   * @param sources where the module's sources are
   * @param packages prefixes of the names of classes that are loaded anew: those that use the class
   *     and those that use them, as far as a test gets there
   * @throws IllegalStateException if the text is not there exactly once, or does not compile
   */
  public MutantLab(Mutant mutant, Path sources, String... packages) {
    this.loader = new MutantLoader(mutant, sources, List.of(packages));
  }

  /** The first test of {@code classes} that fails, and how; empty if none does. */
  public Optional<String> firstFailureOf(Class<?>... classes) {
    for (Class<?> original : classes) {
      Class<?> tests = here(original);
      for (Method test : annotated(tests, Test.class)) {
        if (test.getDeclaringClass() == tests) {
          Optional<String> failure = failureOf(tests, test);
          if (failure.isPresent()) {
            return Optional.of(test.getName() + ": " + failure.get());
          }
        }
      }
    }
    return Optional.empty();
  }

  /** How the test called {@code name} fails; empty if it does not. */
  public Optional<String> failureOf(Class<?> original, String name) {
    Class<?> tests = here(original);
    Method test =
        annotated(tests, Test.class).stream()
            .filter(each -> each.getName().equals(name))
            .findFirst()
            .orElseThrow(
                () -> new IllegalStateException("no test " + name + " in " + tests.getName()));
    return failureOf(tests, test);
  }

  /** What the first seed that fails says; empty if none of {@code [1, seeds]} does. */
  public Optional<String> firstFailureOf(Class<?> campaign, String method, int seeds) {
    return firstFailureOf(campaign, method, seeds, complaint -> true);
  }

  /**
   * What the first seed says that complains of what is {@code expected}; failing that, what the
   * last one says that complains of something else.
   *
   * @param method a static one of {@code campaign} that takes a seed
   */
  public Optional<String> firstFailureOf(
      Class<?> campaign, String method, int seeds, Predicate<String> expected) {
    Optional<String> other = Optional.empty();
    try {
      Method run = here(campaign).getDeclaredMethod(method, long.class);
      run.setAccessible(true);
      for (long each = 1; each <= seeds; each++) {
        long seed = each;
        Optional<String> failure = failureOf(() -> run.invoke(null, seed));
        if (failure.isPresent()) {
          other = failure.map(complaint -> "seed " + seed + ": " + complaint);
          if (expected.test(failure.get())) {
            return other;
          }
        }
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    return other;
  }

  private Class<?> here(Class<?> original) {
    try {
      return loader.loadClass(original.getName());
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Superclasses first, by name within each, so that the order is the same on every run. */
  private static List<Method> annotated(Class<?> type, Class<? extends Annotation> annotation) {
    if (type == null) {
      return List.of();
    }
    List<Method> methods = new ArrayList<>(annotated(type.getSuperclass(), annotation));
    Arrays.stream(type.getDeclaredMethods())
        .filter(method -> method.isAnnotationPresent(annotation))
        .sorted(Comparator.comparing(Method::getName))
        .forEach(methods::add);
    return methods;
  }

  private static Optional<String> failureOf(Class<?> tests, Method test) {
    return failureOf(
        () -> {
          Constructor<?> constructor = tests.getDeclaredConstructor();
          constructor.setAccessible(true);
          Object instance = constructor.newInstance();
          for (Method before : annotated(tests, BeforeEach.class)) {
            invoke(before, instance);
          }
          try {
            invoke(test, instance);
          } finally {
            for (Method after : annotated(tests, AfterEach.class)) {
              invoke(after, instance);
            }
          }
        });
  }

  private static void invoke(Method method, Object instance) throws ReflectiveOperationException {
    method.setAccessible(true);
    method.invoke(instance);
  }

  private interface Run {
    void run() throws ReflectiveOperationException;
  }

  private static Optional<String> failureOf(Run run) {
    try {
      run.run();
      return Optional.empty();
    } catch (InvocationTargetException e) {
      for (Throwable each = e.getCause(); each != null; each = each.getCause()) {
        if (each instanceof LinkageError problem) {
          throw problem;
        }
      }
      return Optional.of(String.valueOf(e.getCause()));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
