package io.quorate.examples.readme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Says what in a Maven command does not exist in this project. Words in capitals are blanks. */
final class MavenCommand {
  private static final Set<String> FLAGS = Set.of("-am", "-q", "-B", "-o", "-e");
  private static final Set<String> GOALS =
      Set.of(
          "clean", "compile", "test-compile", "test", "package", "verify", "install",
          "exec:java", "exec:exec");
  /** What Maven's own plugins understand. */
  private static final Set<String> PROPERTIES =
      Set.of(
          "skipTests", "test", "surefire.failIfNoSpecifiedTests", "exec.mainClass",
          "exec.classpathScope", "exec.args");

  private final List<String> modules = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final boolean ownMain;

  private MavenCommand(List<String> tokens) {
    ownMain = tokens.stream().anyMatch(token -> token.startsWith("-Djmh.main="));
    for (int i = 1; i < tokens.size(); i++) {
      if (tokens.get(i).equals("-pl")) {
        modules.addAll(List.of(tokens.get(i + 1).split(",")));
      }
    }
    if (tokens.size() < 2) {
      problems.add("does nothing");
    }
    for (int i = 1; i < tokens.size(); i++) {
      String token = tokens.get(i);
      if (token.equals("-pl")) {
        i++;
      } else {
        check(token);
      }
    }
    for (String module : modules) {
      require(Files.exists(Readme.ROOT.resolve(module).resolve("pom.xml")) || isBlank(module),
          "no module " + module);
    }
  }

  /** One line for each thing that is not there; empty if all are. */
  static List<String> problemsOf(String command) {
    return new MavenCommand(CommandLineTokens.of(command)).problems;
  }

  private void check(String token) {
    if (token.startsWith("-P")) {
      for (String profile : token.substring(2).split(",")) {
        require(
            poms().stream().anyMatch(
                pom -> text(pom).matches(
                    "(?s).*<profile>\\s*<id>" + Pattern.quote(profile) + "</id>.*")),
            "no profile " + profile);
      }
    } else if (token.startsWith("-D")) {
      int equals = token.indexOf('=');
      String key = token.substring(2, equals < 0 ? token.length() : equals);
      property(key, equals < 0 ? "" : token.substring(equals + 1));
    } else {
      require(FLAGS.contains(token) || GOALS.contains(token), "no flag or goal " + token);
    }
  }

  private void property(String key, String value) {
    require(PROPERTIES.contains(key) || isReadSomewhere(key), "nobody reads property " + key);
    if (isBlank(value)) {
      return;
    }
    switch (key) {
      case "test" -> List.of(value.split(",")).forEach(this::requireTest);
      case "exec.mainClass", "jmh.main" -> require(isMain(value), "no main class " + value);
      case "test.jvm.args" -> List.of(value.split(" ")).forEach(this::check);
      case "jmh" -> {
        // With a main of its own they are that main's arguments.
        if (!ownMain) {
          requireBenchmark(value);
        }
      }
      default -> { }
    }
  }

  private void requireTest(String pattern) {
    String name = pattern.replaceAll("#.*", "").replace("*", ".*");
    require(
        sources().stream().anyMatch(
            path -> path.toString().contains("/src/")
                && path.getFileName().toString().matches(name + "\\.java")),
        "no test " + pattern);
  }

  private static boolean isMain(String name) {
    String file = name.replace('.', '/') + ".java";
    return sources().stream()
        .anyMatch(path -> path.endsWith(file) && text(path).contains("static void main("));
  }

  /** The first word is a regular expression that JMH finds in {@code package.Class.method}. */
  private void requireBenchmark(String arguments) {
    String first = arguments.replace("'", "").split(" ")[0];
    if (isBlank(first) || first.startsWith("-") || first.contains("/")) {
      return;
    }
    Pattern pattern = Pattern.compile(first);
    Pattern method = Pattern.compile("(\\w+)\\(");
    boolean found =
        sources().stream()
            .filter(path -> path.toString().contains("/src/jmh/java/"))
            .anyMatch(
                path -> {
                  String name =
                      path.toString().replaceAll(".*/src/jmh/java/|\\.java$", "").replace('/', '.');
                  return pattern.matcher(name).find()
                      || method.matcher(text(path)).results()
                          .anyMatch(call -> pattern.matcher(name + "." + call.group(1)).find());
                });
    require(found, "no benchmark " + first);
  }

  private static boolean isReadSomewhere(String key) {
    return poms().stream()
            .anyMatch(pom -> text(pom).contains("${" + key + "}")
                || text(pom).contains("<" + key + ">") || text(pom).contains("<" + key + "/>"))
        || sources().stream().anyMatch(path -> text(path).contains("\"" + key + "\""));
  }

  private static boolean isBlank(String word) {
    return word.matches("[A-Z]+");
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }

  private static List<Path> poms() {
    return files(2, "pom.xml");
  }

  private static List<Path> sources() {
    return files(Integer.MAX_VALUE, ".java");
  }

  private static List<Path> files(int depth, String ending) {
    try (Stream<Path> paths = Files.walk(Readme.ROOT, depth)) {
      return paths
          .filter(path -> path.toString().endsWith(ending))
          .filter(path -> !path.toString().contains("/target/"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
