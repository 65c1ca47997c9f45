package io.quorate.consensus.raft;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Metrics;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens the log of a node; repairs what is damaged if that is wanted. */
final class LogOpening {
  private static final Logger log = LoggerFactory.getLogger(LogOpening.class);

  private final Environment environment;
  private final RaftOptions options;
  private final EventLoop loop;
  private final Executor blocking;
  private final Home home;
  private final Metrics.Counter repairs;

  /**
   * An open log.
   *
   * @param fetching the groups that must get what they had here from the others
   */
  record Opened(WriteAheadLog log, SortedSet<String> fetching) {}

  private record Found(String directory, SortedSet<String> fetching) {}

  LogOpening(Environment environment, RaftOptions options, EventLoop loop, Executor blocking) {
    this.environment = environment;
    this.options = options;
    this.loop = loop;
    this.blocking = blocking;
    this.home = new Home(environment.storage());
    this.repairs = environment.metrics().counter("raft_repairs");
  }

  /** Completes on the loop, unless that is closed by then; fails with what is in the way. */
  CompletableFuture<Opened> run() {
    return open(options.repair());
  }

  private CompletableFuture<Opened> open(boolean repair) {
    return CompletableFuture.supplyAsync(() -> found(repair), blocking)
        .thenComposeAsync(this::openLog, loop)
        .handleAsync(
            (opened, error) -> {
              Throwable cause = error instanceof CompletionException ? error.getCause() : error;
              if (cause instanceof CorruptionException damage && repair) {
                return openAnew(damage);
              }
              return cause == null
                  ? CompletableFuture.completedFuture(opened)
                  : CompletableFuture.<Opened>failedFuture(cause);
            },
            loop)
        .thenCompose(next -> next);
  }

  private Found found(boolean repair) {
    if (repair) {
      home.checkSnapshots();
    }
    return new Found(home.log(), home.fetching());
  }

  private CompletableFuture<Opened> openLog(Found found) {
    WalOptions walOptions = options.wal("raft of node " + environment.self());
    return WriteAheadLog.open(environment, found.directory(), loop, walOptions)
        .thenApply(opened -> new Opened(opened, found.fetching()));
  }

  private CompletableFuture<Opened> openAnew(CorruptionException damage) {
    log.error(
        "raft data is damaged and set aside, all of it is fetched from the other nodes, until then"
            + " this one has no vote node={} damage={}",
        environment.self(),
        damage.getMessage());
    repairs.increment();
    return CompletableFuture.runAsync(home::beginAnew, blocking)
        .thenComposeAsync(done -> open(false), loop);
  }
}
