package io.quorate.resilience;

import java.util.concurrent.CancellationException;

/** What an attempt says about the one that was called. */
public enum Outcome {
  /** It answered as it should. */
  SUCCESS,
  /** It failed, or took too long: counts against it. */
  FAILURE,
  /** Says nothing about it: cancelled, interrupted, refused before it was sent. */
  IGNORED;

  /** Decides what a finished attempt says. Must be fast and free of side effects. */
  @FunctionalInterface
  public interface Classifier {
    /**
     * The outcome of an attempt.
     *
     * @param result what the attempt returned; null if it failed, or if it returned null
     * @param error what it failed with, freed of {@code CompletionException}s; null if it returned
     */
    Outcome of(Object result, Throwable error);

    /**
     * The default: what returns has succeeded, what throws has failed; refusals further in,
     * cancellation and interruption say nothing.
     */
    static Classifier standard() {
      return (result, error) -> {
        if (error == null) {
          return SUCCESS;
        }
        boolean saysNothing =
            error instanceof RejectedException
                || error instanceof CancellationException
                || error instanceof InterruptedException;
        return saysNothing ? IGNORED : FAILURE;
      };
    }
  }
}
