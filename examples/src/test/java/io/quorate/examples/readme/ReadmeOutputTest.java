package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.examples.Run;
import io.quorate.examples.readme.Readme.Block;
import io.quorate.examples.readme.Readme.Command;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Each block of language {@code text} in a README is what the command before it prints: to the
 * letter, or, where {@code numbers vary} stands above it, but for the numbers.
 */
class ReadmeOutputTest {
  private static final String VARY = "numbers vary";

  @TestFactory
  Stream<DynamicTest> what_a_readme_shows_is_what_is_printed() {
    return Readme.all().stream()
        .flatMap(readme -> readme.blocks().stream())
        .filter(block -> block.language().equals("text"))
        .map(block -> DynamicTest.dynamicTest(block.where(), () -> check(block)));
  }

  private static void check(Block block) {
    Command command =
        block.readme().commands().stream()
            .filter(before -> before.line() < block.line())
            .filter(before -> before.text().startsWith("java -jar "))
            .max(Comparator.comparingInt(Command::line))
            .orElseThrow();
    List<String> tokens = CommandLineTokens.of(command.text());
    String printed = Run.program(tokens.subList(3, tokens.size()).toArray(String[]::new)).isOk();
    if (block.mark().equals(VARY)) {
      ShownOutput.of(block.text()).isLike(printed);
    } else {
      assertThat(printed.strip()).isEqualTo(block.text().strip());
    }
  }

  @Test
  void a_line_that_is_not_printed_is_noticed_and_another_number_is_not() {
    ShownOutput shown = ShownOutput.of("moved: 16.67 %\n  n1 ####|## 1,234\nw1 joins\n");

    shown.isLike("moved: 3.1 %\n n1 ##|  99\nw7 joins");
    shown.hasTheLinesOf("w7 joins\nw1 joins\nmoved: 1 %\n n1 ####|# 1", Set.of("w1", "w7"));
    assertThatThrownBy(() -> shown.isLike("moved: 3.1 %\n n1 ##| 99\nw7 leaves"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> shown.hasTheLinesOf("moved: 1 %\nw1 joins", Set.of("w1")))
        .isInstanceOf(AssertionError.class);
  }
}
