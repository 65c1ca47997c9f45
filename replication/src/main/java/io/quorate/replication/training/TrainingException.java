package io.quorate.replication.training;

/** A training job cannot go on; says which worker, shard and step are to blame. */
public final class TrainingException extends RuntimeException {
  public TrainingException(String message) {
    super(message);
  }

  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
