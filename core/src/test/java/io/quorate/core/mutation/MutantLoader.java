package io.quorate.core.mutation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Loads some packages anew, with a bug in one source file. The product has no seam for this: only
 * its sources are needed.
 */
final class MutantLoader extends ClassLoader {
  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  /** Remembers what is in the jars; used by one compilation at a time. */
  private static final StandardJavaFileManager FILES =
      COMPILER.getStandardFileManager(null, null, null);

  private final List<String> packages;
  private final Map<String, byte[]> mutated;

  MutantLoader(Mutant mutant, Path sources, List<String> packages) {
    super(MutantLoader.class.getClassLoader());
    setDefaultAssertionStatus(true);
    this.packages = packages;
    this.mutated = compile(mutant, sources);
  }

  private static Map<String, byte[]> compile(Mutant mutant, Path sources) {
    String path = mutant.type().replace('.', '/') + ".java";
    String source;
    try {
      source = Files.readString(sources.resolve(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int at = source.indexOf(mutant.original());
    if (at < 0 || source.indexOf(mutant.original(), at + 1) >= 0) {
      throw new IllegalStateException(
          "the text of mutant '" + mutant.name() + "' must occur once in " + path);
    }
    String edited =
        source.substring(0, at)
            + mutant.replacement()
            + source.substring(at + mutant.original().length());
    Map<String, byte[]> classes = new TreeMap<>();
    StringWriter complaints = new StringWriter();
    synchronized (FILES) {
      boolean compiled =
          COMPILER
              .getTask(
                  complaints,
                  new InMemory(FILES, classes),
                  null,
                  List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path")),
                  null,
                  List.of(new Source(path, edited)))
              .call();
      if (!compiled) {
        throw new IllegalStateException(
            "mutant '" + mutant.name() + "' does not compile: " + complaints);
      }
    }
    return classes;
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    synchronized (getClassLoadingLock(name)) {
      if (packages.stream().noneMatch(name::startsWith)) {
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

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String path, String text) {
      super(URI.create("string:///" + path), Kind.SOURCE);
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
        JavaFileManager.Location location, String name, JavaFileObject.Kind kind, FileObject near) {
      return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
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
}
