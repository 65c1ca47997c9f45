/**
 * Keeps a service answering while what it calls is slow, overloaded or down: circuit breaker, retry
 * with a budget, deadline, hedge, limits, fallback and stale cache, composed by
 * {@code Guard} in the order that works.
 *
 * <p>All time comes from a {@code LongSupplier} of nanoseconds and a {@link
 * io.quorate.resilience.Timer}, so the same classes run on a virtual clock. Permits are {@code
 * long} tokens: a call on a healthy path allocates nothing, and a token of an earlier epoch does
 * nothing.
 */
package io.quorate.resilience;
