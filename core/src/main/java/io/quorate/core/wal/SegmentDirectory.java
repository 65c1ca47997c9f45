package io.quorate.core.wal;

import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeSet;

/** The names in a log's directory: {@code manifest}, {@code lock} and the segments. */
final class SegmentDirectory {
  private static final String SUFFIX = ".wal";
  /** Soon filled with zeros: whoever makes a log waits for its first segment alone. */
  private static final int FIRST_BYTES = 1 << 20;

  private final Storage storage;
  private final String directory;
  private final TreeSet<Long> numbers = new TreeSet<>();

  SegmentDirectory(Storage storage, String directory) {
    this.storage = storage;
    this.directory = directory;
    for (String name : storage.list(directory)) {
      if (name.endsWith(SUFFIX)) {
        numbers.add(number(name));
      }
    }
  }

  String manifestPath() {
    return directory + "/manifest";
  }

  boolean hasManifest() {
    return storage.exists(manifestPath());
  }

  /** Creates an empty log: its first segment, then, once that is durable, the manifest. */
  Manifest create(WalOptions options, long nonce) {
    refuseIfInUse();
    Segment first = new Segment(0, 0, Math.min(FIRST_BYTES, options.segmentBytes()));
    SegmentPreparation preparation =
        new SegmentPreparation(storage, directory, first, nonce, OptionalLong.empty());
    try {
      boolean ready = false;
      while (!ready) {
        ready = preparation.step();
      }
    } catch (StorageException e) {
      preparation.close();
      throw e;
    }
    preparation.close();
    numbers.add(first.number);
    Manifest manifest = new Manifest(nonce, first.number, options.identity());
    manifest.store(storage, directory);
    return manifest;
  }

  /** Finishes the deletion of segments that the manifest has given up. */
  void deleteBefore(long oldest) {
    List<Long> dead = List.copyOf(numbers.headSet(oldest));
    for (long number : dead) {
      storage.delete(Segment.path(directory, number));
    }
    if (!dead.isEmpty()) {
      storage.syncDirectory(directory);
      numbers.removeAll(dead);
    }
  }

  /** The segments from {@code oldest} on, without a gap. */
  List<Long> numbersFrom(long oldest) {
    long expected = oldest;
    for (long number : numbers.tailSet(oldest)) {
      if (number != expected) {
        break;
      }
      expected++;
    }
    if (expected == oldest || numbers.last() >= expected) {
      throw new CorruptionException(Segment.path(directory, expected), 0, "the file is missing");
    }
    return List.copyOf(numbers.tailSet(oldest));
  }

  /**
   * Without a manifest there may be a first segment whose creation was interrupted, and no more.
   */
  private void refuseIfInUse() {
    for (long number : numbers) {
      String path = Segment.path(directory, number);
      if (number > 0 || hasRecords(path)) {
        throw new CorruptionException(manifestPath(), 0, "it is missing, yet there is " + path);
      }
    }
  }

  private boolean hasRecords(String path) {
    try (StorageFile file = storage.open(path)) {
      ByteBuffer bytes = ByteBuffer.allocate(RecordFormat.HEADER_BYTES);
      file.read(SegmentHeader.BYTES, bytes);
      bytes.flip();
      return bytes.remaining() == RecordFormat.HEADER_BYTES
          && RecordFormat.type(bytes, 0) == RecordFormat.TABLE;
    }
  }

  private long number(String name) {
    String digits = name.substring(0, name.length() - SUFFIX.length());
    if (!digits.matches("[0-7][0-9a-f]{15}")) {
      throw new CorruptionException(directory + "/" + name, 0, "not the name of a segment");
    }
    return Long.parseLong(digits, 16);
  }
}
