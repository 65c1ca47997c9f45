package io.quorate.examples.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScorecardTest {
  private final Scorecard score = new Scorecard();

  @Test
  void what_is_just_reached_is_met_and_what_is_only_told_cannot_be_missed() {
    score.atMost("lost", 0, 0, "");
    score.atLeast("available", 99.99, 99.99, "%");
    score.tell("a day", 43_200_000.4, "");

    assertThat(score.allMet()).isTrue();
    assertThat(printed()).contains("43,200,000").contains("99.990 %");
  }

  @Test
  void one_requirement_that_is_missed_is_shown_and_spoils_the_whole() {
    score.atMost("lost", 0, 0, "");
    score.atMost("latency", 100.1, 100, "ms");

    assertThat(score.allMet()).isFalse();
    assertThat(printed()).containsPattern("latency +100.100 ms +NO");
  }

  @Test
  void what_has_never_happened_is_not_met_and_is_no_number_in_json() {
    score.atMost("overcome", Double.POSITIVE_INFINITY, 2, "s");

    assertThat(score.allMet()).isFalse();
    assertThat(score.json()).contains("\"measured\": \"never\"").doesNotContain("Infinity");
  }

  @Test
  void what_could_not_be_measured_is_not_met() {
    score.atLeast("accuracy", Double.NaN, 0.6, "");

    assertThat(score.allMet()).isFalse();
  }

  private String printed() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    score.print(new PrintStream(bytes, true, StandardCharsets.UTF_8));
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
