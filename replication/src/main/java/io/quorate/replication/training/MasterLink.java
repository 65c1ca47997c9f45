package io.quorate.replication.training;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Endpoint;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

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

  /** Of all lanes together; each may have one. */
  private static final int MAX_PIECES_ON_THE_WAY = 8;

  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final Endpoint endpoint;
  private final TrainingOptions options;
  private final int parameters;
  private final int parallelism;
  private final Supplier<Optional<NodeId>> whoLeads;
  private Optional<NodeId> joinedTo = Optional.empty();
  private long term = -1;
  private Optional<CompletableFuture<Void>> joining = Optional.empty();
  private SharedModel model = SharedModel.none();
  private final Residuals residuals = new Residuals();

  MasterLink(
      Endpoint endpoint,
      TrainingOptions options,
      int parameters,
      int parallelism,
      Supplier<Optional<NodeId>> whoLeads) {
    this.endpoint = endpoint;
    this.options = options;
    this.parameters = parameters;
    this.parallelism = parallelism;
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
      joining =
          Optional.of(
              ask(leader.get(), join.encode()).thenAccept(answer -> welcome(leader, answer)));
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
    return ask(message.encode());
  }

  private CompletableFuture<TrainingMessage> ask(byte[] message) {
    return joinedTo
        .map(master -> ask(master, message))
        .orElseGet(
            () -> CompletableFuture.failedFuture(new TrainingException("not joined to a master")));
  }

  private CompletableFuture<TrainingMessage> ask(NodeId master, byte[] message) {
    return endpoint
        .request(master, message, PATIENCE)
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
   * OverException} if they are no longer needed. To be released when they have been used.
   */
  SharedModel model(long version) {
    if (!model.isOf(term, version)) {
      float[] room = model.isFree() ? model.values() : new float[parameters];
      model = new SharedModel(term, version, room, fetch(version, 0, room));
    }
    model.use();
    return model;
  }

  /** What the codec has kept back for a shard before {@code step}: ours, or the master's. */
  CompletableFuture<float[]> residualOf(long step, int shard) {
    if (!options.codec().isStateful()) {
      return CompletableFuture.completedFuture(new float[0]);
    }
    return residuals
        .find(step, shard)
        .map(CompletableFuture::completedFuture)
        .orElseGet(() -> fetch(step, 1 + shard, new float[parameters]));
  }

  void remember(long step, int shard, float[] before, float[] after) {
    if (options.codec().isStateful()) {
      residuals.remember(step, shard, before, after);
    }
  }

  /**
   * Fetches a vector, some pieces at once.
   *
   * @param vector 0 for the parameters, 1 + s for the residual of shard s
   */
  private CompletableFuture<float[]> fetch(long version, int vector, float[] into) {
    VectorPieces pieces = new VectorPieces(term, version, vector, into);
    return inTurns(pieces.isMoreThanOne(), () -> fetchRest(pieces)).thenApply(all -> into);
  }

  private CompletableFuture<Void> fetchRest(VectorPieces pieces) {
    Optional<TrainingMessage.Fetch> next = pieces.next();
    return next.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : ask(next.get())
            .thenCompose(
                answer -> {
                  endpoint.recycle(pieces.put(next.get(), answer));
                  return fetchRest(pieces);
                });
  }

  /** Hands in a result, some pieces at once. */
  CompletableFuture<Void> deliver(TrainingMessage.Work work, ShardComputer.Computed result) {
    ResultPieces pieces = new ResultPieces(endpoint, work, result);
    return inTurns(pieces.isMoreThanOne(), () -> deliverRest(pieces));
  }

  private CompletableFuture<Void> deliverRest(ResultPieces pieces) {
    if (pieces.isAllSent()) {
      return CompletableFuture.completedFuture(null);
    }
    byte[] message = pieces.next();
    return ask(message)
        .thenCompose(
            answer -> {
              endpoint.recycle(message);
              if (!(answer instanceof TrainingMessage.Taken)) {
                pieces.stop();
              }
              return deliverRest(pieces);
            });
  }

  /**
   * Takes turns at what is to be sent, each of which waits for an answer: so that this link is never
   * idle, and nobody floods it.
   */
  private CompletableFuture<Void> inTurns(boolean many, Supplier<CompletableFuture<Void>> turns) {
    int count = many ? Math.max(1, MAX_PIECES_ON_THE_WAY / parallelism) : 1;
    CompletableFuture<?>[] all = new CompletableFuture<?>[count];
    for (int i = 0; i < count; i++) {
      all[i] = turns.get();
    }
    return CompletableFuture.allOf(all);
  }
}
