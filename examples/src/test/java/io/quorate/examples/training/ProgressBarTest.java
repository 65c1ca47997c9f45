package io.quorate.examples.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.replication.training.Loss;
import io.quorate.replication.training.Staleness;
import io.quorate.replication.training.StepStats;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void without_a_terminal_there_are_ten_plain_lines() {
    ProgressBar bar = new ProgressBar(out, false, 50);
    for (int step = 0; step < 50; step++) {
      bar.onStep(stats(step));
    }

    assertThat(text().lines()).hasSize(10);
    assertThat(text())
        .contains(
            "[############............]  50 %  ETA 3 s  step 25/50  loss 0.500"
                + "  10.0k examples/s  3 workers, w0 lags, 25 copies")
        .doesNotContain("\r", "\u001b");
  }

  @Test
  void on_a_terminal_one_line_is_drawn_again_and_events_get_their_own() {
    ProgressBar bar = new ProgressBar(out, true, 3);
    bar.onStep(stats(0));
    bar.onGone(NodeId.of("w1"));
    bar.onStep(stats(1));
    bar.onStep(stats(2));

    assertThat(text().split("\n")).hasSize(3);
    assertThat(text())
        .contains("████████\u001b[0m", "step 1/3", "1 copy\u001b", "step 3/3", "3 copies\u001b")
        .contains("  * worker w1 is gone, its shards go to others");
    assertThat(text().split("\r")).hasSize(4);
  }

  @Test
  void a_line_longer_than_the_terminal_is_cut_and_what_comes_after_it_is_not() {
    ProgressBar bar = new ProgressBar(out, true, 3);

    bar.onStep(stats(0));

    assertThat(text()).startsWith("\r\u001b[?7l  ").endsWith("\u001b[K\u001b[?7h");
  }

  @Test
  void of_80_columns_how_far_how_long_and_how_well_are_seen() {
    ProgressBar bar = new ProgressBar(out, false, 50_000);
    for (int step = 0; step < 5_000; step++) {
      bar.onStep(stats(step));
    }

    assertThat(text().substring(0, 80))
        .contains(" 10 %", "ETA 75:00 min", "step 5000/50000", "loss 0.500");
  }

  private static StepStats stats(int step) {
    return new StepStats(
        step,
        new Loss(500, 1_000),
        0,
        100_000_000,
        1,
        1,
        3,
        Optional.of(NodeId.of("w0")),
        1,
        0,
        new Staleness(0, 0, 0));
  }

  private String text() {
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
