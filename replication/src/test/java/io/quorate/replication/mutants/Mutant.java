package io.quorate.replication.mutants;

import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A known bug, put into one source file: compiled apart and run in a class loader of its own, so that
 * the product needs no hook for it.
 *
 * @param name what is wrong
 * @param file below {@code io/quorate/replication}, without the ending
 * @param right what the source says
 * @param wrong what the mutant says instead
 * @param detector a class with a method {@code run(long)}, which is run for one seed after the other;
 *     or {@code Class#method}, a test
 */
record Mutant(String name, String file, String right, String wrong, String detector) {
  private static final Path SOURCES = Path.of("src/main/java/io/quorate/replication");
  private static final String PACKAGE = "io.quorate.replication.";

  /** What the detector said; empty if it found nothing within {@code seeds}. */
  Optional<String> caughtWithin(int seeds, Path directory) throws IOException {
    compile(directory);
    try (Loader loader = new Loader(directory)) {
      return detect(loader, seeds);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError("the detector cannot be run: " + this, e);
    }
  }

  private void compile(Path directory) throws IOException {
    String source = Files.readString(SOURCES.resolve(file + ".java"));
    if (source.indexOf(right) < 0 || source.indexOf(right) != source.lastIndexOf(right)) {
      throw new AssertionError(name + ": the source does not say exactly once: " + right);
    }
    Path mutated = directory.resolve("source").resolve(file + ".java");
    Files.createDirectories(mutated.getParent());
    Files.writeString(mutated, source.replace(right, wrong));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  manager,
                  null,
                  List.of(
                      "-d", Files.createDirectories(directory.resolve("classes")).toString(),
                      "-cp", System.getProperty("java.class.path"),
                      "-proc:none", "-nowarn"),
                  null,
                  manager.getJavaFileObjects(mutated))
              .call();
      if (!compiled) {
        throw new AssertionError(name + " does not compile: " + messages);
      }
    }
  }

  private Optional<String> detect(ClassLoader loader, int seeds)
      throws ReflectiveOperationException {
    int hash = detector.indexOf('#');
    if (hash >= 0) {
      Class<?> test = loader.loadClass(PACKAGE + detector.substring(0, hash));
      var constructor = test.getDeclaredConstructor();
      constructor.setAccessible(true);
      var method = findMethod(test, detector.substring(hash + 1));
      method.setAccessible(true);
      return failureOf(() -> method.invoke(constructor.newInstance()));
    }
    var run = loader.loadClass(PACKAGE + detector).getMethod("run", long.class);
    for (long seed = 0; seed < seeds; seed++) {
      long its = seed;
      Optional<String> failure = failureOf(() -> run.invoke(null, its));
      if (failure.isPresent()) {
        return Optional.of("seed " + seed + ": " + failure.get());
      }
    }
    return Optional.empty();
  }

  private static java.lang.reflect.Method findMethod(Class<?> type, String name)
      throws NoSuchMethodException {
    for (Class<?> at = type; at != null; at = at.getSuperclass()) {
      for (var method : at.getDeclaredMethods()) {
        if (method.getName().equals(name)) {
          return method;
        }
      }
    }
    throw new NoSuchMethodException(name);
  }

  private interface Invocation {
    void run() throws ReflectiveOperationException;
  }

  private static Optional<String> failureOf(Invocation invocation)
      throws ReflectiveOperationException {
    try {
      invocation.run();
      return Optional.empty();
    } catch (InvocationTargetException e) {
      String message = String.valueOf(e.getCause().getMessage()).strip();
      return Optional.of(message.lines().findFirst().orElse(e.getCause().getClass().getName()));
    }
  }

  /** Loads this module's classes itself, mutated ones first, and everything else as usual. */
  private static final class Loader extends URLClassLoader {
    Loader(Path directory) throws IOException {
      super(urls(directory), Mutant.class.getClassLoader());
      setDefaultAssertionStatus(true);
    }

    private static URL[] urls(Path directory) throws IOException {
      List<URL> urls = new ArrayList<>();
      urls.add(directory.resolve("classes").toUri().toURL());
      urls.add(Path.of("target/classes").toUri().toURL());
      urls.add(Path.of("target/test-classes").toUri().toURL());
      return urls.toArray(URL[]::new);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(PACKAGE)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : findClass(name);
      }
    }
  }
}
