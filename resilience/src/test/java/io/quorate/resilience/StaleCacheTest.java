package io.quorate.resilience;

import static io.quorate.resilience.Breakers.SECOND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Checklist items 58 to 61. Fresh for 60 s, revalidated until 120 s, stale until 600 s. */
class StaleCacheTest {
  private final VirtualTime time = new VirtualTime();
  private final StaleCache.Options options =
      StaleCache.Options.of(Duration.ofSeconds(60), Duration.ofSeconds(600));
  private final List<CompletableFuture<String>> loads = new ArrayList<>();
  private final StaleCache<String, String> cache = cache(options, key -> next());

  private StaleCache<String, String> cache(
      StaleCache.Options options, Function<String, CompletionStage<String>> loader) {
    return StaleCache.create(options, loader, time, time);
  }

  private CompletableFuture<String> next() {
    loads.add(new CompletableFuture<>());
    return loads.get(loads.size() - 1);
  }

  private void loaded(String value) {
    CompletableFuture<String> asked = cache.value("k");
    loads.get(loads.size() - 1).complete(value);
    assertThat(asked).isCompletedWithValue(value);
  }

  private void failLast() {
    loads.get(loads.size() - 1).completeExceptionally(new IOException("down"));
  }

  @Test
  void item_58_a_key_is_loaded_once_however_many_ask() {
    List<CompletableFuture<String>> asked = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      asked.add(cache.value("k"));
    }
    asked.get(0).cancel(true);
    assertThat(loads).hasSize(1);

    loads.get(0).complete("v");

    assertThat(asked.subList(1, 100))
        .allSatisfy(each -> assertThat(each).isCompletedWithValue("v"));
    assertThat(cache.value("k")).isCompletedWithValue("v");
    assertThat(cache.stats()).isEqualTo(new StaleCache.Stats(1, 0, 1, 0));
  }

  @Test
  void item_58_an_old_value_is_served_while_one_load_renews_it() {
    loaded("old");
    time.advance(61 * SECOND);
    for (int i = 0; i < 100; i++) {
      assertThat(cache.value("k")).isCompletedWithValue("old");
    }
    assertThat(loads).hasSize(2);

    loads.get(1).complete("new");

    assertThat(cache.value("k")).isCompletedWithValue("new");
  }

  @Test
  void item_59_on_error_a_value_is_served_up_to_its_stale_age_and_never_after() {
    loaded("old");
    time.advance(599 * SECOND);
    CompletableFuture<String> asked = cache.value("k");
    assertThat(asked).as("too old to be served before the load is tried").isNotDone();
    failLast();
    assertThat(asked).isCompletedWithValue("old");

    time.advance(2 * SECOND);
    CompletableFuture<String> tooLate = cache.value("k");
    failLast();

    assertThat(tooLate).isCompletedExceptionally();
    assertThatThrownBy(tooLate::join).hasRootCauseInstanceOf(IOException.class);
  }

  @Test
  void item_59_a_value_that_grows_too_old_during_the_load_is_not_served() {
    loaded("old");
    time.advance(595 * SECOND);
    CompletableFuture<String> asked = cache.value("k");
    time.advance(6 * SECOND);

    failLast();

    assertThat(asked).isCompletedExceptionally();
  }

  @Test
  void item_60_a_failure_is_remembered_for_its_pause() {
    CompletableFuture<String> first = cache.value("k");
    failLast();
    assertThat(first).isCompletedExceptionally();
    time.advance(SECOND - 1);
    for (int i = 0; i < 100; i++) {
      assertThat(cache.value("k")).isCompletedExceptionally();
    }
    assertThat(loads).hasSize(1);

    time.advance(1);
    CompletableFuture<String> again = cache.value("k");
    loads.get(1).complete("up");

    assertThat(again).isCompletedWithValue("up");
  }

  @Test
  void item_61_the_pause_after_failed_refreshes_doubles_to_its_cap_and_a_success_resets_it() {
    StaleCache<String, String> failing =
        cache(
            options.withRevalidate(Duration.ofSeconds(600)),
            key -> CompletableFuture.failedFuture(new IOException()));
    failing.put("k", "old");
    time.advance(61 * SECOND);
    List<Long> loadedAt = new ArrayList<>();
    long loadsBefore = 0;
    for (int second = 0; second < 200; second++) {
      assertThat(failing.value("k")).isCompletedWithValue("old");
      if (failing.stats().loads() > loadsBefore) {
        loadsBefore = failing.stats().loads();
        loadedAt.add((long) second);
      }
      time.advance(SECOND);
    }

    assertThat(loadedAt).containsExactly(0L, 1L, 3L, 7L, 15L, 31L, 61L, 91L, 121L, 151L, 181L);
  }

  @Test
  void a_load_that_never_ends_fails_in_time_and_is_cancelled() {
    CompletableFuture<String> asked = cache.value("k");

    time.advance(10 * SECOND);

    assertThatThrownBy(asked::join).hasRootCauseInstanceOf(TimedOutException.class);
    assertThat(loads.get(0)).isCancelled();
    time.advance(SECOND);
    CompletableFuture<String> again = cache.value("k");
    loads.get(1).complete("v");
    assertThat(again).isCompletedWithValue("v");
    assertThat(time.pendingCount()).isZero();
  }

  @Test
  void a_loader_that_throws_or_returns_null_is_a_failed_load() {
    List<Function<String, CompletionStage<String>>> loaders =
        List.of(
            key -> null,
            key -> CompletableFuture.completedFuture(null),
            key -> {
              throw new IllegalStateException();
            },
            key -> {
              throw new AssertionError();
            });
    for (Function<String, CompletionStage<String>> loader : loaders) {
      StaleCache<String, String> broken = cache(options, loader);

      assertThat(broken.value("k")).isCompletedExceptionally();
      assertThat(broken.stats().loadFailures()).isEqualTo(1);
    }
  }

  @Test
  void it_is_bounded_and_drops_what_came_first() {
    StaleCache<String, String> small =
        cache(options.withMaxEntries(3), CompletableFuture::completedFuture);
    for (String key : List.of("a", "b", "c", "d")) {
      small.value(key);
    }
    small.value("d");
    assertThat(small.stats().loads()).isEqualTo(4);
    small.value("a");
    assertThat(small.stats().loads()).isEqualTo(5);
    for (int i = 0; i < 1000; i++) {
      small.invalidate("d");
      small.put("d", "again");
    }
    assertThat(small.value("d")).isCompletedWithValue("again");
    assertThat(small.value("c")).isCompletedWithValue("c");
    assertThat(small.stats().loads()).isEqualTo(5);
  }

  @Test
  void failures_are_bounded_too_and_do_not_keep_new_keys_from_being_loaded_for_ever() {
    StaleCache<String, String> small =
        cache(
            options.withMaxEntries(3),
            key ->
                key.startsWith("bad")
                    ? CompletableFuture.failedFuture(new IOException())
                    : CompletableFuture.completedFuture(key));
    for (int i = 0; i < 10; i++) {
      assertThat(small.value("bad" + i)).isCompletedExceptionally();
    }
    assertThat(small.stats().loads()).isEqualTo(3);

    time.advance(SECOND);

    assertThat(small.value("good")).isCompletedWithValue("good");
  }

  @Test
  void any_concurrent_map_is_a_store_and_the_cache_is_a_fallback() throws Exception {
    ConcurrentHashMap<String, StaleCache.Entry<String>> store = new ConcurrentHashMap<>();
    StaleCache<String, String> plugged =
        StaleCache.create(options, CompletableFuture::completedFuture, store, time, time);
    plugged.value("k");
    assertThat(store.get("k")).isEqualTo(new StaleCache.Entry<>("k", 0));

    assertThat(plugged.fallback("k").recover(new IOException())).isEqualTo("k");
    time.advance(601 * SECOND);
    assertThatThrownBy(() -> plugged.fallback("k").recover(new IOException("first")))
        .hasMessage("first");
  }

  @Test
  void after_the_clock_has_stepped_back_values_are_served_and_loaded_anew() {
    time.jumpTo(3600 * SECOND);
    loaded("old");
    time.jumpTo(0);

    assertThat(cache.value("k")).isCompletedWithValue("old");
    assertThat(loads).hasSize(2);
    failLast();
    time.jumpTo(-3600 * SECOND);
    assertThat(cache.value("k")).isCompletedWithValue("old");
    assertThat(loads).as("a step back does not prolong the pause").hasSize(3);
  }

  @Test
  void options_that_make_no_sense_are_refused() {
    Duration minute = Duration.ofMinutes(1);
    assertThatThrownBy(() -> StaleCache.Options.of(Duration.ZERO, minute))
        .hasMessageContaining("fresh");
    assertThatThrownBy(() -> StaleCache.Options.of(minute, Duration.ofSeconds(1)))
        .hasMessageContaining("must be at least");
    assertThatThrownBy(() -> options.withRevalidate(Duration.ofSeconds(-1)))
        .hasMessageContaining("revalidate");
    assertThatThrownBy(() -> options.withMaxEntries(0)).hasMessageContaining("maxEntries");
  }
}
