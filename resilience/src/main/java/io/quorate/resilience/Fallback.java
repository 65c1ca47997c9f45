package io.quorate.resilience;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;

/**
 * What to answer when a call has failed: a cached, simpler or empty answer. Asked once, after all
 * attempts; runs on the thread on which the call failed, in the caller's context.
 *
 * @param <R> an answer
 */
@FunctionalInterface
public interface Fallback<R> {
  /**
   * The answer in place of one that failed with {@code failure}. Throws if it has none; the failure
   * is then kept as suppressed.
   */
  R recover(Throwable failure) throws Exception;

  /** The same, for asynchronous calls; must not block. */
  default CompletionStage<R> recoverAsync(Throwable failure) {
    try {
      return CompletableFuture.completedFuture(recover(failure));
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Always {@code value}. */
  static <R> Fallback<R> value(R value) {
    return failure -> value;
  }

  /** Asks this one about failures that {@code applies} to; others stay what they are. */
  default Fallback<R> when(Predicate<Throwable> applies) {
    Objects.requireNonNull(applies, "applies");
    Fallback<R> chosen = this;
    return new Fallback<>() {
      @Override
      public R recover(Throwable failure) throws Exception {
        if (applies.test(failure)) {
          return chosen.recover(failure);
        }
        throw Failures.asException(failure);
      }

      @Override
      public CompletionStage<R> recoverAsync(Throwable failure) {
        return applies.test(failure)
            ? chosen.recoverAsync(failure)
            : CompletableFuture.failedFuture(failure);
      }
    };
  }

  /** Asks this one first, and {@code next} if that has no answer. */
  default Fallback<R> orElse(Fallback<R> next) {
    Objects.requireNonNull(next, "next");
    Fallback<R> first = this;
    return new Fallback<>() {
      @Override
      public R recover(Throwable failure) throws Exception {
        try {
          return first.recover(failure);
        } catch (Exception e) {
          return next.recover(failure);
        }
      }

      @Override
      public CompletionStage<R> recoverAsync(Throwable failure) {
        return first
            .recoverAsync(failure)
            .handle(
                (answer, none) ->
                    none == null
                        ? CompletableFuture.completedFuture(answer)
                        : next.recoverAsync(failure))
            .thenCompose(answer -> answer);
      }
    };
  }
}
