package io.quorate.replication.training;

/**
 * A training job cannot go on, or a worker cannot take part in it; says who is to blame, and if it
 * is work that failed, which worker, step and shard. Steps up to the newest checkpoint have taken
 * effect: a master that is started anew goes on from there.
 */
public final class TrainingException extends RuntimeException {
  /** For a reason that has no cause of its own. */
  public TrainingException(String message) {
    super(message);
  }

  /** For a reason that {@code cause} tells more of. */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
