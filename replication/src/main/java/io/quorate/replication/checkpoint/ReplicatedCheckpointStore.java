package io.quorate.replication.checkpoint;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import io.quorate.core.storage.StorageException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files on this node, copies on others. State belongs to the event loop. Directory-wide work (list,
 * verify, collect) runs on one executor, shards on {@code parallelism} others; a checkpoint that is
 * being saved or read is {@code busy}, so collection passes it over.
 */
final class ReplicatedCheckpointStore implements CheckpointStore {
  private static final Logger log = LoggerFactory.getLogger(ReplicatedCheckpointStore.class);

  private final Environment environment;
  private final CheckpointOptions options;
  private final CheckpointFiles files;
  private final EventLoop loop;
  private final Executor disk;
  private final Busy busy = new Busy();
  private final Copies copies;
  private final Set<CompletableFuture<?>> pending = new LinkedHashSet<>();
  private long highestSequence;
  private int saves;
  private boolean closed;

  private ReplicatedCheckpointStore(
      Environment environment, CheckpointOptions options, CheckpointFiles files) {
    this.environment = environment;
    this.options = options;
    this.files = files;
    this.loop = environment.eventLoop("checkpoints");
    this.disk = environment.blockingExecutor("checkpoints");
    this.highestSequence = files.highestSequence();
    this.copies =
        new Copies(environment.transport(), files, options, loop, disk, busy, this::heardOf);
  }

  static CheckpointStore open(Environment environment, CheckpointOptions options) {
    CheckpointFiles files = new CheckpointFiles(environment.storage(), options.directory());
    files.sweep(Set.of());
    return new ReplicatedCheckpointStore(environment, options, files);
  }

  @Override
  public CompletableFuture<CheckpointInfo> save(
      long step,
      Map<String, String> metadata,
      Map<String, ShardSource> shards,
      SaveProgress progress) {
    if (step < 0 || shards.isEmpty()) {
      throw new IllegalArgumentException(
          "step must be at least 0 and shards at least one, were " + step + " and " + shards.size());
    }
    shards.keySet().forEach(ShardInfo::checkName);
    SortedMap<String, ShardSource> sources = new TreeMap<>(shards);
    SortedMap<String, String> notes = new TreeMap<>(metadata);
    return submit(
        result -> {
          if (saves == options.maxSavesInFlight()) {
            throw new RefusedException(saves + " saves are in flight, the most there may be");
          }
          saves++;
          CheckpointId id = new CheckpointId(++highestSequence, environment.self());
          busy.hold(id);
          result.whenComplete(
              (info, failure) -> {
                saves--;
                busy.release(id);
              });
          write(id, sources, progress)
              .thenCompose(written -> commit(id, step, notes, written))
              .whenComplete(
                  (info, failure) -> {
                    if (failure != null) {
                      abandon(id);
                      result.completeExceptionally(operationFailure(failure));
                    } else {
                      progress.committed(info);
                      copies.replicate(info, progress, result);
                    }
                  });
        });
  }

  /** Writes all shards, each on one of the shard executors in turn. */
  private CompletableFuture<List<ShardInfo>> write(
      CheckpointId id, SortedMap<String, ShardSource> sources, SaveProgress progress) {
    return on(disk, () -> {
              files.prepare(id);
              return true;
            })
        .thenCompose(
            prepared -> {
              CompletableFuture<List<ShardInfo>> all = new CompletableFuture<>();
              SortedMap<String, ShardInfo> written = new TreeMap<>();
              RuntimeException[] failed = {null};
              int[] left = {sources.size()};
              int lane = 0;
              for (Map.Entry<String, ShardSource> source : sources.entrySet()) {
                Executor executor =
                    environment.blockingExecutor("checkpoints-" + lane++ % options.parallelism());
                on(executor, () -> files.writeShard(id, source.getKey(), source.getValue()))
                    .whenComplete(
                        (shard, failure) -> {
                          if (failure != null) {
                            failed[0] = operationFailure(failure);
                          } else {
                            written.put(shard.name(), shard);
                            progress.shardWritten(shard, written.size(), sources.size());
                          }
                          // All must have ended before the directory may be touched again.
                          if (--left[0] == 0) {
                            if (failed[0] != null) {
                              all.completeExceptionally(failed[0]);
                            } else {
                              all.complete(List.copyOf(written.values()));
                            }
                          }
                        });
              }
              return all;
            });
  }

  private CompletableFuture<CheckpointInfo> commit(
      CheckpointId id, long step, SortedMap<String, String> metadata, List<ShardInfo> shards) {
    CheckpointInfo info =
        new CheckpointInfo(id, step, environment.clock().wallMillis(), metadata, shards);
    return on(
        disk,
        () -> {
          try {
            files.commit(info);
          } catch (StorageException e) {
            throw new IndeterminateException("commit of checkpoint " + id + " failed", e);
          }
          return info;
        });
  }

  /** A failed save leaves nothing, unless nobody knows whether it was committed. */
  private void abandon(CheckpointId id) {
    if (!closed) {
      on(
              disk,
              () -> {
                if (!files.committed().contains(id)) {
                  files.delete(id);
                }
                return true;
              })
          .whenComplete(
              (done, failure) -> {
                if (failure != null) {
                  log.warn("unfinished checkpoint remains id={} until the next start", id, failure);
                }
              });
    }
  }

  @Override
  public CompletableFuture<Optional<CheckpointInfo>> latest() {
    return submit(
        result ->
            on(disk, this::newestGood)
                .thenCompose(copies::newerThan)
                .whenComplete((info, failure) -> finish(result, info, failure)));
  }

  private Optional<CheckpointInfo> newestGood() {
    for (CheckpointId id : files.committed()) {
      Optional<String> problem = files.verify(id);
      if (problem.isEmpty()) {
        return Optional.of(files.info(id));
      }
      log.error("checkpoint put aside id={} problem={}", id, problem.get());
      files.quarantine(id);
    }
    return Optional.empty();
  }

  private void heardOf(CheckpointId id) {
    highestSequence = Math.max(highestSequence, id.sequence());
  }

  @Override
  public CompletableFuture<Void> read(CheckpointInfo checkpoint, String shard, OutputStream out) {
    ShardInfo info = checkpoint.shard(shard);
    return submit(
        result -> {
          busy.hold(checkpoint.id());
          on(
                  environment.blockingExecutor("checkpoints-0"),
                  () -> {
                    files.copy(checkpoint.id(), info, out);
                    return true;
                  })
              .whenComplete(
                  (done, failure) -> {
                    busy.release(checkpoint.id());
                    finish(result, null, failure);
                  });
        });
  }

  @Override
  public CompletableFuture<List<CheckpointInfo>> list() {
    return onDisk(
        () -> {
          List<CheckpointInfo> infos = new ArrayList<>();
          for (CheckpointId id : files.committed()) {
            try {
              infos.add(files.info(id));
            } catch (StorageException e) {
              log.warn("checkpoint with a damaged manifest id={}", id, e);
            }
          }
          return infos;
        });
  }

  @Override
  public CompletableFuture<Void> pin(CheckpointId id) {
    return onDisk(
        () -> {
          files.info(id);
          files.pin(id);
          return null;
        });
  }

  @Override
  public CompletableFuture<Void> unpin(CheckpointId id) {
    return onDisk(
        () -> {
          files.info(id);
          files.unpin(id);
          return null;
        });
  }

  @Override
  public CompletableFuture<List<CheckpointId>> collect() {
    return submit(
        result -> {
          Set<CheckpointId> inUse = busy.all();
          on(disk, () -> new Retention(files, options.keepLast()).collect(inUse))
              .whenComplete((deleted, failure) -> finish(result, deleted, failure));
        });
  }

  @Override
  public void close() {
    loop.execute(
        () -> {
          if (!closed) {
            closed = true;
            copies.close();
            for (CompletableFuture<?> future : List.copyOf(pending)) {
              future.completeExceptionally(new IndeterminateException("checkpoint store closed"));
            }
          }
        });
  }

  private interface Operation<T> {
    void start(CompletableFuture<T> result);
  }

  private interface DiskWork<T> {
    T run() throws IOException;
  }

  private <T> CompletableFuture<T> onDisk(DiskWork<T> work) {
    return submit(
        result -> on(disk, work).whenComplete((value, failure) -> finish(result, value, failure)));
  }

  /** Starts an operation on the loop; its future is completed there, also when the store closes. */
  private <T> CompletableFuture<T> submit(Operation<T> operation) {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(
        () -> {
          if (closed) {
            result.completeExceptionally(new RefusedException("checkpoint store is closed"));
            return;
          }
          pending.add(result);
          result.whenComplete((value, failure) -> pending.remove(result));
          try {
            operation.start(result);
          } catch (OperationException e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  /** Does {@code work} on {@code executor}; the future completes on the loop. */
  private <T> CompletableFuture<T> on(Executor executor, DiskWork<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    executor.execute(
        () -> {
          T value;
          try {
            value = work.run();
          } catch (IOException | RuntimeException e) {
            loop.execute(() -> result.completeExceptionally(operationFailure(e)));
            return;
          }
          loop.execute(() -> result.complete(value));
        });
    return result;
  }

  private static <T> void finish(CompletableFuture<T> result, T value, Throwable failure) {
    if (failure == null) {
      result.complete(value);
    } else {
      result.completeExceptionally(operationFailure(failure));
    }
  }

  private static RuntimeException operationFailure(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof OperationException || cause instanceof StorageException) {
      return (RuntimeException) cause;
    }
    return new RefusedException(String.valueOf(cause.getMessage()), cause);
  }
}
