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
 * Tells whether a history can be explained by operations that each took effect at one moment between
 * their begin and their end.
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
  private static final long MAX_STEPS = 20_000_000;

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
      boolean isUnseenRead = call.output().isEmpty() && model.isReadOnly(call.input());
      if (!call.isEffectless() && !isUnseenRead) {
        objects
            .computeIfAbsent(model.key(call.input()), key -> new ArrayList<>())
            .add(call);
      }
    }
    for (Map.Entry<Object, List<History<I, O>.Call>> object : objects.entrySet()) {
      Search<S, I, O> search = new Search<>(model, object.getValue(), maxSteps);
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

  private record Configuration(BitSet done, Object state) {}

  private static final class Search<S, I, O> {
    private final Model<S, I, O> model;
    private final List<History<I, O>.Call> calls;
    private final long maxSteps;
    private final Entry head = new Entry(-1, false, null);
    private final Set<Configuration> tried = new LinkedHashSet<>();
    private int unreturned;
    private long steps;
    private List<Integer> longest = List.of();
    private Entry stuckAt;

    Search(Model<S, I, O> model, List<History<I, O>.Call> calls, long maxSteps) {
      this.model = model;
      this.calls = calls;
      this.maxSteps = maxSteps;
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
      BitSet done = new BitSet(calls.size());
      List<Entry> order = new ArrayList<>();
      List<S> states = new ArrayList<>();
      S state = model.initial();
      Entry entry = head.next;
      while (unreturned > 0) {
        if (entry != null && entry.begin) {
          Optional<S> after = ++steps > maxSteps ? Optional.empty() : step(state, entry);
          if (isGivenUp()) {
            return false;
          }
          done.set(entry.operation);
          if (after.isPresent()
              && tried.add(new Configuration((BitSet) done.clone(), after.get()))) {
            order.add(entry);
            states.add(state);
            state = after.get();
            take(entry);
            entry = head.next;
          } else {
            done.clear(entry.operation);
            entry = entry.next;
          }
        } else {
          remember(order, entry);
          if (order.isEmpty()) {
            return false;
          }
          Entry undone = order.remove(order.size() - 1);
          state = states.remove(states.size() - 1);
          done.clear(undone.operation);
          putBack(undone);
          entry = undone.next;
        }
      }
      return true;
    }

    private Optional<S> step(S state, Entry entry) {
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

    private void remember(List<Entry> order, Entry stuck) {
      if (order.size() >= longest.size()) {
        longest = order.stream().map(entry -> entry.operation).toList();
        stuckAt = stuck;
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
