package io.quorate.replication.training;

import io.quorate.core.Text;
import java.time.Duration;

/**
 * One training job, as its master and all its workers must know it. Workers with other options are
 * refused.
 *
 * @param job 1 to 40 of the characters {@code a-z A-Z 0-9 . _ -}
 * @param model name and version of the gradient function and data; workers with another are refused
 * @param shards logical shards, fixed for the whole job: results depend on their number and on
 *     nothing about the workers; four for each worker is a good start; 1 to 4,096
 * @param seed decides all chance; any number
 * @param sync when a step is over
 * @param codec how gradients travel
 * @param speculation when slow work is copied; not done with codecs that keep a residual
 * @param limits times and frequencies; how often a worker says that it is still at work goes by its
 *     own
 */
public record TrainingOptions(
    String job,
    String model,
    int shards,
    long seed,
    SyncPolicy sync,
    GradientCodec codec,
    Speculation speculation,
    Limits limits) {
  private static final int MAX_SHARDS = 4_096;

  public TrainingOptions {
    if (job == null || !job.matches("[a-zA-Z0-9._-]{1,40}")) {
      throw new IllegalArgumentException(
          "job must be 1 to 40 of a-z A-Z 0-9 . _ -, was " + Text.quote(job));
    }
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException("shards must be 1 to " + MAX_SHARDS + ", was " + shards);
    }
    if (sync instanceof SyncPolicy.BackupWorkers backup && backup.shards() > shards) {
      throw new IllegalArgumentException(
          "BackupWorkers must wait for at most " + shards + " shards, was " + backup.shards());
    }
    boolean everyResultCounts = sync.isLockStep() && !(sync instanceof SyncPolicy.BackupWorkers);
    if (codec.isStateful() && !everyResultCounts) {
      throw new IllegalArgumentException(
          sync + " would lose residuals of " + codec.description());
    }
  }

  /**
   * Full sync, all bits, copies of slow work, the default limits.
   *
   * @throws IllegalArgumentException as for all ways to make options: if one is out of its range,
   *     or the codec's residuals would be lost under the policy
   */
  public static TrainingOptions of(String job, String model, int shards, long seed) {
    return new TrainingOptions(
        job,
        model,
        shards,
        seed,
        new SyncPolicy.FullSync(),
        GradientCodec.dense(),
        Speculation.defaults(),
        Limits.defaults());
  }

  public TrainingOptions withSync(SyncPolicy sync) {
    return new TrainingOptions(job, model, shards, seed, sync, codec, speculation, limits);
  }

  public TrainingOptions withCodec(GradientCodec codec) {
    return new TrainingOptions(job, model, shards, seed, sync, codec, speculation, limits);
  }

  public TrainingOptions withSpeculation(Speculation speculation) {
    return new TrainingOptions(job, model, shards, seed, sync, codec, speculation, limits);
  }

  public TrainingOptions withLimits(Limits limits) {
    return new TrainingOptions(job, model, shards, seed, sync, codec, speculation, limits);
  }

  /** What decides the bits of the result: two parties must agree on it. */
  String description() {
    boolean rounded = codec.isStateful() && !codec.residualCodec().equals(GradientCodec.dense());
    return "model=" + model + " shards=" + shards + " seed=" + seed + " sync=" + sync + " codec="
        + codec.description() + (rounded ? " checkpointEvery=" + limits.checkpointEvery() : "");
  }

  /** The steps of data that one step of the job takes. */
  int dataSteps() {
    return sync instanceof SyncPolicy.LocalSgd local ? local.localSteps() : 1;
  }

  String service() {
    return "training." + job;
  }

  /**
   * Times and frequencies.
   *
   * @param stepTimeout a step that takes longer fails the job, naming who held it up; more than 0
   * @param workerTimeout a worker that is silent for longer is gone; its work goes to others; at
   *     least 10 ms
   * @param checkpointEvery steps between two checkpoints; at least 1
   * @param maxFailures with so many failures of one shard's work in one step the job fails; at
   *     least 1
   */
  public record Limits(
      Duration stepTimeout, Duration workerTimeout, int checkpointEvery, int maxFailures) {
    public Limits {
      if (stepTimeout.isZero() || stepTimeout.isNegative()) {
        throw new IllegalArgumentException("stepTimeout must be more than 0, was " + stepTimeout);
      }
      if (workerTimeout.toMillis() < 10) {
        throw new IllegalArgumentException(
            "workerTimeout must be at least 10 ms, was " + workerTimeout);
      }
      if (checkpointEvery < 1) {
        throw new IllegalArgumentException(
            "checkpointEvery must be at least 1, was " + checkpointEvery);
      }
      if (maxFailures < 1) {
        throw new IllegalArgumentException("maxFailures must be at least 1, was " + maxFailures);
      }
    }

    /** 30 s for a step, 2 s for a worker, a checkpoint each 100 steps, 3 failures. */
    public static Limits defaults() {
      return new Limits(Duration.ofSeconds(30), Duration.ofSeconds(2), 100, 3);
    }
  }
}
