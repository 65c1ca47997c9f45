package io.quorate.consensus.mutation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
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
public final class MutantLoader extends ClassLoader {
  private final List<String> packages;
  private final Map<String, byte[]> mutated;

  /**
   * Compiles the class with the bug.
   *
   * @param bug what it is called when something is wrong with it
   * @param sources where the module's sources are
   * @param type the class's name, with its package
   * @param original must occur once in the source
   * @param packages prefixes of the names of classes that are loaded anew
   */
  public MutantLoader(
      String bug,
      Path sources,
      String type,
      String original,
      String replacement,
      List<String> packages)
      throws IOException {
    super(MutantLoader.class.getClassLoader());
    this.packages = List.copyOf(packages);
    this.mutated = compile(bug, sources, type, original, replacement);
  }

  private static Map<String, byte[]> compile(
      String bug, Path sources, String type, String original, String replacement)
      throws IOException {
    String path = type.replace('.', '/') + ".java";
    String source = Files.readString(sources.resolve(path));
    int at = source.indexOf(original);
    if (at < 0 || source.indexOf(original, at + 1) >= 0) {
      throw new IllegalStateException(
          "the text of mutant '" + bug + "' must occur once in " + path);
    }
    String edited =
        source.substring(0, at) + replacement + source.substring(at + original.length());
    Map<String, byte[]> classes = new TreeMap<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StandardJavaFileManager standard = compiler.getStandardFileManager(null, null, null);
    List<String> options =
        List.of("-proc:none", "-nowarn", "-cp", System.getProperty("java.class.path"));
    boolean compiled =
        compiler
            .getTask(null, new InMemory(standard, classes), null, options, null,
                List.of(new Source(path, edited)))
            .call();
    if (!compiled) {
      throw new IllegalStateException("mutant '" + bug + "' does not compile");
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
}
