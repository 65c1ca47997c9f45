package io.quorate.core.pubsub;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.Faults;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.wal.LogicalLog;
import io.quorate.core.wal.WriteAheadLog;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A broker's commands in one logical log, and snapshots of its state in another. A snapshot is
 * written beside the commands that go on; once it is durable the commands before it are dropped.
 *
 * <pre>
 * command   varint nowMillis | command as its codec draws it
 * snapshot  int8 1 | bytes of it, in order; then
 *           int8 2 | varint index of its first piece | varint index of the first command after it
 * </pre>
 *
 * Owned by the broker's event loop.
 */
final class WalJournal implements Journal {
  private static final Logger log = LoggerFactory.getLogger(WalJournal.class);
  private static final int PIECE_BYTES = 128 << 10;
  private static final long READ_BYTES = 1 << 20;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EventLoop loop;
  private final Executor writer;
  private final Faults faults;
  private final LogicalLog commands;
  private final LogicalLog snapshots;
  private final long snapshotBytes;
  private long bytesSinceSnapshot;
  private boolean snapshotting;

  private WalJournal(
      Environment environment, String name, WriteAheadLog wal, long logId, long snapshotBytes) {
    this.loop = environment.eventLoop("broker-" + name);
    this.writer = environment.blockingExecutor("broker-snapshot-" + name);
    this.faults = environment.faults();
    this.commands = wal.log(logId, loop);
    this.snapshots = wal.log(logId + 1, loop);
    this.snapshotBytes = snapshotBytes;
  }

  /** A journal, and the state that it holds. */
  record Recovered(WalJournal journal, BrokerCore core) {}

  /** On the broker's loop. Reads what is there. */
  static CompletableFuture<Recovered> recover(
      Environment environment, String name, WriteAheadLog wal, long logId, long snapshotBytes) {
    WalJournal journal = new WalJournal(environment, name, wal, logId, snapshotBytes);
    List<byte[]> pieces = new ArrayList<>();
    BrokerCore core = new BrokerCore();
    return readAll(journal.snapshots, journal.snapshots.firstIndex(), pieces::addAll)
        .thenCompose(
            read -> {
              long next = restore(core, pieces, journal.snapshots.firstIndex());
              long from = Math.max(next, journal.commands.firstIndex());
              return readAll(
                  journal.commands, from, records -> records.forEach(each -> redo(core, each)));
            })
        .thenApply(read -> new Recovered(journal, core));
  }

  private interface Taker {
    void take(List<byte[]> entries);
  }

  private static CompletableFuture<Void> readAll(LogicalLog from, long index, Taker taker) {
    if (index >= from.nextIndex()) {
      return CompletableFuture.completedFuture(null);
    }
    return from.read(index, READ_BYTES)
        .thenCompose(
            entries -> {
              taker.take(entries);
              return readAll(from, index + entries.size(), taker);
            });
  }

  /** Restores the latest whole snapshot; returns the index of the first command after it. */
  private static long restore(BrokerCore core, List<byte[]> entries, long firstIndex) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      ByteReader end = new ByteReader(entries.get(i));
      if (end.uint8() == 2) {
        int from = (int) (end.varint() - firstIndex);
        List<InputStream> pieces = new ArrayList<>();
        for (byte[] piece : entries.subList(from, i)) {
          pieces.add(new ByteArrayInputStream(piece, 1, piece.length - 1));
        }
        try {
          core.restore(new SequenceInputStream(Collections.enumeration(pieces)));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        return end.varint();
      }
    }
    return 0;
  }

  private static void redo(BrokerCore core, byte[] record) {
    ByteReader in = new ByteReader(record);
    long nowMillis = in.varint();
    BrokerCommand command = BrokerCommand.CODEC.read(in);
    in.expectEnd();
    core.step(nowMillis, command);
  }

  /** What is appended for {@code command}. */
  static byte[] record(long nowMillis, BrokerCommand command) {
    ByteWriter out = new ByteWriter(256).varint(nowMillis);
    BrokerCommand.CODEC.write(out, command);
    return out.toByteArray();
  }

  @Override
  public CompletableFuture<Void> append(List<byte[]> records) {
    long position = commands.append(records);
    records.forEach(each -> bytesSinceSnapshot += each.length);
    return commands.durable(position);
  }

  @Override
  public void carriedOut(BrokerCore core) {
    if (bytesSinceSnapshot < snapshotBytes || snapshotting) {
      return;
    }
    snapshotting = true;
    bytesSinceSnapshot = 0;
    BrokerSnapshot snapshot = core.freeze();
    long nextCommand = commands.nextIndex();
    try {
      writer.execute(() -> cut(snapshot, nextCommand));
    } catch (RejectedExecutionException e) {
      // The environment is closed; the commands are all there.
      log.debug("no snapshot of the broker any more", e);
    }
  }

  /** On the writer's thread. */
  private void cut(BrokerSnapshot snapshot, long nextCommand) {
    Pieces pieces = new Pieces();
    try {
      snapshot.writeTo(pieces);
      pieces.flushPiece();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    try {
      loop.execute(() -> write(pieces.done, 0, snapshots.nextIndex(), nextCommand));
    } catch (RejectedExecutionException e) {
      // The environment is closed; the commands are all there.
      log.debug("no snapshot of the broker any more", e);
    }
  }

  /** Appends the pieces from {@code next} on, one at a time, so that commands find room. */
  private void write(List<byte[]> pieces, int next, long firstIndex, long nextCommand) {
    boolean last = next == pieces.size();
    byte[] entry =
        last
            ? new ByteWriter().int8(2).varint(firstIndex).varint(nextCommand).toByteArray()
            : pieces.get(next);
    long position;
    try {
      position = snapshots.append(entry);
    } catch (RefusedException e) {
      // No room now; the commands wait in the log meanwhile.
      loop.schedule(RETRY_NANOS, () -> write(pieces, next, firstIndex, nextCommand));
      return;
    }
    snapshots
        .durable(position)
        .whenComplete(
            (durable, failure) -> {
              if (failure != null) {
                log.warn("snapshot of the broker was not written", failure);
              } else if (!last) {
                write(pieces, next + 1, firstIndex, nextCommand);
              } else {
                faults.reached("broker.snapshot");
                commands.dropPrefix(nextCommand);
                snapshots.dropPrefix(firstIndex);
                snapshotting = false;
              }
            });
  }

  /** Cuts what is written into entries of the snapshots' log. */
  private static final class Pieces extends OutputStream {
    final List<byte[]> done = new ArrayList<>();
    private ByteWriter piece = new ByteWriter(PIECE_BYTES).int8(1);

    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      int at = from;
      while (at < from + length) {
        int part = Math.min(PIECE_BYTES - piece.size(), from + length - at);
        piece.bytes(bytes, at, part);
        at += part;
        if (piece.size() == PIECE_BYTES) {
          flushPiece();
        }
      }
    }

    void flushPiece() {
      if (piece.size() > 1) {
        done.add(piece.toByteArray());
        piece = new ByteWriter(PIECE_BYTES).int8(1);
      }
    }
  }
}
