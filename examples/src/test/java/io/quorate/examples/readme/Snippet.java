package io.quorate.examples.readme;

import io.quorate.examples.readme.Readme.Block;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A Java block of a README, made into a class. What it may use without saying so: the packages of
 * the README's module and of core, and what the setting that is named above it declares. The mark
 * above it is {@code setting: NAME}, {@code not run: REASON}, or both in this order.
 */
final class Snippet {
  private static final Pattern MARK =
      Pattern.compile("(setting: (\\w+))?(, )?(not run: (.+))?");
  private static final List<String> JDK =
      List.of("java.io", "java.net", "java.nio.file", "java.time", "java.util",
          "java.util.concurrent", "java.util.function");
  private static final List<String> CORE =
      List.of("", ".codec", ".membership", ".pubsub", ".sim", ".storage", ".transport", ".wal");
  private static final Map<String, List<String>> MODULES =
      Map.of(
          "core", List.of(),
          "partitioning", List.of(""),
          "resilience", List.of("", ".balance"),
          "consensus", List.of(".election", ".raft", ".store", ".topic"),
          "replication",
              List.of("", ".checkpoint", ".crdt", ".eventual", ".quorum", ".training"),
          "examples", List.of());

  private final Block block;
  private final Matcher mark;

  /**
   * Reads the mark.
   *
   * @throws IllegalArgumentException if it has another form
   */
  Snippet(Block block) {
    this.block = block;
    this.mark = MARK.matcher(block.mark());
    if (!mark.matches()) {
      throw new IllegalArgumentException(block.where() + ": no such mark: " + block.mark());
    }
  }

  /** Whether it is a class of its own rather than some statements. */
  boolean isWhole() {
    return block.text().matches("(?s).*(^|\n)(public |final )*(class|record|interface) .*");
  }

  boolean isNotRun() {
    return mark.group(5) != null;
  }

  /** The name of the class that a whole snippet declares, or that is made of another one. */
  String className() {
    return isWhole()
        ? block.text().replaceFirst("(?s).*?(class|record|interface) (\\w+).*", "$2")
        : "Snippet" + block.line();
  }

  String source() {
    StringBuilder source = new StringBuilder();
    if (!block.text().contains("import ")) {
      imports(source);
    }
    if (isWhole()) {
      return source.append(block.text()).toString();
    }
    String setting =
        mark.group(2) == null
            ? Setting.class.getName()
            : "io.quorate.examples.readme.settings." + mark.group(2);
    return source
        .append("public class ").append(className()).append(" extends ").append(setting)
        .append(" {\n  @Override public void run() throws Exception {\n")
        .append(block.text())
        .append("  }\n}\n")
        .toString();
  }

  private void imports(StringBuilder source) {
    JDK.forEach(name -> source.append("import ").append(name).append(".*;\n"));
    if (!block.readme().module().equals("partitioning")
        && !block.readme().module().equals("resilience")) {
      CORE.forEach(name -> source.append("import io.quorate.core").append(name).append(".*;\n"));
    }
    String module = block.readme().module();
    for (String name : MODULES.getOrDefault(module, List.of())) {
      if (exists(module, "io.quorate." + module + name)) {
        source.append("import io.quorate.").append(module).append(name).append(".*;\n");
      }
    }
    source.append("import static org.assertj.core.api.Assertions.*;\n");
  }

  private static boolean exists(String module, String packageName) {
    String sources = module + "/src/main/java/" + packageName.replace('.', '/');
    return Files.isDirectory(Readme.ROOT.resolve(sources));
  }

  /**
   * Compiles it into {@code directory}.
   *
   * @return what the compiler says against it; empty if it compiles
   */
  String compile(Path directory) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    List<String> options =
        List.of(
            "-d", directory.toString(), "-cp", System.getProperty("java.class.path"),
            "-proc:none");
    boolean compiles =
        compiler.getTask(messages, null, null, options, null, List.of(file())).call();
    return compiles ? "" : block.where() + "\n" + messages;
  }

  private JavaFileObject file() {
    URI name = URI.create("string:///" + className() + ".java");
    String source = source();
    return new SimpleJavaFileObject(name, JavaFileObject.Kind.SOURCE) {
      @Override
      public CharSequence getCharContent(boolean ignoreEncodingErrors) {
        return source;
      }
    };
  }

  /** Runs what {@link #compile} put into {@code directory}. */
  void run(Path directory) throws Exception {
    URL[] urls = {directory.toUri().toURL()};
    try (URLClassLoader loader = new URLClassLoader(urls, Snippet.class.getClassLoader())) {
      Class<?> type = loader.loadClass(className());
      if (isWhole()) {
        type.getMethod("main", String[].class).invoke(null, (Object) new String[0]);
        return;
      }
      Setting setting = (Setting) type.getDeclaredConstructor().newInstance();
      try {
        setting.run();
      } finally {
        setting.after();
      }
    } catch (IOException e) {
      throw new IOException(String.format(Locale.ROOT, "%s cannot be run", block.where()), e);
    }
  }
}
