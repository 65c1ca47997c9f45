package io.quorate.core.wal;

import io.quorate.core.EventLoop;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/** Reads entries back from the segments and verifies each. Runs on the files executor. */
final class EntryReader {
  /** Records that lie close together are read in one piece of at most so many bytes. */
  private static final int MAX_PIECE_BYTES = 1 << 20;
  /** What may lie between two records of one piece: markers and records of other logs. */
  private static final int MAX_GAP_BYTES = 4 << 10;

  private final SharedLog shared;
  private final RecordFormat format;

  EntryReader(SharedLog shared, long nonce) {
    this.shared = shared;
    this.format = new RecordFormat(nonce);
  }

  /** One entry: in memory, or where it is on disk. */
  private record Place(byte[] payload, Segment segment, long position, int length) {
    boolean isInMemory() {
      return segment == null;
    }

    long end() {
      return position + RecordFormat.HEADER_BYTES + length;
    }
  }

  /** Consecutive entries of one log to be read. */
  static final class Plan {
    private final long log;
    private final long fromIndex;
    private final List<Place> places = new ArrayList<>();

    Plan(long log, long fromIndex) {
      this.log = log;
      this.fromIndex = fromIndex;
    }

    void add(byte[] payload) {
      places.add(new Place(payload, null, 0, payload.length));
    }

    void add(Segment segment, long position, int length) {
      places.add(new Place(null, segment, position, length));
    }
  }

  /** Completes on {@code loop}. */
  CompletableFuture<List<byte[]>> read(Plan plan, EventLoop loop) {
    CompletableFuture<List<byte[]>> future = new CompletableFuture<>();
    try {
      shared.world.filesExecutor().execute(() -> read(plan, loop, future));
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(closed(e));
    }
    return future;
  }

  private void read(Plan plan, EventLoop loop, CompletableFuture<List<byte[]>> future) {
    Runnable completion;
    try {
      List<byte[]> payloads = read(plan);
      completion = () -> future.complete(payloads);
    } catch (StorageException e) {
      completion = () -> future.completeExceptionally(e);
    }
    try {
      loop.execute(completion);
    } catch (RejectedExecutionException e) {
      future.completeExceptionally(closed(e));
    }
  }

  private List<byte[]> read(Plan plan) {
    List<byte[]> payloads = new ArrayList<>(plan.places.size());
    ByteBuffer piece = null;
    for (int i = 0; i < plan.places.size(); i++) {
      Place place = plan.places.get(i);
      if (place.isInMemory()) {
        payloads.add(place.payload());
        continue;
      }
      int last = lastOfPiece(plan.places, i);
      int bytes = (int) (plan.places.get(last).end() - place.position());
      piece = piece != null && piece.capacity() >= bytes ? piece : ByteBuffer.allocate(bytes);
      piece.clear().limit(bytes);
      place.segment().file.read(place.position() - place.segment().base, piece);
      piece.flip();
      for (int j = i; j <= last; j++) {
        int at = (int) (plan.places.get(j).position() - place.position());
        payloads.add(verified(piece, at, plan.places.get(j), plan.log, plan.fromIndex + j));
      }
      i = last;
    }
    return payloads;
  }

  /** The last place that is read together with the one at {@code first}. */
  private static int lastOfPiece(List<Place> places, int first) {
    Place begin = places.get(first);
    int last = first;
    while (last + 1 < places.size()) {
      Place next = places.get(last + 1);
      long gap = next.position() - places.get(last).end();
      if (next.segment() != begin.segment()
          || gap < 0
          || gap > MAX_GAP_BYTES
          || next.end() - begin.position() > MAX_PIECE_BYTES) {
        break;
      }
      last++;
    }
    return last;
  }

  private byte[] verified(ByteBuffer piece, int at, Place place, long log, long index) {
    byte type = piece.limit() - at < RecordFormat.HEADER_BYTES ? 0 : RecordFormat.type(piece, at);
    if ((type != RecordFormat.ENTRY && type != RecordFormat.COPY)
        || !format.isValid(piece, at, place.position())
        || RecordFormat.log(piece, at) != log
        || RecordFormat.index(piece, at) != index
        || RecordFormat.length(piece, at) != place.length()) {
      throw new CorruptionException(
          Segment.path(shared.world.directory(), place.segment().number),
          place.position() - place.segment().base,
          "entry " + index + " of log " + log + " is not what was written");
    }
    return RecordFormat.payload(piece, at);
  }

  private StorageException closed(RejectedExecutionException cause) {
    return new StorageException(
        "the environment of " + shared.world.directory() + " is closed", cause);
  }
}
