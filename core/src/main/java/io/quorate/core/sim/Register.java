package io.quorate.core.sim;

import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/**
 * Registers, one for each key, that can be read, written and compared-and-set: what a key-value
 * store promises.
 */
public final class Register {
  private Register() {}

  /** What can be asked of the register called {@link #key}. */
  public sealed interface Input {
    String key();
  }

  /** Asks for the value. */
  public record Read(String key) implements Input {}

  /** Replaces the value; an empty one deletes it. */
  public record Write(String key, Optional<String> value) implements Input {}

  /** Replaces the value if it is {@code expected}; empty stands for no value. */
  public record CompareAndSet(String key, Optional<String> expected, Optional<String> value)
      implements Input {}

  /**
   * The answer.
   *
   * @param value for a read, what was read; otherwise empty
   * @param applied for a compare-and-set, whether the value was as expected; otherwise true
   */
  public record Output(Optional<String> value, boolean applied) {
    /** A write was done, or a compare-and-set found what it expected. */
    public static Output done() {
      return new Output(Optional.empty(), true);
    }

    /** A compare-and-set found something else. */
    public static Output mismatch() {
      return new Output(Optional.empty(), false);
    }

    /** A read found {@code value}. */
    public static Output found(Optional<String> value) {
      return new Output(value, true);
    }
  }

  /** Registers without values at first. */
  public static Model<Optional<String>, Input, Output> model() {
    return new RegisterModel();
  }

  private static final class RegisterModel implements Model<Optional<String>, Input, Output> {
    @Override
    public Optional<String> initial() {
      return Optional.empty();
    }

    @Override
    public Optional<Optional<String>> step(Optional<String> state, Input input, Output output) {
      if (input instanceof Read) {
        return output.value().equals(state) ? Optional.of(state) : Optional.empty();
      }
      if (input instanceof Write write) {
        return Optional.of(write.value());
      }
      if (input instanceof CompareAndSet set) {
        if (set.expected().equals(state) != output.applied()) {
          return Optional.empty();
        }
        return Optional.of(output.applied() ? set.value() : state);
      }
      throw new AssertionError("unhandled input " + input);
    }

    @Override
    public Optional<String> apply(Optional<String> state, Input input) {
      if (input instanceof Write write) {
        return write.value();
      }
      if (input instanceof CompareAndSet set) {
        return Objects.equals(set.expected(), state) ? set.value() : state;
      }
      return state;
    }

    @Override
    public Object key(Input input) {
      return input.key();
    }

    @Override
    public boolean isReadOnly(Input input, Output output) {
      return input instanceof Read || !output.applied();
    }

    /** Only a value that somebody saw, or a compare-and-set may have met, tells of its write. */
    @Override
    public boolean mayMatter(Input unknown, Collection<Input> inputs, Collection<Output> outputs) {
      if (unknown instanceof Read) {
        return false;
      }
      Optional<String> value =
          unknown instanceof Write write ? write.value() : ((CompareAndSet) unknown).value();
      return inputs.stream().anyMatch(CompareAndSet.class::isInstance)
          || outputs.stream().anyMatch(output -> output.value().equals(value));
    }
  }
}
