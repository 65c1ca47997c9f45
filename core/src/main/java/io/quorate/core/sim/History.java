package io.quorate.core.sim;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Records which operations were asked for when, and what became of them when. Not safe for use by
 * several threads.
 *
 * <pre>{@code
 * History<Register.Input, Register.Output> history = History.in(sim);
 * var call = history.invoke("client-1", new Register.Read("x"));
 * store.get("x").whenComplete((value, failure) -> {
 *   if (failure == null) {
 *     call.returned(Register.Output.found(value));
 *   } else if (mayHaveTakenEffect(failure)) {
 *     call.unknown();
 *   } else {
 *     call.hadNoEffect();
 *   }
 * });
 * }</pre>
 *
 * @param <I> an operation as it was asked for
 * @param <O> what it answered
 */
public final class History<I, O> {
  private final LongSupplier clock;
  private final List<Call> calls = new ArrayList<>();
  private long order;

  /**
   * A history whose times come from {@code nanos}.
   *
   * @param nanos never goes back, except within one moment of blocking work
   */
  public History(LongSupplier nanos) {
    this.clock = nanos;
  }

  /** A history of what happens in {@code simulation}. */
  public static <I, O> History<I, O> in(Simulation simulation) {
    return new History<>(simulation::nowNanos);
  }

  /** An operation begins. Until it is told otherwise, what became of it is unknown. */
  public Call invoke(String client, I input) {
    Call call = new Call(client, input, new Moment(clock.getAsLong(), order++));
    calls.add(call);
    return call;
  }

  /** All calls, in the order in which they began. */
  public List<Call> calls() {
    return List.copyOf(calls);
  }

  /** How many calls there are. */
  public int size() {
    return calls.size();
  }

  /** How many calls have returned an answer. */
  public int returnedCount() {
    return (int) calls.stream().filter(call -> call.output().isPresent()).count();
  }

  /**
   * Holds this history against {@code model}.
   *
   * @throws AssertionError if it is not linearizable; says of which object and how far it can be
   *     explained
   */
  public <S> void check(Model<S, I, O> model) {
    Linearizability.check(model, this).orThrow();
  }

  record Moment(long nanos, long order) implements Comparable<Moment> {
    @Override
    public int compareTo(Moment other) {
      return nanos != other.nanos
          ? Long.compare(nanos, other.nanos)
          : Long.compare(order, other.order);
    }
  }

  /** One operation. The first of {@link #returned} and {@link #hadNoEffect} counts. */
  public final class Call {
    private final String client;
    private final I input;
    private final Moment begin;
    private Moment end;
    private O output;
    private boolean effectless;

    private Call(String client, I input, Moment begin) {
      this.client = client;
      this.input = input;
      this.begin = begin;
    }

    /** It has answered {@code output}. */
    public void returned(O output) {
      if (end == null) {
        this.output = output;
        end = new Moment(clock.getAsLong(), order++);
      }
    }

    /** It has had no effect and never will. */
    public void hadNoEffect() {
      if (end == null) {
        effectless = true;
        end = new Moment(clock.getAsLong(), order++);
      }
    }

    /** It may have had an effect, or may at any later time; the same as saying nothing. */
    public void unknown() {
      // Silence is what it says: a call is unknown until it is told otherwise.
    }

    public String client() {
      return client;
    }

    public I input() {
      return input;
    }

    /** What it answered; empty if that is unknown, or it had no effect. */
    public Optional<O> output() {
      return Optional.ofNullable(output);
    }

    /** When it began, in nanoseconds. */
    public long beginNanos() {
      return begin.nanos();
    }

    boolean isEffectless() {
      return effectless;
    }

    Moment begin() {
      return begin;
    }

    Moment end() {
      return end;
    }

    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%.6f-%s %s %s -> %s",
          begin.nanos() / 1e9,
          end == null ? "?" : String.format(Locale.ROOT, "%.6f", end.nanos() / 1e9),
          client,
          input,
          effectless ? "no effect" : output == null ? "unknown" : output);
    }
  }
}
