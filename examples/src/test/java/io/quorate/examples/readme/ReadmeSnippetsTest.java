package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.examples.readme.Readme.Block;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every Java block of every README compiles, and runs unless a mark above it says why not; {@link
 * UseItTest} runs the first one.
 */
class ReadmeSnippetsTest {
  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> every_snippet_compiles_and_runs() {
    List<Block> blocks = javaBlocks();
    assertThat(blocks).hasSizeGreaterThan(10);
    return blocks.stream()
        .map(block -> DynamicTest.dynamicTest(block.where(), () -> compileAndRun(block)));
  }

  private void compileAndRun(Block block) throws Exception {
    Snippet snippet = new Snippet(block);

    assertThat(snippet.compile(directory)).isEmpty();

    if (!snippet.isNotRun() && !block.where().equals(UseItTest.program().where())) {
      snippet.run(directory);
    }
  }

  @Test
  void a_snippet_that_does_not_compile_is_noticed() {
    Block block = javaBlocks().get(0);
    Block wrong =
        new Block(block.readme(), 1, "java", "", "int number = Environment.noSuchMethod();\n");

    assertThat(new Snippet(wrong).compile(directory)).contains("noSuchMethod");
  }

  @Test
  void a_mark_that_nobody_understands_is_noticed() {
    Block block = new Block(javaBlocks().get(0).readme(), 1, "java", "settling: Echo", "");

    assertThatThrownBy(() -> new Snippet(block)).hasMessageContaining("settling");
  }

  private static List<Block> javaBlocks() {
    return Readme.all().stream()
        .flatMap(readme -> readme.blocks().stream())
        .filter(block -> block.language().equals("java"))
        .toList();
  }
}
