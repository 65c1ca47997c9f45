package io.quorate.core.pubsub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Compiles one class of the package with a bug in it, and runs the package's tests against it. */
final class MutantLab extends ClassLoader {
  private static final String PACKAGE = MutantLab.class.getPackageName() + ".";
  private static final Path SOURCES = Path.of("src/main/java", PACKAGE.replace('.', '/'));

  /** Classes that differ, by name. */
  private final SortedMap<String, byte[]> mutated = new TreeMap<>();

  /**
   * A loader of the package with {@code replacement} in place of {@code original}, which must occur
   * once in {@code file}.
   */
  MutantLab(String file, String original, String replacement) throws IOException {
    super(MutantLab.class.getClassLoader());
    String source = Files.readString(SOURCES.resolve(file + ".java"));
    if (source.split(Pattern.quote(original), -1).length != 2) {
      throw new IllegalStateException("must occur once in " + file + ": " + original);
    }
    SimpleJavaFileObject edited =
        new SimpleJavaFileObject(
            URI.create("string:///" + PACKAGE.replace('.', '/') + file + ".java"),
            JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source.replace(original, replacement);
          }
        };
    var compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options =
        List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"));
    var files = new Memory(compiler.getStandardFileManager(null, null, null));
    if (!compiler.getTask(null, files, null, options, null, List.of(edited)).call()) {
      throw new IllegalStateException("does not compile: " + replacement);
    }
  }

  /** Keeps what is compiled. */
  private final class Memory extends ForwardingJavaFileManager<StandardJavaFileManager> {
    Memory(StandardJavaFileManager manager) {
      super(manager);
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        Location location, String name, JavaFileObject.Kind kind, FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
        @Override
        public OutputStream openOutputStream() {
          return new ByteArrayOutputStream() {
            @Override
            public void close() {
              mutated.put(name, toByteArray());
            }
          };
        }
      };
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(PACKAGE)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    byte[] bytes = mutated.get(name);
    if (bytes == null) {
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        bytes = in.readAllBytes();
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
    return defineClass(name, bytes, 0, bytes.length);
  }

  /** The first test of {@code classes} that fails; empty if none does. */
  Optional<String> firstFailureOf(Class<?>... classes) throws ReflectiveOperationException {
    for (Class<?> original : classes) {
      Class<?> tests = loadClass(original.getName());
      Constructor<?> constructor = tests.getDeclaredConstructor();
      constructor.setAccessible(true);
      for (Method test : tests.getDeclaredMethods()) {
        if (test.isAnnotationPresent(Test.class)) {
          test.setAccessible(true);
          Object instance = constructor.newInstance();
          try {
            prepare(tests.getSuperclass(), instance);
            test.invoke(instance);
          } catch (InvocationTargetException e) {
            return Optional.of(test.getName());
          }
        }
      }
    }
    return Optional.empty();
  }

  private static void prepare(Class<?> type, Object instance)
      throws ReflectiveOperationException {
    for (Method method : type.getDeclaredMethods()) {
      if (method.isAnnotationPresent(BeforeEach.class)) {
        method.setAccessible(true);
        method.invoke(instance);
      }
    }
  }

  /** The first seed of {@code [1, seeds]} whose storm fails; empty if none does. */
  Optional<String> firstStormThatFails(int seeds) throws ReflectiveOperationException {
    Method storm =
        loadClass(BusSimulationTest.class.getName()).getDeclaredMethod("storm", long.class);
    storm.setAccessible(true);
    for (long seed = 1; seed <= seeds; seed++) {
      try {
        storm.invoke(null, seed);
      } catch (InvocationTargetException e) {
        return Optional.of("seed " + seed + ": " + e.getCause().getMessage());
      }
    }
    return Optional.empty();
  }
}
