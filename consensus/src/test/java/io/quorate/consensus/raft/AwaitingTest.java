package io.quorate.consensus.raft;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Item 18 of the correctness checklist, and who waits for what. */
class AwaitingTest {
  private final Awaiting<Long> awaiting = new Awaiting<>();

  private static final class Told implements Completion<Long> {
    final List<OperationException> failures = new ArrayList<>();

    @Override
    public void applied(long index, Long result) {
      throw new AssertionError("nobody applies anything here");
    }

    @Override
    public void failed(OperationException cause) {
      failures.add(cause);
    }
  }

  @Test
  void item_18_stepping_down_ends_every_pending_proposal_once_as_unknown() {
    List<Told> first = List.of(new Told(), new Told(), new Told());
    List<Told> second = List.of(new Told());
    awaiting.add(5, 2, first);
    awaiting.add(8, 2, second);
    awaiting.take(5, entries(2, 2));

    awaiting.fail(new IndeterminateException("leadership lost"));
    awaiting.fail(new IndeterminateException("leadership lost"));

    assertThat(first.get(0).failures).isEmpty();
    for (Told lost : List.of(first.get(1), first.get(2), second.get(0))) {
      assertThat(lost.failures).hasSize(first.get(1) == lost ? 0 : 1);
      assertThat(lost.failures).allMatch(OperationException::mayHaveTakenEffect);
    }
    assertThat(awaiting.isEmpty()).isTrue();
  }

  @Test
  void those_who_wait_are_found_by_index_across_batches() {
    List<Told> first = List.of(new Told(), new Told());
    List<Told> second = List.of(new Told(), new Told());
    awaiting.add(5, 2, first);
    awaiting.add(8, 2, second);

    assertThat(awaiting.take(4, entries(2, 3))).containsExactly(null, first.get(0), first.get(1));
    assertThat(awaiting.take(7, entries(2, 2))).containsExactly(null, second.get(0));
    assertThat(awaiting.take(9, entries(2, 2))).containsExactly(second.get(1), null);
    assertThat(awaiting.isEmpty()).isTrue();
  }

  @Test
  void an_entry_of_another_leader_answers_nobody_who_waited_for_its_place() {
    List<Told> mine = List.of(new Told(), new Told());
    awaiting.add(5, 2, mine);

    assertThat(awaiting.take(5, entries(3, 2))).containsExactly(null, null);
    awaiting.fail(new IndeterminateException("leadership lost"));

    assertThat(mine).allMatch(told -> told.failures.size() == 1);
  }

  private static List<Entry> entries(long term, int count) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(Entry.of(Proposal.noop(), term, 0));
    }
    return entries;
  }
}
