package io.quorate.consensus.raft;

import io.quorate.core.wal.LogicalLog;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Units as entries of one logical log of the node's write-ahead log. */
final class WalJournal implements Journal {
  private static final long READ_BYTES = 8L << 20;

  /** Appends of all groups of a node in their order, so that one sync is told to all it covers. */
  static final class Syncs {
    private record Waiting(long position, WalJournal journal, long unit) {}

    private final Deque<Waiting> waiting = new ArrayDeque<>();

    /** Everything up to {@code position} is durable. */
    void durable(long position) {
      while (!waiting.isEmpty() && waiting.peekFirst().position <= position) {
        Waiting next = waiting.pollFirst();
        Waiting after = waiting.peekFirst();
        boolean more =
            after != null && after.journal == next.journal && after.position <= position;
        if (!more) {
          next.journal.listener.durable(next.unit);
        }
      }
    }
  }

  private final LogicalLog log;
  private final Syncs syncs;
  private final Durable listener;

  WalJournal(LogicalLog log, Syncs syncs, Durable listener) {
    this.log = log;
    this.syncs = syncs;
    this.listener = listener;
  }

  @Override
  public CompletableFuture<List<byte[]>> recover() {
    CompletableFuture<List<byte[]>> recovered = new CompletableFuture<>();
    read(log.firstIndex(), new ArrayList<>(), recovered);
    return recovered;
  }

  @Override
  public long append(Effect.Persist unit) {
    long number = log.nextIndex();
    long position = log.append(Units.pieces(unit));
    syncs.waiting.addLast(new Syncs.Waiting(position, this, number));
    return number;
  }

  @Override
  public boolean isFull() {
    return log.isFull();
  }

  @Override
  public long lastUnit() {
    return log.nextIndex() - 1;
  }

  @Override
  public void dropBefore(long unit) {
    log.dropPrefix(unit);
  }

  private void read(long from, List<byte[]> units, CompletableFuture<List<byte[]>> recovered) {
    if (from == log.nextIndex()) {
      recovered.complete(units);
      return;
    }
    log.read(from, READ_BYTES)
        .whenComplete(
            (read, error) -> {
              if (error != null) {
                recovered.completeExceptionally(error);
              } else {
                units.addAll(read);
                read(from + read.size(), units, recovered);
              }
            });
  }
}
