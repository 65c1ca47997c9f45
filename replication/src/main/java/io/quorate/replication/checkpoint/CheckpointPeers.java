package io.quorate.replication.checkpoint;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.StorageException;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import io.quorate.core.transport.Transport;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * Copies checkpoints to peers and back. A copy is verified by the node that receives it before it
 * commits it, so every copy is as good as the original. Runs on the store's event loop; files are
 * touched on {@code disk} alone.
 */
final class CheckpointPeers implements Handler, AutoCloseable {
  private static final String SERVICE = "checkpoints";
  private static final int PIECES_IN_FLIGHT = 4;

  private final CheckpointFiles files;
  private final CheckpointOptions options;
  private final EventLoop loop;
  private final Executor disk;
  private final Consumer<CheckpointId> heard;
  private final Endpoint endpoint;

  /**
   * The copies of one node.
   *
   * @param heard told, on the loop, of each checkpoint that a peer brings: what is saved here later is
   *     newer
   */
  CheckpointPeers(
      Transport transport,
      CheckpointFiles files,
      CheckpointOptions options,
      EventLoop loop,
      Executor disk,
      Consumer<CheckpointId> heard) {
    this.files = files;
    this.options = options;
    this.loop = loop;
    this.disk = disk;
    this.heard = heard;
    this.endpoint = transport.open(SERVICE, loop, this);
  }

  /** A piece of a shard, by offset. */
  private record Piece(String shard, long offset, int bytes) {}

  /** Copies {@code info}, which is on this node, to {@code peer}. */
  CompletableFuture<Void> push(NodeId peer, CheckpointInfo info) {
    return ask(peer, new CheckpointMessage.Begin(info.id()))
        .thenCompose(
            answer ->
                answer.bool()
                    ? CompletableFuture.completedFuture(null)
                    : pieces(info, piece -> pushPiece(peer, info.id(), piece))
                        .thenCompose(done -> ask(peer, new CheckpointMessage.Commit(info)))
                        .thenApply(committed -> null));
  }

  private CompletableFuture<?> pushPiece(NodeId peer, CheckpointId id, Piece piece) {
    return onDisk(() -> files.read(id, piece.shard, piece.offset, piece.bytes))
        .thenCompose(
            bytes ->
                ask(peer, new CheckpointMessage.Chunk(id, piece.shard, piece.offset, bytes)));
  }

  /** Copies {@code id} from {@code peer} to this node, verified and committed. */
  CompletableFuture<CheckpointInfo> fetch(NodeId peer, CheckpointId id) {
    return ask(peer, new CheckpointMessage.Describe(id))
        .thenApply(ManifestCodec.INSTANCE::read)
        .thenCompose(
            info ->
                onDisk(() -> begin(id))
                    .thenCompose(there -> pieces(info, piece -> fetchPiece(peer, id, piece)))
                    .thenCompose(done -> onDisk(() -> commitCopy(info))));
  }

  private CompletableFuture<?> fetchPiece(NodeId peer, CheckpointId id, Piece piece) {
    return ask(peer, new CheckpointMessage.Fetch(id, piece.shard, piece.offset, piece.bytes))
        .thenCompose(
            answer ->
                onDisk(
                    () -> {
                      byte[] bytes = answer.bytes(answer.remaining());
                      files.writeChunk(id, piece.shard, piece.offset, bytes);
                      return bytes.length;
                    }));
  }

  /** Which checkpoints {@code peer} has, newest first. */
  CompletableFuture<List<CheckpointId>> list(NodeId peer) {
    return ask(peer, new CheckpointMessage.ListAll())
        .thenApply(
            answer -> {
              List<CheckpointId> ids = new ArrayList<>();
              for (int i = answer.count(3, "checkpoints"); i > 0; i--) {
                ids.add(CheckpointMessage.readId(answer));
              }
              return ids;
            });
  }

  @Override
  public void onRequest(Request request) {
    CheckpointMessage message;
    try {
      message = CheckpointMessage.CODEC.decode(request.payload());
    } catch (MalformedException e) {
      request.refuse(e.getMessage());
      return;
    }
    if (message instanceof CheckpointMessage.Begin begin) {
      heard.accept(begin.id());
    }
    onDisk(() -> serve(message))
        .whenComplete(
            (answer, failure) -> {
              if (failure == null) {
                request.respond(answer);
              } else {
                request.refuse(String.valueOf(failure.getMessage()));
              }
            });
  }

  private byte[] serve(CheckpointMessage message) {
    ByteWriter out = new ByteWriter();
    if (message instanceof CheckpointMessage.ListAll) {
      List<CheckpointId> ids = files.committed();
      out.varint(ids.size());
      ids.forEach(id -> CheckpointMessage.writeId(out, id));
    } else if (message instanceof CheckpointMessage.Begin begin) {
      out.bool(begin(begin.id()));
    } else if (message instanceof CheckpointMessage.Chunk chunk) {
      refuseIfCommitted(chunk.id());
      files.writeChunk(chunk.id(), chunk.shard(), chunk.offset(), chunk.bytes());
    } else if (message instanceof CheckpointMessage.Commit commit) {
      commitCopy(commit.info());
    } else if (message instanceof CheckpointMessage.Describe describe) {
      ManifestCodec.INSTANCE.write(out, files.info(describe.id()));
    } else if (message instanceof CheckpointMessage.Fetch fetch) {
      out.bytes(files.read(fetch.id(), fetch.shard(), fetch.offset(), fetch.maxBytes()));
    } else {
      throw new AssertionError("unhandled message " + message);
    }
    return out.toByteArray();
  }

  /** Makes room for a copy; true if there is a good one already. */
  private boolean begin(CheckpointId id) {
    if (files.committed().contains(id)) {
      if (files.verify(id).isEmpty()) {
        return true;
      }
      files.delete(id);
    }
    files.delete(id);
    files.prepare(id);
    return false;
  }

  private CheckpointInfo commitCopy(CheckpointInfo info) {
    if (!files.committed().contains(info.id())) {
      for (ShardInfo shard : info.shards()) {
        if (shard.bytes() == 0) {
          files.writeChunk(info.id(), shard.name(), 0, new byte[0]);
        }
        files.forceShard(info.id(), shard.name());
      }
      files.verifyShards(info);
      files.commit(info);
    }
    return info;
  }

  private void refuseIfCommitted(CheckpointId id) {
    if (files.committed().contains(id)) {
      throw new StorageException("checkpoint " + id + " is complete and does not change");
    }
  }

  private interface Mover {
    CompletableFuture<?> move(Piece piece);
  }

  /** Moves all pieces, a few at a time; the first failure ends it. */
  private CompletableFuture<Void> pieces(CheckpointInfo info, Mover mover) {
    Deque<Piece> rest = new ArrayDeque<>();
    for (ShardInfo shard : info.shards()) {
      for (long at = 0; at < shard.bytes(); at += options.chunkBytes()) {
        rest.add(
            new Piece(
                shard.name(), at, (int) Math.min(options.chunkBytes(), shard.bytes() - at)));
      }
    }
    CompletableFuture<Void> done = new CompletableFuture<>();
    int[] moving = {0};
    loop.execute(() -> moveMore(rest, moving, mover, done));
    return done;
  }

  private void moveMore(
      Deque<Piece> rest, int[] moving, Mover mover, CompletableFuture<Void> done) {
    while (!done.isDone() && moving[0] < PIECES_IN_FLIGHT && !rest.isEmpty()) {
      moving[0]++;
      mover
          .move(rest.poll())
          .whenCompleteAsync(
              (moved, failure) -> {
                moving[0]--;
                if (failure != null) {
                  done.completeExceptionally(failure);
                } else {
                  moveMore(rest, moving, mover, done);
                }
              },
              loop);
    }
    if (moving[0] == 0 && rest.isEmpty()) {
      done.complete(null);
    }
  }

  private CompletableFuture<ByteReader> ask(NodeId peer, CheckpointMessage message) {
    return endpoint
        .request(peer, CheckpointMessage.CODEC.encode(message), options.copyTimeout())
        .thenApply(ByteReader::new);
  }

  private <T> CompletableFuture<T> onDisk(DiskWork<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    disk.execute(
        () -> {
          Optional<T> value;
          try {
            value = Optional.of(work.run());
          } catch (StorageException | IllegalArgumentException e) {
            loop.execute(
                () -> result.completeExceptionally(new RefusedException(e.getMessage(), e)));
            return;
          }
          loop.execute(() -> result.complete(value.get()));
        });
    return result;
  }

  private interface DiskWork<T> {
    T run();
  }

  @Override
  public void close() {
    endpoint.close();
  }
}
