package io.quorate.examples.recommender;

import io.quorate.core.Clock;
import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.examples.recommender.Recommendation.Profile;
import io.quorate.examples.recommender.Recommendation.Source;
import io.quorate.replication.quorum.Consistency;
import io.quorate.replication.quorum.Placement;
import io.quorate.replication.quorum.QuorumOptions;
import io.quorate.replication.quorum.QuorumStore;
import io.quorate.replication.quorum.ReadOptions;
import io.quorate.resilience.StaleCache;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One region's recommender. It answers whatever is down around it: from its cache, by the model with
 * the profile from the region's replica of the store, with an answer of the past, or with what is
 * popular.
 */
final class Recommender {
  static final String SERVICE = "recommend";
  static final Duration FRESH = Duration.ofMinutes(1);

  private static final Duration STALE = Duration.ofDays(2);
  private static final int MAX_ENTRIES = 100_000;

  private record Computed(List<Integer> items, long atNanos) {}

  private final Clock clock;
  private final ItemModel model;
  private final CompletableFuture<QuorumStore<String, String>> profiles;
  private final StaleCache<Integer, Computed> cache;
  private final long startedNanos;
  private boolean modelDown;

  private Recommender(Environment environment, List<NodeId> regions, ItemModel model) {
    EventLoop loop = environment.eventLoop(SERVICE);
    this.clock = environment.clock();
    this.model = model;
    this.startedNanos = clock.monotonicNanos();
    this.profiles =
        QuorumStore.open(
            environment,
            Placement.everywhere(1, regions),
            Codec.STRING,
            Codec.STRING,
            QuorumOptions.in("profiles"));
    this.cache =
        StaleCache.create(
            StaleCache.Options.of(FRESH, STALE).withRevalidate(FRESH).withMaxEntries(MAX_ENTRIES),
            this::infer,
            clock::monotonicNanos,
            (delayNanos, task) -> loop.schedule(delayNanos, task)::cancel);
    environment.transport().open(
        SERVICE,
        loop,
        new Handler() {
          @Override
          public void onRequest(Request request) {
            answer(request);
          }
        });
  }

  /** Starts one in each process of the {@code regions}. */
  static Recommender start(Environment environment, List<NodeId> regions, ItemModel model) {
    return new Recommender(environment, regions, model);
  }

  CompletableFuture<QuorumStore<String, String>> profiles() {
    return profiles;
  }

  /** Takes the model away, as when the machines that compute are down, or gives it back. */
  void modelDown(boolean down) {
    modelDown = down;
  }

  static String key(int user) {
    return "user-" + user;
  }

  private void answer(Request request) {
    byte[] payload = request.payload();
    if (payload.length == 0) {
      request.respond(payload);
      return;
    }
    recommend(Math.toIntExact(Codec.LONG.decode(payload)))
        .thenAccept(recommendation -> request.respond(recommendation.encode()));
  }

  /** Never fails. */
  private CompletableFuture<Recommendation> recommend(int user) {
    long askedNanos = clock.monotonicNanos();
    return cache
        .value(user)
        .handle(
            (computed, failure) ->
                failure == null ? of(computed, askedNanos) : popular());
  }

  private Recommendation of(Computed computed, long askedNanos) {
    long ageNanos = Math.max(0, askedNanos - computed.atNanos());
    Source source = ageNanos <= FRESH.toNanos() ? Source.CACHE : Source.STALE;
    boolean forThis = computed.atNanos() - askedNanos >= 0;
    return new Recommendation(
        computed.items(), forThis ? Source.INFERENCE : source, millis(ageNanos));
  }

  private Recommendation popular() {
    return new Recommendation(
        model.popular(), Source.POPULARITY, millis(clock.monotonicNanos() - startedNanos));
  }

  private static long millis(long nanos) {
    return Duration.ofNanos(nanos).toMillis();
  }

  /** By the replica in this region: a read that waits for no other one. */
  private CompletableFuture<Computed> infer(int user) {
    if (modelDown) {
      return CompletableFuture.failedFuture(new IllegalStateException("the model is down"));
    }
    return profiles
        .thenCompose(store -> store.get(key(user), ReadOptions.at(Consistency.ONE)))
        .thenApply(found -> model.recommend(Profile.items(found.value().orElse(""))))
        .thenApply(items -> new Computed(items, clock.monotonicNanos()));
  }
}
