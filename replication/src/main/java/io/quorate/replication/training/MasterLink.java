package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * A worker's way to its master: joins, asks, and remembers the parameters of the newest step.
 * Belongs to the worker's event loop.
 */
final class MasterLink {
  /** This worker will never be let in. */
  static final class RejectedWorkerException extends RuntimeException {
    RejectedWorkerException(String reason) {
      super(reason);
    }
  }

  /** What was asked for is over; others of this worker may go on. */
  static final class OverException extends RuntimeException {
    OverException(String reason) {
      super(reason);
    }
  }

  /** Large vectors travel in pieces, so that one does not hold up everything else. */
  private static final int PIECE_BYTES = 512 << 10;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Endpoint endpoint;
  private final TrainingOptions options;
  private final int parameters;
  private final Supplier<Optional<NodeId>> whoLeads;
  private Optional<NodeId> joinedTo = Optional.empty();
  private long term = -1;
  private Optional<CompletableFuture<Void>> joining = Optional.empty();
  private long cachedVersion = -1;
  private long cachedTerm = -1;
  private CompletableFuture<float[]> cached = new CompletableFuture<>();
  private final Residuals residuals = new Residuals();

  MasterLink(
      Endpoint endpoint,
      TrainingOptions options,
      int parameters,
      Supplier<Optional<NodeId>> whoLeads) {
    this.endpoint = endpoint;
    this.options = options;
    this.parameters = parameters;
    this.whoLeads = whoLeads;
  }

  TrainingOptions options() {
    return options;
  }

  long term() {
    return term;
  }

  /** Completes once this worker has joined whoever leads now. */
  CompletableFuture<Void> joined() {
    Optional<NodeId> leader = whoLeads.get();
    if (leader.isEmpty()) {
      return CompletableFuture.failedFuture(new TrainingException("nobody leads the job"));
    }
    if (leader.equals(joinedTo)) {
      return CompletableFuture.completedFuture(null);
    }
    if (joining.isEmpty() || joining.get().isDone()) {
      TrainingMessage join = new TrainingMessage.Join(options.description(), parameters);
      joining = Optional.of(ask(leader.get(), join).thenAccept(answer -> welcome(leader, answer)));
    }
    return joining.get();
  }

  private void welcome(Optional<NodeId> leader, TrainingMessage answer) {
    if (answer instanceof TrainingMessage.Rejected rejected) {
      throw new RejectedWorkerException(rejected.reason());
    }
    if (answer instanceof TrainingMessage.Welcome welcome && welcome.term() >= term) {
      joinedTo = leader;
      term = welcome.term();
    } else {
      throw new TrainingException("master " + leader + " is not of a current term");
    }
  }

  /** Tells the master, if there is one, that this worker stops; completes when it knows. */
  CompletableFuture<TrainingMessage> sayGoodBye() {
    return ask(new TrainingMessage.Leave(term));
  }

  /** The master does not know us any more, or cannot be reached. */
  void leave() {
    joinedTo = Optional.empty();
  }

  /** Asks the master that this worker has joined. */
  CompletableFuture<TrainingMessage> ask(TrainingMessage message) {
    return joinedTo
        .map(master -> ask(master, message))
        .orElseGet(
            () -> CompletableFuture.failedFuture(new TrainingException("not joined to a master")));
  }

  private CompletableFuture<TrainingMessage> ask(NodeId master, TrainingMessage message) {
    return endpoint
        .request(master, message.encode(), PATIENCE)
        .thenApply(
            bytes -> {
              try {
                return TrainingMessage.decode(bytes);
              } catch (MalformedException e) {
                throw new CompletionException(e);
              }
            });
  }

  /**
   * The parameters of a version of the state; several lanes share one transfer. Fails with {@link
   * OverException} if they are no longer needed.
   */
  CompletableFuture<float[]> parametersOf(long version) {
    boolean usable = cachedVersion == version && cachedTerm == term;
    if (!usable || cached.isCompletedExceptionally()) {
      cachedVersion = version;
      cachedTerm = term;
      cached = vector(version, 0);
    }
    return cached;
  }

  /** What the codec has kept back for a shard before {@code step}: ours, or the master's. */
  CompletableFuture<float[]> residualOf(long step, int shard) {
    if (!options.codec().isStateful()) {
      return CompletableFuture.completedFuture(new float[0]);
    }
    return residuals
        .find(step, shard)
        .map(CompletableFuture::completedFuture)
        .orElseGet(() -> vector(step, 1 + shard));
  }

  void remember(long step, int shard, float[] before, float[] after) {
    if (options.codec().isStateful()) {
      residuals.remember(step, shard, before, after);
    }
  }

  /**
   * Fetches a vector, piece by piece.
   *
   * @param vector 0 for the parameters, 1 + s for the residual of shard s
   */
  private CompletableFuture<float[]> vector(long version, int vector) {
    return fetch(version, vector, 0, new float[parameters]);
  }

  private CompletableFuture<float[]> fetch(long version, int vector, int from, float[] into) {
    if (from == into.length) {
      return CompletableFuture.completedFuture(into);
    }
    int count = Math.min(into.length - from, PIECE_BYTES / Float.BYTES);
    return ask(new TrainingMessage.Fetch(term, version, vector, from, count))
        .thenCompose(
            answer -> {
              if (answer instanceof TrainingMessage.Stale) {
                throw new OverException("version " + version + " is over");
              }
              if (!(answer instanceof TrainingMessage.Floats floats)
                  || floats.bytes().length != count * Float.BYTES) {
                throw new TrainingException("master answered a fetch with " + answer);
              }
              float[] piece = TrainingState.floats(floats.bytes());
              System.arraycopy(piece, 0, into, from, count);
              return fetch(version, vector, from + count, into);
            });
  }

  /** Hands in a result, piece by piece; the last answer tells what became of it. */
  CompletableFuture<TrainingMessage> deliver(
      TrainingMessage.Work work, ShardComputer.Computed result) {
    CRC32C crc = new CRC32C();
    crc.update(result.bytes());
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < result.bytes().length; from += PIECE_BYTES) {
      int to = Math.min(result.bytes().length, from + PIECE_BYTES);
      pieces.add(Arrays.copyOfRange(result.bytes(), from, to));
    }
    return deliver(work, result.loss(), (int) crc.getValue(), pieces, 0);
  }

  private CompletableFuture<TrainingMessage> deliver(
      TrainingMessage.Work work, Loss loss, int crc, List<byte[]> pieces, int index) {
    TrainingMessage part =
        new TrainingMessage.Part(
            work, index, pieces.size(), loss.sum(), loss.weight(), crc, pieces.get(index));
    return ask(part)
        .thenCompose(
            answer ->
                answer instanceof TrainingMessage.Taken && index + 1 < pieces.size()
                    ? deliver(work, loss, crc, pieces, index + 1)
                    : CompletableFuture.completedFuture(answer));
  }
}
