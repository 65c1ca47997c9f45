package io.quorate.consensus;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What the README shows is what {@link ProcessTest} runs. */
class ReadmeTest {
  @Test
  void the_counter_of_the_readme_is_the_one_that_is_tested_and_has_at_most_25_lines()
      throws IOException {
    String source =
        Files.readString(Path.of("src/test/java/io/quorate/consensus/CounterExample.java"));
    String shown = source.substring(source.indexOf("final class")).strip();
    long lines =
        shown.lines().filter(line -> !line.isBlank() && !line.strip().startsWith("/**")).count();

    assertThat(Files.readString(Path.of("README.md"))).contains(shown);
    assertThat(lines).isLessThanOrEqualTo(25);
  }
}
