package io.quorate.examples.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.examples.Run;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PartitionProgramTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void every_store_keeps_its_promise_on_both_sides_and_after_healing(long seed) {
    String out = Run.program("partition", "--seed", Long.toString(seed)).isOk();

    assertThat(rows(out)).hasSize(9).allMatch(row -> row.endsWith(" yes"));
    assertThat(row("ConsistentStore", out))
        .containsPattern("ok +majority +(refused|maybe) +refused +majority");
    assertThat(row("EventualStore", out)).containsPattern("ok +majority +ok +minority");
    assertThat(row("MergingStore", out)).contains("before+majority+minority");
  }

  @Test
  void equal_seeds_print_equal_tables() {
    assertThat(Run.program("partition", "--seed", "9").isOk())
        .isEqualTo(Run.program("partition", "--seed", "9").isOk());
  }

  @Test
  void the_same_holds_over_tcp_and_files() {
    String out = Run.program("partition", "--real").isOk();

    assertThat(rows(out)).hasSize(9).allMatch(row -> row.endsWith(" yes"));
  }

  @Test
  void a_promise_that_is_not_kept_is_noticed() {
    Mode strong = Mode.all().get(0);
    Outcome ok = new Outcome(Outcome.Kind.SERVED, "majority", "ok");
    Outcome seen = new Outcome(Outcome.Kind.SERVED, "", "majority");
    Outcome refused = new Outcome(Outcome.Kind.REFUSED, "minority", "refused");
    Outcome maybe = new Outcome(Outcome.Kind.INDETERMINATE, "minority", "maybe");
    Outcome old = new Outcome(Outcome.Kind.SERVED, "", "before");

    Observed kept = new Observed(strong, "before", ok, seen, refused, refused);
    Observed stale = new Observed(strong, "before", ok, seen, refused, old);
    Observed split = new Observed(strong, "before", ok, seen, maybe, refused);

    assertThat(kept.isAsPromised(List.of("majority"))).isTrue();
    assertThat(kept.isAsPromised(List.of("before"))).as("lost").isFalse();
    assertThat(kept.isAsPromised(List.of("minority"))).as("refused, yet done").isFalse();
    assertThat(kept.isAsPromised(List.of("majority", "before"))).as("apart").isFalse();
    assertThat(stale.isAsPromised(List.of("majority"))).as("minority answered").isFalse();
    assertThat(split.isAsPromised(List.of("minority"))).as("maybe, and done").isTrue();
  }

  private static List<String> rows(String out) {
    return out.lines().filter(line -> line.contains("Store") && !line.contains("cut")).toList();
  }

  private static String row(String store, String out) {
    return rows(out).stream().filter(row -> row.startsWith(store)).findFirst().orElseThrow();
  }
}
