package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The checker against histories whose verdict is known, and against a brute force. */
class LinearizabilityTest {
  private long now;
  private final History<Register.Input, Register.Output> history = new History<>(() -> now++);

  private History<Register.Input, Register.Output>.Call begin(Register.Input input) {
    return history.invoke("c", input);
  }

  private static Register.Input write(String value) {
    return new Register.Write("x", Optional.of(value));
  }

  private static Register.Input read() {
    return new Register.Read("x");
  }

  private static Register.Output found(String value) {
    return Register.Output.found(Optional.ofNullable(value));
  }

  private boolean linearizable() {
    return Linearizability.check(Register.model(), history).linearizable();
  }

  @Test
  void a_read_after_a_write_must_see_it() {
    begin(write("1")).returned(Register.Output.done());
    begin(read()).returned(found(null));

    assertThat(linearizable()).isFalse();
    assertThatThrownBy(() -> history.check(Register.model()))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("object 'x' violated")
        .hasMessageContaining("then nothing can come before the end of");
  }

  @Test
  void a_read_during_a_write_may_see_either_but_not_go_back() {
    var writing = begin(write("1"));
    begin(read()).returned(found(null));
    begin(read()).returned(found("1"));
    assertThat(linearizable()).isTrue();

    begin(read()).returned(found(null));
    writing.returned(Register.Output.done());
    assertThat(linearizable()).isFalse();
  }

  @Test
  void a_write_of_unknown_outcome_may_take_effect_late_or_never_but_not_twice() {
    begin(write("1")).unknown();
    begin(read()).returned(found(null));
    begin(read()).returned(found("1"));
    assertThat(linearizable()).isTrue();

    begin(write("2")).returned(Register.Output.done());
    begin(read()).returned(found("2"));
    assertThat(linearizable()).isTrue();
    begin(read()).returned(found("1"));
    assertThat(linearizable()).isFalse();
  }

  @Test
  void a_write_without_effect_must_not_be_seen() {
    begin(write("1")).hadNoEffect();
    begin(read()).returned(found("1"));

    assertThat(linearizable()).isFalse();
  }

  @Test
  void a_compare_and_set_answers_what_it_found() {
    begin(new Register.CompareAndSet("x", Optional.empty(), Optional.of("1")))
        .returned(Register.Output.done());
    begin(new Register.CompareAndSet("x", Optional.of("2"), Optional.of("3")))
        .returned(Register.Output.mismatch());
    begin(read()).returned(found("1"));
    assertThat(linearizable()).isTrue();

    begin(new Register.CompareAndSet("x", Optional.of("1"), Optional.of("3")))
        .returned(Register.Output.mismatch());
    assertThat(linearizable()).isFalse();
  }

  @Test
  void objects_are_independent() {
    begin(write("1")).returned(Register.Output.done());
    begin(new Register.Read("y")).returned(found(null));

    assertThat(linearizable()).isTrue();
  }

  @Test
  void a_search_that_takes_too_long_is_undecided_and_not_passed() {
    for (int i = 0; i < 20; i++) {
      begin(write("" + i)).unknown();
    }
    for (int i = 0; i < 20; i++) {
      begin(new Register.CompareAndSet("x", Optional.of("" + i), Optional.empty()));
    }
    begin(read()).returned(found("none"));

    Linearizability.Verdict verdict = Linearizability.check(Register.model(), history, 1_000);

    assertThat(verdict.linearizable()).isFalse();
    assertThat(verdict.undecided()).isTrue();
    assertThatThrownBy(verdict::orThrow).hasMessageContaining("undecided");
  }

  @Test
  void the_verdict_is_that_of_a_brute_force_on_random_histories() {
    int linearizable = 0;
    int histories = 4_000;
    for (int seed = 0; seed < histories; seed++) {
      History<Register.Input, Register.Output> random = random(new SeededRandom(seed));
      boolean expected = bruteForce(random.calls(), new ArrayList<>(), Optional.empty());
      assertThat(Linearizability.check(Register.model(), random).linearizable())
          .describedAs("seed %d: %s", seed, random.calls())
          .isEqualTo(expected);
      linearizable += expected ? 1 : 0;
    }
    assertThat(linearizable).isBetween(histories / 10, histories * 9 / 10);
  }

  @Test
  void every_stale_read_planted_in_a_linearizable_history_is_found() {
    for (int seed = 0; seed < 200; seed++) {
      assertThat(sequential(seed, -1).linearizable()).isTrue();
      assertThat(sequential(seed, 10 + seed).linearizable()).isFalse();
    }
  }

  /** Overlapping reads and unique writes that take effect at their begin; one read may be stale. */
  private static Linearizability.Verdict sequential(long seed, int staleAt) {
    long[] time = {0};
    History<Register.Input, Register.Output> history = new History<>(() -> time[0]++);
    SeededRandom random = new SeededRandom(seed);
    List<String> values = new ArrayList<>(List.of("0", "1"));
    values.forEach(
        value -> history.invoke("c", write(value)).returned(Register.Output.done()));
    for (int i = 0; i < 250; i++) {
      String last = values.get(values.size() - 1);
      if (i == staleAt) {
        history.invoke("c", read()).returned(found(values.get(values.size() - 2)));
      } else if (random.nextBoolean()) {
        history.invoke("c", read()).returned(found(last));
      } else {
        var overlapping = history.invoke("c", read());
        values.add("" + values.size());
        history
            .invoke("c", write(values.get(values.size() - 1)))
            .returned(Register.Output.done());
        overlapping.returned(found(random.nextBoolean() ? last : values.get(values.size() - 1)));
      }
    }
    return Linearizability.check(Register.model(), history);
  }

  private static History<Register.Input, Register.Output> random(SeededRandom random) {
    long[] time = {0};
    History<Register.Input, Register.Output> history = new History<>(() -> time[0]++);
    List<History<Register.Input, Register.Output>.Call> open = new ArrayList<>();
    int count = 0;
    while (count < 6 || !open.isEmpty()) {
      if (count < 6 && (open.isEmpty() || random.nextBoolean())) {
        String value = "" + random.nextInt(2);
        open.add(
            history.invoke(
                "c",
                switch (random.nextInt(3)) {
                  case 0 -> write(value);
                  case 1 -> read();
                  default ->
                      new Register.CompareAndSet(
                          "x", Optional.of("" + random.nextInt(2)), Optional.of(value));
                }));
        count++;
      } else {
        var call = open.remove(random.nextInt(open.size()));
        if (random.chance(0.2)) {
          call.unknown();
        } else if (call.input() instanceof Register.Read) {
          call.returned(found(random.chance(0.2) ? null : "" + random.nextInt(2)));
        } else if (call.input() instanceof Register.CompareAndSet && random.nextBoolean()) {
          call.returned(Register.Output.mismatch());
        } else {
          call.returned(Register.Output.done());
        }
      }
    }
    return history;
  }

  /** Tries every order of every subset that has all calls which returned. */
  private static boolean bruteForce(
      List<History<Register.Input, Register.Output>.Call> calls,
      List<History<Register.Input, Register.Output>.Call> done,
      Optional<String> state) {
    Model<Optional<String>, Register.Input, Register.Output> model = Register.model();
    if (calls.stream().allMatch(call -> call.output().isEmpty() || done.contains(call))) {
      return true;
    }
    for (var next : calls) {
      boolean mayBeNext =
          !done.contains(next)
              && calls.stream()
                  .allMatch(
                      other ->
                          done.contains(other)
                              || other.output().isEmpty()
                              || other.end().compareTo(next.begin()) > 0);
      if (mayBeNext) {
        Optional<Optional<String>> after =
            next.output().isPresent()
                ? model.step(state, next.input(), next.output().get())
                : Optional.of(model.apply(state, next.input()));
        List<History<Register.Input, Register.Output>.Call> more = new ArrayList<>(done);
        more.add(next);
        if (after.isPresent() && bruteForce(calls, more, after.get())) {
          return true;
        }
      }
    }
    return false;
  }
}
