package io.quorate.examples.platform;

import io.quorate.resilience.CircuitBreaker;
import io.quorate.resilience.StaleCache;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The users' profiles as a replica sees them: from the cache while they are fresh, from the feature
 * store otherwise, old ones if the store does not answer, and none rather than no prediction.
 */
final class Profiles {
  private static final Duration READ_TIMEOUT = Duration.ofMillis(45);
  private static final int MAX_USERS = 10_000;

  private final Nearest store;
  private final StaleCache<String, Profile> cache;

  Profiles(Nearest store) {
    this.store = store;
    this.cache =
        StaleCache.create(
            new StaleCache.Options(
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofMinutes(10),
                READ_TIMEOUT,
                Duration.ofMillis(100),
                Duration.ofSeconds(1),
                MAX_USERS),
            user ->
                store
                    .ask(user.getBytes(StandardCharsets.UTF_8), READ_TIMEOUT)
                    .thenApply(Profile::decode));
  }

  /** The profile of {@code user}; empty if there is none to be had. Never fails. */
  CompletableFuture<Optional<Profile>> of(String user) {
    return cache.value(user).thenApply(Optional::of).exceptionally(failure -> Optional.empty());
  }

  CircuitBreaker.State breaker() {
    return store.breaker();
  }

  StaleCache.Stats stats() {
    return cache.stats();
  }
}
