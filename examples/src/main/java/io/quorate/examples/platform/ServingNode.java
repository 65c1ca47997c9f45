package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.examples.training.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One serving replica: the newest model in memory, the users' profiles behind a cache, and, for the
 * story, ways to be slow or broken.
 */
final class ServingNode extends PlatformNode {
  /** Users ask here. */
  static final String PREDICT = "predict";

  /** What a slow replica adds to each answer: ten times and more what an answer usually takes. */
  static final Duration SLOWNESS = Duration.ofMillis(20);

  /** How a replica is doing. */
  enum Mood {
    WELL,
    SLOW,
    FAILING
  }

  private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(2);
  private static final long START_SECONDS = 5;
  private static final int MAX_QUEUED = 64;

  private static final int PING = 0;
  private static final int ASK = 1;
  private static final int RELOAD = 2;

  private final Exam exam;
  private final Map<NodeId, String> controls;
  private final Map<NodeId, String> stores;
  private volatile Nearest models;
  private volatile Profiles profiles;
  private volatile EventLoop loop;
  private volatile Model model = Model.NONE;
  private volatile Mood mood = Mood.WELL;
  private volatile long serviceNanos;
  /** When what is queued will have been served. Belongs to the loop. */
  private long freeAtNanos;

  /**
   * A replica.
   *
   * @param controls the nodes that hand out models, and their regions
   * @param stores the nodes that hand out profiles, and their regions
   */
  ServingNode(
      NodeId id,
      String region,
      Exam exam,
      Map<NodeId, String> controls,
      Map<NodeId, String> stores,
      Wiring wiring,
      Path root) {
    super(id, region, wiring, root);
    this.exam = exam;
    this.controls = controls;
    this.stores = stores;
  }

  static byte[] ping() {
    return new byte[] {PING};
  }

  static byte[] reload() {
    return new byte[] {RELOAD};
  }

  static byte[] ask(String user, String text) {
    return new ByteWriter().int8(ASK).text(user).text(text).toByteArray();
  }

  @Override
  void open(Environment environment) throws Exception {
    model = Model.NONE;
    mood = Mood.WELL;
    loop = environment.eventLoop(PREDICT);
    models = new Nearest(environment, ControlNode.MODELS, region(), controls);
    profiles = new Profiles(new Nearest(environment, StoreNode.FEATURES, region(), stores));
    environment
        .transport()
        .open(
            PREDICT,
            loop,
            new Handler() {
              @Override
              public void onRequest(Request request) {
                handle(request);
              }
            });
    load().get(START_SECONDS, TimeUnit.SECONDS);
  }

  private void handle(Request request) {
    ByteReader in = new ByteReader(request.payload());
    try {
      switch (in.uint8()) {
        case PING -> pong(request);
        case ASK -> admit(request, in.text(), in.text());
        case RELOAD -> load().whenComplete((loaded, failure) -> answer(request, failure));
        default -> request.refuse("no such question");
      }
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
    }
  }

  private void pong(Request request) {
    if (model == Model.NONE) {
      // Whoever is not well yet looks at each check whether there is a model by now.
      load();
      request.refuse("no model yet");
    } else {
      request.respond(new byte[0]);
    }
  }

  /** Drops what nobody waits for any more, and takes no more than it can do in time. */
  private void admit(Request request, String user, String text) {
    if (request.isCancelled()) {
      request.refuse("too late");
      return;
    }
    if (mood == Mood.FAILING) {
      request.refuse("broken");
      return;
    }
    long delayNanos = mood == Mood.SLOW ? SLOWNESS.toNanos() : 0;
    if (serviceNanos > 0) {
      long now = System.nanoTime();
      long waitNanos = Math.max(0, freeAtNanos - now);
      if (waitNanos > MAX_QUEUED * serviceNanos) {
        request.refuse("too busy");
        return;
      }
      freeAtNanos = now + waitNanos + serviceNanos;
      delayNanos += waitNanos + serviceNanos;
    }
    if (delayNanos == 0) {
      predict(request, user, text);
    } else {
      loop.schedule(delayNanos, () -> predict(request, user, text));
    }
  }

  private void predict(Request request, String user, String text) {
    profiles
        .of(user)
        .thenAccept(profile -> request.respond(predict(profile, text).encode()))
        .exceptionally(
            failure -> {
              Throwable cause = failure.getCause() == null ? failure : failure.getCause();
              request.refuse(String.valueOf(cause.getMessage()));
              return null;
            });
  }

  private Prediction predict(Optional<Profile> profile, String text) {
    Model now = model;
    if (now == Model.NONE) {
      throw new IllegalStateException("no model yet");
    }
    float[] probabilities =
        profile.orElse(Profile.UNKNOWN).weigh(exam.probabilities(now.parameters(), text));
    int label = Task.mostProbable(probabilities);
    return new Prediction(label, probabilities[label], now.version(), profile.isPresent());
  }

  private static void answer(Request request, Throwable failure) {
    if (failure == null) {
      request.respond(new byte[0]);
    } else {
      request.refuse(String.valueOf(failure.getMessage()));
    }
  }

  /** Fetches the newest model beside the one that is served, and takes it in in one go. */
  private CompletableFuture<Void> load() {
    return models
        .ask(new byte[0], FETCH_TIMEOUT)
        .thenAccept(
            bytes -> {
              Model fetched = Model.decode(bytes);
              if (fetched.version() > model.version()) {
                model = fetched;
              }
            });
  }

  /** The version of the model that it serves; 0 for none. */
  long version() {
    return model.version();
  }

  Mood mood() {
    return mood;
  }

  void mood(Mood mood) {
    this.mood = mood;
  }

  /** Makes each prediction take this long, one after the other; zero for as long as it takes. */
  void serviceTime(Duration time) {
    serviceNanos = TimeUnit.NANOSECONDS.convert(time);
  }

  Profiles profiles() {
    return profiles;
  }
}
