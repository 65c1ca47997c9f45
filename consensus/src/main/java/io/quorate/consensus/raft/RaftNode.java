package io.quorate.consensus.raft;

import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * This node's part in one group. Safe for use by many threads.
 *
 * <p>Futures complete on one of the node's event loops, so what hangs on them must not block; each
 * is completed exactly once, also on {@link #close}; cancelling one does not undo the operation. A
 * failure is a {@link RefusedException} (it had no effect and never will) or an {@link
 * IndeterminateException} (it may take effect, at most once).
 *
 * @param <C> commands
 * @param <R> results
 * @param <M> the state machine
 */
public final class RaftNode<C, R, M extends StateMachine<C, R>> implements AutoCloseable {
  private static final long CHANGE_RETRY_NANOS = 20_000_000;

  private final Raft host;
  private final RaftDriver<C, R> driver;
  private final M machine;

  RaftNode(Raft host, RaftDriver<C, R> driver, M machine) {
    this.host = host;
    this.driver = driver;
    this.machine = machine;
  }

  /** Completes when this node has recovered and takes part; fails if it cannot. */
  public CompletableFuture<Void> started() {
    return driver.started.copy();
  }

  /**
   * Has {@code command} applied on every node, exactly once; on any node, whoever leads.
   *
   * @return the result
   * @throws IllegalArgumentException if it is larger than {@link RaftOptions#maxCommandBytes}
   */
  public CompletableFuture<R> submit(C command) {
    return driver.client().submit(command, driver.nowNanos());
  }

  /**
   * Evaluates {@code query} on this node's state, on the thread that applies commands or, under a
   * lease, on the calling one if that can be done at once; never at the same time as a command or
   * another query. It must be quick and must not let go of what can change. A read that fails was
   * refused.
   */
  public <T> CompletableFuture<T> read(Function<? super M, ? extends T> query, Read mode) {
    Reader<M, T> reader =
        new Reader<>(
            machine, query, mode instanceof Read.Linearizable linearizable && linearizable.lease());
    OperationException failure = driver.failure();
    if (failure != null) {
      reader.future.completeExceptionally(new RefusedException(failure.getMessage(), failure));
    } else if (mode instanceof Read.Linearizable) {
      boolean served =
          reader.lease
              && driver.board().mayRead(driver.nowNanos())
              && driver.applier().tryServe(reader);
      if (!served) {
        driver.reads().add(reader);
      }
    } else if (mode instanceof Read.AtLeast atLeast) {
      readAtLeast(atLeast.index(), reader);
    } else if (mode instanceof Read.Stale stale) {
      readStale(stale.bound(), reader);
    } else {
      throw new AssertionError("unhandled read mode " + mode);
    }
    return reader.future;
  }

  /** How this node is doing now. */
  public RaftStatus status() {
    return driver.board().status();
  }

  /**
   * Why this node takes part no more; empty while it does. After a failure of the disk only a
   * restart of the process tells what really was written.
   */
  public Optional<OperationException> failure() {
    return Optional.ofNullable(driver.failure());
  }

  /**
   * Has {@code listener} told, on the node's loop, whenever role, term, leader or members change.
   */
  public void onChange(Consumer<RaftStatus> listener) {
    driver.loop().execute(() -> driver.board().listen(listener));
  }

  /**
   * Changes who takes part, through a joint configuration; on the leader only. Succeeds when the
   * change is committed. New voters should be learners first, until they have caught up.
   *
   * @param expectedIndex {@link RaftStatus#configurationIndex} that the change was made up from, so
   *     that of two changes made up at a time one is refused; -1 for any
   */
  public CompletableFuture<Void> change(long expectedIndex, Configuration target) {
    if (target.voters().isEmpty()) {
      throw new IllegalArgumentException("a group needs at least one voter");
    }
    CompletableFuture<Void> future = new CompletableFuture<>();
    long deadlineNanos = driver.nowNanos() + host.options().operationTimeout().toNanos();
    driver.loop().execute(() -> change(expectedIndex, target.settled(), deadlineNanos, future));
    return future;
  }

  /** Asks again while the leader is new, or has not yet heard a learner that is to vote. */
  private void change(
      long expectedIndex,
      Configuration target,
      long deadlineNanos,
      CompletableFuture<Void> future) {
    driver.change(
        expectedIndex,
        target,
        refusal -> {
          if (refusal.equals(Optional.of(Refusal.NOT_READY))
              && driver.nowNanos() - deadlineNanos < 0) {
            driver
                .loop()
                .schedule(
                    CHANGE_RETRY_NANOS,
                    () -> change(expectedIndex, target, deadlineNanos, future));
          } else {
            complete(future, refusal);
          }
        });
  }

  /** Makes {@code node} a learner: it receives the log and does not count. On the leader only. */
  public CompletableFuture<Void> addLearner(NodeId node) {
    RaftStatus now = status();
    SortedSet<NodeId> voters = new TreeSet<>(now.configuration().voters());
    SortedSet<NodeId> learners = new TreeSet<>(now.configuration().learners());
    voters.remove(node);
    learners.add(node);
    return change(now.configurationIndex(), Configuration.of(voters, learners));
  }

  /** Makes {@code node}, a learner, a voter. On the leader only. */
  public CompletableFuture<Void> addVoter(NodeId node) {
    RaftStatus now = status();
    SortedSet<NodeId> voters = new TreeSet<>(now.configuration().voters());
    SortedSet<NodeId> learners = new TreeSet<>(now.configuration().learners());
    voters.add(node);
    learners.remove(node);
    return change(now.configurationIndex(), Configuration.of(voters, learners));
  }

  /** Removes {@code node}, voter or learner. On the leader only. */
  public CompletableFuture<Void> remove(NodeId node) {
    RaftStatus now = status();
    SortedSet<NodeId> voters = new TreeSet<>(now.configuration().voters());
    SortedSet<NodeId> learners = new TreeSet<>(now.configuration().learners());
    voters.remove(node);
    learners.remove(node);
    return change(now.configurationIndex(), Configuration.of(voters, learners));
  }

  /** Hands leadership to {@code target}. On the leader only. */
  public CompletableFuture<Void> transferTo(NodeId target) {
    return transfer(Optional.of(target));
  }

  /** Hands leadership to the voter that is furthest along. On the leader only. */
  public CompletableFuture<Void> resign() {
    return transfer(Optional.empty());
  }

  /** Takes a snapshot now; completes when it is durable and the log is cut. */
  public CompletableFuture<Void> snapshot() {
    CompletableFuture<Void> future = new CompletableFuture<>();
    driver
        .loop()
        .execute(
            () ->
                driver.snapshot(
                    error ->
                        error.ifPresentOrElse(
                            future::completeExceptionally, () -> future.complete(null))));
    return future;
  }

  /**
   * Makes {@code survivors} the group, without a majority. For when a majority is lost for good,
   * and on one survivor only: entries that the lost nodes had acknowledged may be gone, and if a
   * lost node comes back there are two groups. Waits until this node has {@linkplain #started
   * recovered} what it has stored.
   */
  public void unsafeRecover(Configuration survivors) {
    if (survivors.voters().isEmpty()) {
      throw new IllegalArgumentException("a group needs at least one voter");
    }
    driver.started.thenRunAsync(() -> driver.force(survivors), driver.loop());
  }

  /**
   * Stops taking part; what is pending fails. A leader tells the voter that is furthest along to
   * campaign, so the others need not wait for its silence to be noticed. May be called twice.
   */
  @Override
  public void close() {
    host.remove(driver);
  }

  private CompletableFuture<Void> transfer(Optional<NodeId> target) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    driver
        .loop()
        .execute(
            () ->
                driver.transfer(
                    target,
                    handedOver -> {
                      if (handedOver) {
                        future.complete(null);
                      } else {
                        future.completeExceptionally(
                            new RefusedException("leadership was not handed over"));
                      }
                    }));
    return future;
  }

  private void readAtLeast(long index, Reader<M, ?> reader) {
    if (index > driver.applier().appliedIndex()) {
      Duration timeout = host.options().operationTimeout();
      RefusedException late =
          new RefusedException("index " + index + " not applied here within " + timeout);
      var timer =
          driver
              .loop()
              .schedule(timeout.toNanos(), () -> reader.future.completeExceptionally(late));
      reader.future.whenComplete((value, error) -> timer.cancel());
    }
    driver.applier().read(index, reader::serve);
  }

  private void readStale(Duration bound, Reader<M, ?> reader) {
    driver
        .loop()
        .execute(
            () -> {
              if (driver.heardWithin(bound)) {
                driver.applier().read(0, reader::serve);
              } else {
                reader.future.completeExceptionally(
                    new RefusedException("no leader heard within " + bound));
              }
            });
  }

  private static void complete(CompletableFuture<Void> future, Optional<Refusal> refusal) {
    if (refusal.isEmpty()) {
      future.complete(null);
    } else if (refusal.get() == Refusal.UNKNOWN) {
      future.completeExceptionally(new IndeterminateException("leadership lost"));
    } else {
      future.completeExceptionally(new RefusedException("refused: " + refusal.get()));
    }
  }
}
