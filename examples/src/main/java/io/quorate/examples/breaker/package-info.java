/** A dependency that fails and recovers, behind a circuit breaker with a fallback. */
package io.quorate.examples.breaker;
