package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tells whether a history can be explained by operations that each took effect at one moment
 * between their begin and their end.
 *
 * <p>Wing and Gong's search with Lowe's memory: for each object, operations are tried as the next
 * one in every order that their times allow; a set of operations done together with the state they
 * led to is never tried twice. An operation of unknown outcome may be put anywhere after its begin,
 * or nowhere.
 *
 * <p>Cost: quick for histories whose concurrency is small, exponential in the worst case, hence
 * bounded: a search that takes too long is {@link Verdict#undecided}.
 *
 * @see <a href="https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/paper.pdf">Lowe,
 *     Testing for linearizability</a>
 */
public final class Linearizability {
  private static final long MAX_STEPS = 2_000_000;

  private Linearizability() {}

  /**
   * The outcome of a check.
   *
   * @param linearizable whether it was shown that the history can be explained
   * @param undecided whether the search was given up
   * @param problem what cannot be explained, in several lines; empty if there is nothing
   */
  public record Verdict(boolean linearizable, boolean undecided, String problem) {
    /** Throws an {@link AssertionError} unless the history is linearizable. */
    public void orThrow() {
      if (!linearizable) {
        throw new AssertionError(problem);
      }
    }
  }

  /** Holds {@code history} against {@code model}. */
  public static <S, I, O> Verdict check(Model<S, I, O> model, History<I, O> history) {
    return check(model, history, MAX_STEPS);
  }

  /**
   * Holds {@code history} against {@code model}.
   *
   * @param maxSteps how often the model may be stepped for each object before the search is given
   *     up
   */
  public static <S, I, O> Verdict check(
      Model<S, I, O> model, History<I, O> history, long maxSteps) {
    Map<Object, List<History<I, O>.Call>> objects = new LinkedHashMap<>();
    for (History<I, O>.Call call : history.calls()) {
      if (!call.isEffectless()) {
        objects
            .computeIfAbsent(model.key(call.input()), key -> new ArrayList<>())
            .add(call);
      }
    }
    for (Map.Entry<Object, List<History<I, O>.Call>> object : objects.entrySet()) {
      Search<S, I, O> search = new Search<>(model, relevant(model, object.getValue()), maxSteps);
      if (!search.succeeds()) {
        String what = search.isGivenUp() ? "undecided after " + maxSteps + " steps" : "violated";
        return new Verdict(
            false,
            search.isGivenUp(),
            "linearizability of object '" + object.getKey() + "' " + what + search.explanation());
      }
    }
    return new Verdict(true, false, "");
  }

  private static <S, I, O> List<History<I, O>.Call> relevant(
      Model<S, I, O> model, List<History<I, O>.Call> calls) {
    List<I> inputs = new ArrayList<>();
    List<O> outputs = new ArrayList<>();
    for (History<I, O>.Call call : calls) {
      inputs.add(call.input());
      call.output().ifPresent(outputs::add);
    }
    List<History<I, O>.Call> relevant = new ArrayList<>();
    for (History<I, O>.Call call : calls) {
      if (call.output().isPresent() || model.mayMatter(call.input(), inputs, outputs)) {
        relevant.add(call);
      }
    }
    return relevant;
  }

  /** The begin or the end of an operation, in a list ordered by time. */
  private static final class Entry {
    final int operation;
    final boolean begin;
    final History.Moment moment;
    /** The end that belongs to a begin; null if it never ended. */
    Entry end;
    Entry previous;
    Entry next;

    Entry(int operation, boolean begin, History.Moment moment) {
      this.operation = operation;
      this.begin = begin;
      this.moment = moment;
    }

    void unlink() {
      previous.next = next;
      if (next != null) {
        next.previous = previous;
      }
    }

    void relink() {
      previous.next = this;
      if (next != null) {
        next.previous = this;
      }
    }
  }

  /** Stands behind the last entry. */
  private static final Entry END = new Entry(-1, false, null);

  private record Configuration(BitSet done, Object state) {}

  /** A step of the search: {@code free} if it was taken without looking at others. */
  private record Move<S>(Entry entry, S before, boolean free) {}

  private static final class Search<S, I, O> {
    private final Model<S, I, O> model;
    private final List<History<I, O>.Call> calls;
    private final long maxSteps;
    private final Entry head = new Entry(-1, false, null);
    private final Set<Configuration> tried = new LinkedHashSet<>();
    private final BitSet done = new BitSet();
    private final List<Move<S>> order = new ArrayList<>();
    private S state;
    private int unreturned;
    private long steps;
    private List<Integer> longest = List.of();
    private Entry stuckAt;

    Search(Model<S, I, O> model, List<History<I, O>.Call> calls, long maxSteps) {
      this.model = model;
      this.calls = calls;
      this.maxSteps = maxSteps;
      this.state = model.initial();
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < calls.size(); i++) {
        Entry begin = new Entry(i, true, calls.get(i).begin());
        entries.add(begin);
        if (calls.get(i).output().isPresent()) {
          begin.end = new Entry(i, false, calls.get(i).end());
          entries.add(begin.end);
          unreturned++;
        }
      }
      entries.sort((a, b) -> a.moment.compareTo(b.moment));
      Entry last = head;
      for (Entry entry : entries) {
        last.next = entry;
        entry.previous = last;
        last = entry;
      }
    }

    boolean isGivenUp() {
      return steps > maxSteps;
    }

    boolean succeeds() {
      Entry entry = head.next;
      while (unreturned > 0) {
        if (entry == head.next) {
          Entry free = freeMove();
          if (free != null && advance(free, state, true)) {
            entry = head.next;
            continue;
          }
          if (free != null) {
            entry = END;
          }
        }
        if (entry != null && entry.begin) {
          Optional<S> after = step(entry);
          if (isGivenUp()) {
            return false;
          }
          entry = after.isPresent() && advance(entry, after.get(), false) ? head.next : entry.next;
        } else {
          remember(entry);
          entry = backtrack();
          if (entry == null) {
            return false;
          }
        }
      }
      return true;
    }

    /**
     * An operation that may be next, agrees with the state and changes none. Whatever order
     * explains the rest, this one may stand at its head, so no other choice need be tried.
     */
    private Entry freeMove() {
      for (Entry entry = head.next; entry != null && entry.begin; entry = entry.next) {
        History<I, O>.Call call = calls.get(entry.operation);
        if (entry.end != null
            && model.isReadOnly(call.input(), call.output().get())
            && step(entry).isPresent()) {
          return entry;
        }
      }
      return null;
    }

    /** Does the operation, unless that leads to where the search has been. */
    private boolean advance(Entry entry, S after, boolean free) {
      boolean useless = entry.end == null && after.equals(state);
      done.set(entry.operation);
      if (useless || !tried.add(new Configuration((BitSet) done.clone(), after))) {
        done.clear(entry.operation);
        return false;
      }
      order.add(new Move<>(entry, state, free));
      state = after;
      take(entry);
      return true;
    }

    /** Undoes up to the last choice that had others; the next of them, or null if there is none. */
    private Entry backtrack() {
      while (!order.isEmpty()) {
        Move<S> undone = order.remove(order.size() - 1);
        state = undone.before();
        done.clear(undone.entry().operation);
        putBack(undone.entry());
        if (!undone.free()) {
          return undone.entry().next == null ? END : undone.entry().next;
        }
      }
      return null;
    }

    private Optional<S> step(Entry entry) {
      steps++;
      History<I, O>.Call call = calls.get(entry.operation);
      return call.output().isPresent()
          ? model.step(state, call.input(), call.output().get())
          : Optional.of(model.apply(state, call.input()));
    }

    private void take(Entry entry) {
      entry.unlink();
      if (entry.end != null) {
        entry.end.unlink();
        unreturned--;
      }
    }

    private void putBack(Entry entry) {
      if (entry.end != null) {
        entry.end.relink();
        unreturned++;
      }
      entry.relink();
    }

    private void remember(Entry stuck) {
      if (order.size() >= longest.size()) {
        longest = order.stream().map(move -> move.entry().operation).toList();
        stuckAt = stuck == END ? null : stuck;
      }
    }

    String explanation() {
      StringBuilder text = new StringBuilder();
      int from = Math.max(0, longest.size() - 10);
      text.append("\nexplained so far (").append(longest.size()).append(" operations, the last):");
      longest
          .subList(from, longest.size())
          .forEach(operation -> text.append("\n  ").append(calls.get(operation)));
      if (stuckAt != null) {
        text.append("\nthen nothing can come before the end of\n  ")
            .append(calls.get(stuckAt.operation));
      }
      return text.toString();
    }
  }
}
