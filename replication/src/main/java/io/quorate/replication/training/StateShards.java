package io.quorate.replication.training;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.replication.checkpoint.CheckpointInfo;
import io.quorate.replication.checkpoint.CheckpointStore;
import io.quorate.replication.checkpoint.ShardSource;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * The state of a job as the shards of a checkpoint: {@code parameters}, {@code slot-N} and {@code
 * residual-N}, each a vector of big-endian floats, and without lock step {@code clocks}, a
 * big-endian int64 for each shard. The metadata says of which job it is.
 */
final class StateShards {
  private static final String JOB = "job";
  private static final String OPTIMIZER = "optimizer";
  private static final String CLOCKS = "clocks";

  private StateShards() {}

  static Map<String, String> metadata(TrainingOptions options, Optimizer optimizer) {
    return Map.of(
        JOB, options.job() + " " + options.description(), OPTIMIZER, optimizer.description());
  }

  static Map<String, ShardSource> shards(TrainingState state) {
    Map<String, ShardSource> shards = new TreeMap<>();
    vectors(state).forEach(
        (name, vector) ->
            shards.put(name, out -> out.write(TrainingState.bytes(vector))));
    if (state.clocks().length > 0) {
      ByteWriter clocks = new ByteWriter();
      for (long clock : state.clocks()) {
        clocks.int64(clock);
      }
      shards.put(CLOCKS, out -> out.write(clocks.toByteArray()));
    }
    return shards;
  }

  /**
   * Reads the state that {@code checkpoint} holds.
   *
   * @return fails with {@link TrainingException} if it is of another job, model or optimizer
   */
  static CompletableFuture<TrainingState> read(
      CheckpointStore store,
      CheckpointInfo checkpoint,
      TrainingOptions options,
      Optimizer optimizer,
      TrainingState like) {
    Map<String, String> expected = metadata(options, optimizer);
    if (!checkpoint.metadata().equals(expected)) {
      return CompletableFuture.failedFuture(
          new TrainingException(
              "checkpoint " + checkpoint.id() + " is of another job: " + checkpoint.metadata()
                  + ", expected " + new TreeMap<>(expected)));
    }
    SortedMap<String, ByteArrayOutputStream> contents = new TreeMap<>();
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (String name : shards(like).keySet()) {
      ByteArrayOutputStream content = new ByteArrayOutputStream();
      contents.put(name, content);
      all = all.thenCompose(done -> store.read(checkpoint, name, content));
    }
    return all.thenApply(done -> state(checkpoint, contents, like));
  }

  private static TrainingState state(
      CheckpointInfo checkpoint, Map<String, ByteArrayOutputStream> contents, TrainingState like) {
    long[] clocks = new long[like.clocks().length];
    if (clocks.length > 0) {
      readClocks(checkpoint, contents.remove(CLOCKS).toByteArray(), clocks);
    }
    long updates = Arrays.stream(clocks).sum();
    SortedMap<String, float[]> vectors = new TreeMap<>();
    contents.forEach(
        (name, content) -> vectors.put(name, TrainingState.floats(content.toByteArray())));
    int length = like.parameters().length;
    vectors.forEach(
        (name, vector) -> {
          if (vector.length != length) {
            throw new TrainingException(
                "checkpoint " + checkpoint.id() + " has a " + name + " of " + vector.length
                    + " entries, expected " + length);
          }
        });
    float[][] slots = new float[like.slots().length][];
    for (int i = 0; i < slots.length; i++) {
      slots[i] = vectors.get(name("slot-", i));
    }
    float[][] residuals = new float[like.residuals().length][];
    for (int i = 0; i < residuals.length; i++) {
      residuals[i] = vectors.get(name("residual-", i));
    }
    long step = clocks.length > 0 ? updates : checkpoint.step();
    return new TrainingState(step, vectors.get("parameters"), slots, residuals, clocks);
  }

  private static void readClocks(CheckpointInfo checkpoint, byte[] content, long[] clocks) {
    if (content.length != Long.BYTES * clocks.length) {
      throw new TrainingException(
          "checkpoint " + checkpoint.id() + " has " + content.length + " bytes of clocks, expected "
              + Long.BYTES * clocks.length);
    }
    ByteReader in = new ByteReader(content);
    for (int i = 0; i < clocks.length; i++) {
      clocks[i] = in.int64();
    }
  }

  private static SortedMap<String, float[]> vectors(TrainingState state) {
    SortedMap<String, float[]> vectors = new TreeMap<>();
    vectors.put("parameters", state.parameters());
    for (int i = 0; i < state.slots().length; i++) {
      vectors.put(name("slot-", i), state.slots()[i]);
    }
    for (int i = 0; i < state.residuals().length; i++) {
      vectors.put(name("residual-", i), state.residuals()[i]);
    }
    return vectors;
  }

  private static String name(String prefix, int index) {
    return prefix + index;
  }
}
