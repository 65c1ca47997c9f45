package io.quorate.replication.checkpoint;

import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Transport;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of checkpoints on peers: given to them after a save, fetched from them where they have a
 * newer one. Without peers it does nothing. Belongs to the event loop.
 */
final class Copies implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Copies.class);
  private static final int PUSH_ATTEMPTS = 3;
  private static final long PUSH_RETRY_NANOS = 500_000_000;

  private final CheckpointOptions options;
  private final EventLoop loop;
  private final Busy busy;
  private final Consumer<CheckpointId> heardOf;
  /** Null without peers. */
  private final CheckpointPeers peers;
  private boolean closed;

  /**
   * Copies of what is in {@code files}.
   *
   * @param heardOf told, on the loop, of every checkpoint that a peer names
   */
  Copies(
      Transport transport,
      CheckpointFiles files,
      CheckpointOptions options,
      EventLoop loop,
      Executor disk,
      Busy busy,
      Consumer<CheckpointId> heardOf) {
    this.options = options;
    this.loop = loop;
    this.busy = busy;
    this.heardOf = heardOf;
    this.peers =
        options.peers().isEmpty()
            ? null
            : new CheckpointPeers(transport, files, options, loop, disk, heardOf);
  }

  /** Copies {@code info} to every peer; {@code result} completes when enough nodes have it. */
  void replicate(
      CheckpointInfo info, SaveProgress progress, CompletableFuture<CheckpointInfo> result) {
    int[] copies = {1};
    int[] left = {options.peers().size()};
    if (copies[0] >= options.copies()) {
      result.complete(info);
    }
    for (NodeId peer : options.peers()) {
      busy.hold(info.id());
      push(peer, info, PUSH_ATTEMPTS)
          .whenCompleteAsync(
              (pushed, failure) -> {
                busy.release(info.id());
                left[0]--;
                if (failure == null) {
                  progress.copied(peer, ++copies[0]);
                } else {
                  log.warn(
                      "checkpoint not copied id={} peer={} reason={}",
                      info.id(), peer, reason(failure));
                }
                if (copies[0] >= options.copies()) {
                  result.complete(info);
                } else if (left[0] == 0) {
                  result.completeExceptionally(
                      new IndeterminateException(
                          "checkpoint " + info.id() + " is on " + copies[0] + " nodes, "
                              + options.copies() + " wanted"));
                }
              },
              loop);
    }
  }

  /** Copies to a peer, which may be repeated without harm: what is there already is not sent again. */
  private CompletableFuture<Void> push(NodeId peer, CheckpointInfo info, int attempts) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    peers
        .push(peer, info)
        .whenCompleteAsync(
            (pushed, failure) -> {
              if (failure == null) {
                result.complete(null);
              } else if (attempts == 1 || closed) {
                result.completeExceptionally(failure);
              } else {
                loop.schedule(
                    PUSH_RETRY_NANOS,
                    () ->
                        push(peer, info, attempts - 1)
                            .whenComplete(
                                (again, e) -> {
                                  if (e == null) {
                                    result.complete(null);
                                  } else {
                                    result.completeExceptionally(e);
                                  }
                                }));
              }
            },
            loop);
    return result;
  }

  /** The newest checkpoint that some peer has whole, fetched; {@code local} if none is newer. */
  CompletableFuture<Optional<CheckpointInfo>> newerThan(Optional<CheckpointInfo> local) {
    if (options.peers().isEmpty()) {
      return CompletableFuture.completedFuture(local);
    }
    CompletableFuture<Optional<CheckpointInfo>> result = new CompletableFuture<>();
    SortedMap<CheckpointId, List<NodeId>> holders = new TreeMap<>(Comparator.reverseOrder());
    int[] answered = {1};
    int[] left = {options.peers().size()};
    for (NodeId peer : options.peers()) {
      peers
          .list(peer)
          .whenCompleteAsync(
              (ids, failure) -> {
                if (failure == null) {
                  answered[0]++;
                  for (CheckpointId id : ids) {
                    holders.computeIfAbsent(id, i -> new ArrayList<>()).add(peer);
                  }
                }
                if (--left[0] == 0) {
                  int needed = options.peers().size() + 1 - options.copies() + 1;
                  if (answered[0] < needed) {
                    result.completeExceptionally(
                        new RefusedException(
                            answered[0] + " nodes answered, " + needed
                                + " are needed to know the newest checkpoint"));
                  } else {
                    List<Source> sources = new ArrayList<>();
                    holders.forEach((id, nodes) -> nodes.forEach(n -> sources.add(new Source(id, n))));
                    sources.removeIf(s -> local.isPresent() && s.id.compareTo(local.get().id()) <= 0);
                    fetchFirst(sources, 0, local, result);
                  }
                }
              },
              loop);
    }
    return result;
  }

  private record Source(CheckpointId id, NodeId peer) {}

  /** Fetches the newest that can be fetched whole; {@code local} if none can. */
  private void fetchFirst(
      List<Source> sources,
      int index,
      Optional<CheckpointInfo> local,
      CompletableFuture<Optional<CheckpointInfo>> result) {
    if (index == sources.size()) {
      result.complete(local);
      return;
    }
    Source source = sources.get(index);
    heardOf.accept(source.id);
    busy.hold(source.id);
    peers
        .fetch(source.peer, source.id)
        .whenCompleteAsync(
            (info, failure) -> {
              busy.release(source.id);
              if (failure == null) {
                result.complete(Optional.of(info));
              } else {
                log.warn(
                    "checkpoint not fetched id={} peer={} reason={}",
                    source.id, source.peer, reason(failure));
                fetchFirst(sources, index + 1, local, result);
              }
            },
            loop);
  }

  private static String reason(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause.getMessage();
  }

  @Override
  public void close() {
    closed = true;
    if (peers != null) {
      peers.close();
    }
  }
}
