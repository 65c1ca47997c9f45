package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.readme.Readme.Block;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first program of the first README, whose nodes meet those of no other test. */
class UseItTest {
  private static final Readme README = Readme.read(Readme.ROOT.resolve("README.md"));

  @TempDir private Path directory;

  @Test
  void the_program_of_the_readme_prints_what_the_readme_says() throws Exception {
    Snippet snippet = new Snippet(program());
    assertThat(snippet.compile(directory)).isEmpty();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    try {
      snippet.run(directory);
    } finally {
      System.setOut(before);
    }

    String text = String.join("\n", README.lines());
    assertThat(printed.toString(StandardCharsets.UTF_8).strip()).isNotEmpty();
    assertThat(text).contains("prints `" + printed.toString(StandardCharsets.UTF_8).strip() + "`");
  }

  @Test
  void it_has_at_most_15_lines_within_its_main_method() {
    long lines =
        program().text().lines().filter(line -> line.startsWith("    ")).count();

    assertThat(lines).isBetween(5L, 15L);
  }

  /** The program: run by this test alone. */
  static Block program() {
    return README.blocks().stream()
        .filter(block -> block.language().equals("java") && block.text().contains("main("))
        .findFirst()
        .orElseThrow();
  }
}
