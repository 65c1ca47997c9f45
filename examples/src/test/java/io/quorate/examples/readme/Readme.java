package io.quorate.examples.readme;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Markdown file, as far as it can be checked: blocks, links, headings, commands.
 *
 * @param path relative to the root of the project
 */
record Readme(String path, List<String> lines) {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern INLINE = Pattern.compile("`([^`]+)`");

  /**
   * A fenced block, or one that is indented by four.
   *
   * @param line its first line's number, from 1
   * @param language what stands behind the fence; empty if nothing does
   * @param mark the HTML comment right above, without its brackets; empty if there is none
   */
  record Block(Readme readme, int line, String language, String mark, String text) {
    String where() {
      return readme.path() + ":" + line;
    }
  }

  /** A command line, its continuations joined. */
  record Command(Readme readme, int line, String text) {
    String where() {
      return readme.path() + ":" + line;
    }
  }

  /** The READMEs of the project and of its modules, and what stands in {@code .github}. */
  static List<Readme> all() {
    try (Stream<Path> top = Files.list(ROOT)) {
      List<Path> paths = new ArrayList<>(List.of(ROOT.resolve("README.md")));
      top.filter(Files::isDirectory)
          .map(directory -> directory.resolve("README.md"))
          .filter(Files::exists)
          .sorted()
          .forEach(paths::add);
      try (Stream<Path> github = Files.list(ROOT.resolve(".github"))) {
        github.filter(path -> path.toString().endsWith(".md")).sorted().forEach(paths::add);
      }
      return paths.stream().map(Readme::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Readme read(Path path) {
    try {
      return new Readme(ROOT.relativize(path).toString(), Files.readAllLines(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The module that it is the README of; empty for the whole project. */
  String module() {
    int slash = path.indexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  List<Block> blocks() {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      int end = i;
      String language = "";
      StringBuilder text = new StringBuilder();
      int first = i;
      if (lines.get(i).startsWith("```")) {
        language = lines.get(i).substring(3).strip();
        first = i + 1;
        for (end = first; !lines.get(end).startsWith("```"); end++) {
          text.append(lines.get(end)).append('\n');
        }
      } else if (isIndented(i)) {
        for (; end < lines.size() && (lines.get(end).isBlank() || isCode(end)); end++) {
          text.append(isCode(end) ? lines.get(end).substring(4) : "").append('\n');
        }
        end--;
      } else {
        continue;
      }
      blocks.add(new Block(this, first + 1, language, markAbove(i), text.toString()));
      i = end;
    }
    return blocks;
  }

  private boolean isCode(int line) {
    return lines.get(line).startsWith("    ");
  }

  private boolean isIndented(int line) {
    return isCode(line) && (line == 0 || lines.get(line - 1).isBlank());
  }

  private String markAbove(int line) {
    int above = line - 1;
    while (above > 0 && lines.get(above).isBlank()) {
      above--;
    }
    String text = above < 0 ? "" : lines.get(above).strip();
    return text.startsWith("<!--") && text.endsWith("-->")
        ? text.substring(4, text.length() - 3).strip()
        : "";
  }

  /** All command lines in blocks without a language and between backquotes. */
  List<Command> commands() {
    List<Command> commands = new ArrayList<>();
    for (Block block : blocks()) {
      if (block.language().isEmpty() || block.language().equals("sh")) {
        String[] joined = block.text().replaceAll("\\\\\n *", " ").split("\n");
        for (String text : joined) {
          add(commands, block.line(), text);
        }
      }
    }
    String whole = String.join("\n", lines);
    Matcher inline = INLINE.matcher(whole.replaceAll("(?m)^(```| {4}).*$", ""));
    while (inline.find()) {
      add(commands, lineOf(inline.group()), inline.group(1).replaceAll("\\s+", " "));
    }
    return commands;
  }

  private int lineOf(String text) {
    String first = text.lines().findFirst().orElseThrow();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(first)) {
        return i + 1;
      }
    }
    return 0;
  }

  private void add(List<Command> commands, int line, String text) {
    for (String part : text.split("&&")) {
      String command = part.replaceAll(" #.*", "").strip();
      if (command.startsWith("mvn ") || command.startsWith("java ")
          || command.startsWith("curl ")) {
        commands.add(new Command(this, line, command));
      }
    }
  }

  /** Targets of links that do not leave the project. */
  List<String> links() {
    List<String> links = new ArrayList<>();
    for (String line : lines) {
      Matcher matcher = LINK.matcher(line);
      while (matcher.find()) {
        if (!matcher.group(1).matches("[a-z]+:.*")) {
          links.add(matcher.group(1));
        }
      }
    }
    return links;
  }

  /** What a {@code #} link can name. */
  List<String> anchors() {
    return lines.stream()
        .filter(line -> line.matches("#+ .*"))
        .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
        .map(title -> title.replaceAll("[^\\p{Alnum}\\- ]", "").replace(' ', '-'))
        .toList();
  }
}
