package io.quorate.replication.checkpoint;

import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The files of the checkpoints of one node. Each has a directory of its own:
 *
 * <pre>
 * DIRECTORY/ID/SHARD...    written and forced first, their names synced
 * DIRECTORY/ID/manifest    written beside, forced, renamed here last: now the checkpoint exists
 * DIRECTORY/ID/pinned      if it must not be collected
 * </pre>
 *
 * <p>A directory without a manifest is a save that did not finish, or a deletion that did not
 * (the manifest goes first); {@link #sweep} removes it. A damaged checkpoint keeps its files under
 * the manifest name {@code manifest.bad}, for a person to look at.
 *
 * <p>All methods block. Different shards may be written by different threads; everything else
 * belongs to one thread at a time.
 */
final class CheckpointFiles {
  private static final String MANIFEST = "manifest";
  private static final String BESIDE = "manifest.new";
  private static final String BAD = "manifest.bad";
  private static final String PIN = "pinned";
  /** Not a shard name: shards are kept apart from our own files by this prefix. */
  private static final String SHARD_PREFIX = "shard-";
  private static final int MAX_MANIFEST_BYTES = 16 << 20;
  private static final int BUFFER_BYTES = 1 << 18;

  private final Storage storage;
  private final String directory;

  CheckpointFiles(Storage storage, String directory) {
    this.storage = storage;
    this.directory = directory;
    storage.createDirectories(directory);
  }

  /** Makes room for the shards of {@code id}. */
  void prepare(CheckpointId id) {
    storage.createDirectories(path(id));
  }

  /** Writes and forces one shard. */
  ShardInfo writeShard(CheckpointId id, String name, ShardSource source) throws IOException {
    try (StorageFile file = storage.create(shardPath(id, name))) {
      ShardOutput out = new ShardOutput(file, BUFFER_BYTES);
      source.writeTo(out);
      return out.finish(name);
    }
  }

  /** Appends to a shard that arrives in pieces from a peer; returns its length now. */
  void writeChunk(CheckpointId id, String name, long offset, byte[] chunk) {
    String path = shardPath(id, name);
    boolean there = storage.exists(path);
    try (StorageFile file = there ? storage.open(path) : storage.create(path)) {
      file.write(offset, ByteBuffer.wrap(chunk));
    }
  }

  /** Forces a shard whose pieces have all arrived. */
  void forceShard(CheckpointId id, String name) {
    try (StorageFile file = storage.open(shardPath(id, name))) {
      file.force(true);
    }
  }

  /** Makes the checkpoint exist: after this returns it survives any crash. */
  void commit(CheckpointInfo info) {
    String at = path(info.id());
    storage.syncDirectory(at);
    storage.delete(at + "/" + BESIDE);
    try (StorageFile file = storage.create(at + "/" + BESIDE)) {
      file.write(0, ByteBuffer.wrap(ManifestCodec.INSTANCE.encode(info)));
      file.force(true);
    }
    storage.rename(at + "/" + BESIDE, at + "/" + MANIFEST);
    storage.syncDirectory(at);
    storage.syncDirectory(directory);
  }

  /** The checkpoints that exist, newest first; those whose manifest is damaged are not told. */
  List<CheckpointId> committed() {
    List<CheckpointId> ids = new ArrayList<>();
    for (CheckpointId id : all()) {
      if (storage.exists(path(id) + "/" + MANIFEST)) {
        ids.add(0, id);
      }
    }
    return ids;
  }

  /** The highest sequence that was ever begun here, 0 if none. */
  long highestSequence() {
    return all().stream().mapToLong(CheckpointId::sequence).max().orElse(0);
  }

  /**
   * Reads the manifest.
   *
   * @throws CorruptionException if it is damaged
   */
  CheckpointInfo info(CheckpointId id) {
    String path = path(id) + "/" + MANIFEST;
    try (StorageFile file = storage.open(path)) {
      if (file.size() > MAX_MANIFEST_BYTES) {
        throw new CorruptionException(path, 0, "a manifest of " + file.size() + " bytes");
      }
      byte[] bytes = new byte[(int) file.size()];
      file.read(0, ByteBuffer.wrap(bytes));
      CheckpointInfo info = ManifestCodec.INSTANCE.decode(bytes);
      if (!info.id().equals(id)) {
        throw new CorruptionException(path, 0, "the manifest of " + info.id());
      }
      return info;
    } catch (MalformedException e) {
      throw new CorruptionException(path, 0, e.getMessage());
    }
  }

  /**
   * Reads every byte of the checkpoint and compares it with the manifest.
   *
   * @return what is wrong with it; nothing if it is good
   */
  Optional<String> verify(CheckpointId id) {
    try {
      verifyShards(info(id));
      return Optional.empty();
    } catch (StorageException e) {
      return Optional.of(e.getMessage());
    }
  }

  /**
   * Reads every byte of the shards, whether or not they are committed.
   *
   * @throws StorageException if they are not what {@code info} says
   */
  void verifyShards(CheckpointInfo info) {
    for (ShardInfo shard : info.shards()) {
      try {
        copy(info.id(), shard, OutputStream.nullOutputStream());
      } catch (IOException e) {
        throw new AssertionError("nowhere cannot fail", e);
      }
    }
  }

  /**
   * Writes a shard to {@code out} and verifies it meanwhile.
   *
   * @throws CorruptionException if it is not what the manifest says; {@code out} has got what was
   *     read until then and must be thrown away
   */
  void copy(CheckpointId id, ShardInfo shard, OutputStream out) throws IOException {
    String path = shardPath(id, shard.name());
    try (StorageFile file = storage.open(path)) {
      if (file.size() != shard.bytes()) {
        throw new CorruptionException(
            path, file.size(), shard.bytes() + " bytes expected, " + file.size() + " found");
      }
      ShardDigest digest = new ShardDigest();
      byte[] buffer = new byte[(int) Math.max(1, Math.min(BUFFER_BYTES, shard.bytes()))];
      for (long at = 0; at < shard.bytes(); ) {
        int wanted = (int) Math.min(buffer.length, shard.bytes() - at);
        int count = file.read(at, ByteBuffer.wrap(buffer, 0, wanted));
        if (count < wanted) {
          throw new CorruptionException(path, at + count, "the file ends early");
        }
        digest.update(buffer, 0, count);
        out.write(buffer, 0, count);
        at += count;
      }
      digest.expect(path, shard);
    }
  }

  /** Reads a piece of a shard, shorter than asked for only at its end. */
  byte[] read(CheckpointId id, String name, long offset, int maxBytes) {
    try (StorageFile file = storage.open(shardPath(id, name))) {
      int length = (int) Math.max(0, Math.min(maxBytes, file.size() - offset));
      byte[] piece = new byte[length];
      file.read(offset, ByteBuffer.wrap(piece));
      return piece;
    }
  }

  /** Takes a damaged checkpoint out of use but keeps its files. */
  void quarantine(CheckpointId id) {
    storage.rename(path(id) + "/" + MANIFEST, path(id) + "/" + BAD);
    storage.syncDirectory(path(id));
  }

  boolean pinned(CheckpointId id) {
    return storage.exists(path(id) + "/" + PIN);
  }

  void pin(CheckpointId id) {
    if (!pinned(id)) {
      try (StorageFile file = storage.create(path(id) + "/" + PIN)) {
        file.force(true);
      }
      storage.syncDirectory(path(id));
    }
  }

  void unpin(CheckpointId id) {
    storage.delete(path(id) + "/" + PIN);
    storage.syncDirectory(path(id));
  }

  /** Deletes a checkpoint, or what there is of it. */
  void delete(CheckpointId id) {
    String at = path(id);
    if (!storage.exists(at)) {
      return;
    }
    storage.delete(at + "/" + MANIFEST);
    storage.syncDirectory(at);
    for (String name : storage.list(at)) {
      storage.delete(at + "/" + name);
    }
    storage.syncDirectory(at);
    storage.delete(at);
    storage.syncDirectory(directory);
  }

  /** Removes what unfinished saves and deletions have left, except {@code busy} ones. */
  void sweep(Set<CheckpointId> busy) {
    for (CheckpointId id : all()) {
      if (!busy.contains(id)
          && !storage.exists(path(id) + "/" + MANIFEST)
          && !storage.exists(path(id) + "/" + BAD)) {
        delete(id);
      }
    }
  }

  private Set<CheckpointId> all() {
    Set<CheckpointId> ids = new TreeSet<>();
    for (String name : storage.list(directory)) {
      try {
        ids.add(CheckpointId.parse(name));
      } catch (IllegalArgumentException e) {
        // Not ours: somebody else's file in our directory is left alone.
        continue;
      }
    }
    return ids;
  }

  private String path(CheckpointId id) {
    return directory + "/" + id;
  }

  private String shardPath(CheckpointId id, String name) {
    ShardInfo.checkName(name);
    return path(id) + "/" + SHARD_PREFIX + name;
  }
}
