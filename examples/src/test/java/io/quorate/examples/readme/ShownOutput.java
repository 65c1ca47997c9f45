package io.quorate.examples.readme;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Compares what a README shows with what a run printed: every word, but not the numbers. */
public final class ShownOutput {
  private final String text;
  private final List<String> shown;

  private ShownOutput(String text) {
    this.text = text;
    this.shown = shapes(text);
  }

  /**
   * The block of {@code readme} that contains {@code words}.
   *
   * @param readme path from the root of the project
   */
  public static ShownOutput in(String readme, String words) {
    return of(
        Readme.read(Readme.ROOT.resolve(readme)).blocks().stream()
            .map(Readme.Block::text)
            .filter(text -> text.contains(words))
            .findFirst()
            .orElseThrow(() -> new AssertionError(readme + " shows no " + words)));
  }

  static ShownOutput of(String text) {
    return new ShownOutput(text);
  }

  /** What is shown, line by line. */
  public Stream<String> lines() {
    return text.lines();
  }

  /** Requires the same lines in the same order. */
  public void isLike(String printed) {
    assertThat(shapes(printed)).isEqualTo(shown);
  }

  /**
   * Requires the same lines in whatever order and number, for runs in which events race.
   *
   * @param varying parts of a line that stand for one another, as the names of nodes do
   */
  public void hasTheLinesOf(String printed, Set<String> varying) {
    assertThat(distinct(shapes(printed), varying)).isEqualTo(distinct(shown, varying));
  }

  private static Set<String> distinct(List<String> lines, Set<String> varying) {
    String any = "\\b(" + String.join("|", varying) + ")\\b";
    return lines.stream()
        .map(line -> line.replaceAll(any, "NAME"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Lines without their numbers, bars and widths. */
  private static List<String> shapes(String text) {
    return text.lines()
        .map(line -> line.replaceAll("[#.|]{3,}( *\\|)?#*", "BAR"))
        .map(line -> line.replaceAll("[+-]?\\d[\\d,.]*", "0"))
        .map(line -> line.replaceAll("\\s+", " ").strip())
        .filter(line -> !line.isEmpty())
        .toList();
  }
}
