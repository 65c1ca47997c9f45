package io.quorate.resilience;

import java.util.Arrays;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What callers are told about failures. */
final class Failures {
  /** Failures of earlier attempts that are kept; further ones are dropped, to bound memory. */
  static final int MAX_KEPT = 8;

  /** Left on a failure by a guard that has given up retrying it, so that no outer one goes on. */
  static final class GaveUp extends RuntimeException {
    final String guard;

    GaveUp(String guard, int attempts) {
      super("guard " + guard + " gave up after " + attempts + " attempts", null, false, false);
      this.guard = guard;
    }
  }

  private Failures() {}

  /** The failure itself, out of the wrappers that futures put around it. */
  static Throwable unwrapped(Throwable failure) {
    Throwable unwrapped = failure;
    while ((unwrapped instanceof CompletionException || unwrapped instanceof ExecutionException)
        && unwrapped.getCause() != null) {
      unwrapped = unwrapped.getCause();
    }
    return unwrapped;
  }

  /**
   * Adds {@code earlier} to what {@code failure} has suppressed: never itself, never without end.
   */
  static void keep(Throwable failure, Throwable earlier) {
    if (earlier == failure || isSharedOrFull(failure, earlier)) {
      return;
    }
    failure.addSuppressed(earlier);
  }

  private static boolean isSharedOrFull(Throwable failure, Throwable earlier) {
    Throwable[] kept = failure.getSuppressed();
    return kept.length >= MAX_KEPT
        || Arrays.asList(kept).contains(earlier)
        // One that has this one suppressed already: a pair of shared exceptions, thrown in turns.
        || Arrays.asList(earlier.getSuppressed()).contains(failure);
  }

  /** Whether a guard other than {@code guard} has retried {@code failure} in vain. */
  static boolean wasRetriedWithin(Throwable failure, String guard) {
    for (Throwable kept : failure.getSuppressed()) {
      if (kept instanceof GaveUp gaveUp && !gaveUp.guard.equals(guard)) {
        return true;
      }
    }
    return false;
  }

  static void markGaveUp(Throwable failure, String guard, int attempts) {
    for (Throwable kept : failure.getSuppressed()) {
      if (kept instanceof GaveUp) {
        return;
      }
    }
    failure.addSuppressed(new GaveUp(guard, attempts));
  }

  static Exception asException(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    return failure instanceof Exception e ? e : new ExecutionException(failure);
  }

  /** Throws {@code failure} as it is: what the work threw is what the caller catches. */
  @SuppressWarnings("unchecked") // the cast to X is what makes it unchecked here
  static <X extends Throwable> RuntimeException sneak(Throwable failure) throws X {
    throw (X) failure;
  }
}
