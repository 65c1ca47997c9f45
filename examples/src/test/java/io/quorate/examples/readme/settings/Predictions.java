package io.quorate.examples.readme.settings;

import io.quorate.examples.readme.Setting;
import io.quorate.resilience.Guard;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/** A client of a service that predicts. */
public abstract class Predictions extends Setting {
  /** An answer. */
  public record Prediction(String label) {}

  /** Answers at once. */
  public static final class Client {
    /** Blocks for an answer. */
    public Prediction predict(String x) {
      return new Prediction(x);
    }

    /** Answers within a time. */
    public CompletableFuture<Prediction> predictAsync(String x, long remainingNanos) {
      return CompletableFuture.completedFuture(new Prediction(x));
    }

    /** Answers from one replica. */
    public CompletableFuture<Prediction> predictAsync(URI replica, String x) {
      return CompletableFuture.completedFuture(new Prediction(x));
    }

    /** Whether a replica is there. */
    public CompletableFuture<Boolean> ping(URI replica) {
      return CompletableFuture.completedFuture(true);
    }
  }

  protected final Client client = new Client();
  protected final String x = "x";
  protected final URI a = URI.create("http://a.example");
  protected final URI b = URI.create("http://b.example");
  protected final Guard guard = Guard.named("ranker").build();
}
