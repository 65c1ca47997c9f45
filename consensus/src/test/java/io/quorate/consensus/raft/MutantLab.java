package io.quorate.consensus.raft;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Compiles one source file with a bug in it, and runs seeds against the classes that result. The
 * product has no seam for this: only its sources are needed.
 */
final class MutantLab {
  private static final Path SOURCES = Path.of("src/main/java/io/quorate/consensus/raft");
  private static final String PACKAGE = MutantLab.class.getPackageName() + ".";

  private MutantLab() {}

  /** The first seed of {@code [1, seeds]} that finds {@code mutant}; empty if none does. */
  static Optional<Long> firstSeedThatKills(Mutant mutant, int seeds) throws Exception {
    Method run = campaign(compile(mutant));
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
    ClassLoader loader = new MutantLoader(compile(mutant));
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

  private static Method campaign(Map<String, byte[]> mutated) throws Exception {
    Class<?> campaign =
        new MutantLoader(mutated).loadClass(PACKAGE + "CoreNetworkTest");
    Method run = campaign.getDeclaredMethod("run", long.class);
    run.setAccessible(true);
    return run;
  }

  private static Map<String, byte[]> compile(Mutant mutant) throws IOException {
    String source = Files.readString(SOURCES.resolve(mutant.file() + ".java"));
    int at = source.indexOf(mutant.original());
    if (at < 0 || source.indexOf(mutant.original(), at + 1) >= 0) {
      throw new IllegalStateException(
          "the text of mutant '" + mutant.name() + "' must occur once in " + mutant.file());
    }
    String edited =
        source.substring(0, at)
            + mutant.replacement()
            + source.substring(at + mutant.original().length());
    Map<String, byte[]> classes = new TreeMap<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager standard = compiler.getStandardFileManager(null, null, null);
    List<String> options =
        List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(null, new InMemory(standard, classes), null, options, null,
                List.of(new Source(mutant.file(), edited)))
            .call();
    if (!compiled) {
      throw new IllegalStateException("mutant '" + mutant.name() + "' does not compile");
    }
    return classes;
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(
          URI.create("string:///" + PACKAGE.replace('.', '/') + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  private static final class InMemory extends ForwardingJavaFileManager<StandardJavaFileManager> {
    private final Map<String, byte[]> classes;

    InMemory(StandardJavaFileManager manager, Map<String, byte[]> classes) {
      super(manager);
      this.classes = classes;
    }

    @Override
    public JavaFileObject getJavaFileForOutput(
        JavaFileManager.Location location,
        String name,
        JavaFileObject.Kind kind,
        FileObject sibling) {
      return new SimpleJavaFileObject(URI.create("memory:///" + name + ".class"), kind) {
        @Override
        public OutputStream openOutputStream() {
          return new ByteArrayOutputStream() {
            @Override
            public void close() {
              classes.put(name, toByteArray());
            }
          };
        }
      };
    }
  }

  /** Loads the package anew, with the mutated classes in their place. */
  private static final class MutantLoader extends ClassLoader {
    private final Map<String, byte[]> mutated;

    MutantLoader(Map<String, byte[]> mutated) {
      super(MutantLab.class.getClassLoader());
      this.mutated = mutated;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      synchronized (getClassLoadingLock(name)) {
        if (!name.startsWith(PACKAGE)) {
          return super.loadClass(name, resolve);
        }
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : define(name);
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      byte[] bytes = mutated.get(name);
      if (bytes == null) {
        try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
          if (in == null) {
            throw new ClassNotFoundException(name);
          }
          bytes = in.readAllBytes();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
      return defineClass(name, bytes, 0, bytes.length);
    }
  }
}
