package io.quorate.core.wal;

import io.quorate.core.Faults;
import io.quorate.core.Text;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds out what a directory holds and makes it trustworthy. Blocks; used once.
 *
 * <p>The log ends at the first record that is not valid. That is a torn tail, and whatever follows
 * is wiped, unless there is proof that it had been synced before: a later MARKER of a higher
 * position, or a later segment in use. Then it is damage, and recovery refuses.
 *
 * <p>A segment that was another one before holds the old records behind its own. None of them is
 * valid there, for each is valid at the position only for which it was written, and positions never
 * come again. Whether such a segment is in use is told by its first sector, which was wiped.
 *
 * <p>What lies behind the last MARKER's position was not known to be durable. It may exist in the
 * memory of the operating system only, or have failed to be written and still be read: it is
 * written again and synced before it is trusted.
 *
 * <p>Recovering what was recovered gives the same.
 */
final class Recovery {
  private static final long ANY_BASE = -1;
  private static final int MAX_SEGMENT_BYTES = 1 << 30;

  /**
   * A segment that is open.
   *
   * @param zeroed whether its header tells that it was all zeros when it was made
   * @param damage what is wrong with its header
   */
  private record Found(Segment segment, boolean zeroed, Optional<CorruptionException> damage) {
    /** Whether {@code bytes}, what it holds, are as they were when it was made. */
    boolean isBlank(ByteBuffer bytes) {
      int used = SegmentScan.usedBytes(zeroed ? bytes : firstOf(bytes));
      return used <= SegmentHeader.BYTES;
    }

    private static ByteBuffer firstOf(ByteBuffer bytes) {
      return bytes.duplicate().limit(Math.min(bytes.limit(), SegmentHeader.BLANK_BYTES));
    }
  }

  private final Storage storage;
  private final String directory;
  private final WalOptions options;
  private final long freshNonce;
  private final List<StorageFile> open = new ArrayList<>();

  private Manifest manifest;
  private Segments segments;
  private Replay replay;
  private boolean tornTail;
  private ByteBuffer bytes = ByteBuffer.allocate(0);

  /** {@code freshNonce} becomes part of the checksums if the log does not exist yet. */
  Recovery(Storage storage, String directory, WalOptions options, long freshNonce) {
    this.storage = storage;
    this.directory = directory;
    this.options = options;
    this.freshNonce = freshNonce;
  }

  /** Opens the log for use in {@code world}; after a failure nothing stays open or locked. */
  SharedLog run(WalWorld world) {
    storage.createDirectories(directory);
    Storage.Lock lock = storage.lock(directory + "/lock");
    try {
      return new SharedLog(world, recover(lock, world.faults()));
    } catch (RuntimeException e) {
      open.forEach(StorageFile::close);
      lock.close();
      throw e;
    }
  }

  private Recovered recover(Storage.Lock lock, Faults faults) {
    SegmentDirectory files = new SegmentDirectory(storage, directory);
    manifest =
        files.hasManifest()
            ? Manifest.load(storage, files.manifestPath())
            : files.create(options, freshNonce);
    if (!manifest.identity().equals(options.identity())) {
      throw new StorageException(
          files.manifestPath()
              + " belongs to "
              + Text.quote(manifest.identity())
              + ", not to "
              + Text.quote(options.identity()));
    }
    files.deleteBefore(manifest.oldest());
    Recovered recovered = read(openAll(files), lock);
    if (tornTail) {
      faults.reached("wal.torn-tail");
    }
    return recovered;
  }

  /** Every segment that is there; of those after the first the header may be damaged. */
  private List<Found> openAll(SegmentDirectory files) {
    List<Found> found = new ArrayList<>();
    long base = ANY_BASE;
    for (long number : files.numbersFrom(manifest.oldest())) {
      Found next = open(number, base);
      if (found.isEmpty() && next.damage().isPresent()) {
        throw next.damage().get();
      }
      found.add(next);
      base = next.segment().end();
    }
    return found;
  }

  private Found open(long number, long base) {
    String path = Segment.path(directory, number);
    StorageFile file = storage.open(path);
    open.add(file);
    try {
      SegmentHeader header = header(path, file, number, base);
      Segment intact = segment(number, header.base(), header.segmentBytes(), file);
      return new Found(intact, !header.recycled(), Optional.empty());
    } catch (CorruptionException e) {
      // It may never have been finished: whether it must be there shows once the rest is read.
      int bytes = (int) Math.min(file.size(), MAX_SEGMENT_BYTES);
      return new Found(segment(number, base, bytes, file), false, Optional.of(e));
    }
  }

  private static Segment segment(long number, long base, int bytes, StorageFile file) {
    Segment segment = new Segment(number, base, bytes);
    segment.file = file;
    return segment;
  }

  private SegmentHeader header(String path, StorageFile file, long number, long base) {
    ByteBuffer first = ByteBuffer.allocate(SegmentHeader.BYTES);
    file.read(0, first);
    byte[] read = Arrays.copyOf(first.array(), first.position());
    SegmentHeader header = SegmentHeader.decode(path, read);
    check(header.nonce() == manifest.nonce(), path, 0, "a segment of another log");
    check(header.number() == number, path, 0, "it was segment " + header.number());
    check(
        base == ANY_BASE || header.base() == base,
        path,
        0,
        "it begins at position " + header.base() + ", not at " + base);
    check(
        file.size() == header.segmentBytes(),
        path,
        Math.min(file.size(), header.segmentBytes()),
        "a file of " + file.size() + " bytes, not " + header.segmentBytes());
    return header;
  }

  private Recovered read(List<Found> found, Storage.Lock lock) {
    segments = new Segments(List.of(found.get(0).segment()));
    replay = new Replay(segments);
    SegmentScan scan = scan(found.get(0).segment());
    int last = 0;
    while (scan.isSealed()) {
      SegmentScan before = scan;
      last++;
      Segment next = successor(found, last);
      segments.add(next);
      scan = scan(next);
      if (scan.isEmpty()) {
        // Nothing proves that the segment before was synced as a whole.
        load(found.get(last - 1).segment());
        before.repair(found.get(last - 1).segment().file, bytes);
        load(next);
      }
    }
    refuseIfDamaged(found, last, scan);
    tornTail = scan.repair(found.get(last).segment().file, bytes);
    checkComplete();
    Optional<Segment> spare = spare(found, last + 1);
    return new Recovered(
        manifest,
        segments,
        replay.contents(),
        scan.end(),
        scan.endsWithMarker(),
        spare,
        lock);
  }

  /** A sealed segment has a successor with an intact header, whether it has records or not. */
  private Segment successor(List<Found> found, int at) {
    if (at == found.size()) {
      long number = found.get(at - 1).segment().number;
      throw new CorruptionException(
          Segment.path(directory, number + 1), 0, "the file is missing, yet the log goes on there");
    }
    found.get(at).damage().ifPresent(damage -> {
      throw damage;
    });
    return found.get(at).segment();
  }

  /** Reads all of a segment and applies its records. */
  private SegmentScan scan(Segment segment) {
    load(segment);
    SegmentScan scan = new SegmentScan(new RecordFormat(manifest.nonce()), segment);
    try {
      scan.run(bytes, replay);
      return scan;
    } catch (MalformedException e) {
      throw new CorruptionException(path(segment), scan.end() - segment.base, e.getMessage());
    }
  }

  /** The log ends in {@code found.get(last)}, which is loaded: is that a torn tail or damage? */
  private void refuseIfDamaged(List<Found> found, int last, SegmentScan scan) {
    Segment segment = found.get(last).segment();
    boolean proof =
        scan.isContradicted(bytes)
            || (scan.isEmpty() && last == 0 && manifest.oldest() > 0)
            || found.size() > last + 2
            || (found.size() > last + 1 && isInUse(found.get(last + 1), segment, scan));
    check(
        !proof,
        path(segment),
        scan.end() - segment.base,
        "no valid record, yet what follows proves that there was one");
  }

  private boolean isInUse(Found next, Segment segment, SegmentScan scan) {
    boolean sealed = scan.hasSealBehind(bytes);
    load(next.segment());
    SegmentScan following =
        new SegmentScan(new RecordFormat(manifest.nonce()), next.segment());
    boolean used =
        following.isBegun(bytes)
            || following.isContradicted(bytes)
            || (sealed && !next.isBlank(bytes));
    load(segment);
    return used;
  }

  /** The segment prepared ahead, if it is as a new one would be; otherwise it goes. */
  private Optional<Segment> spare(List<Found> found, int at) {
    if (at == found.size()) {
      return Optional.empty();
    }
    Segment segment = found.get(at).segment();
    boolean fits = found.get(at).damage().isEmpty() && segment.bytes == options.segmentBytes();
    if (fits) {
      load(segment);
      fits = found.get(at).isBlank(bytes);
    }
    if (fits) {
      return Optional.of(segment);
    }
    segment.file.close();
    storage.delete(path(segment));
    return Optional.empty();
  }

  private void checkComplete() {
    for (LogContent content : replay.contents().values()) {
      EntryIndex entries = content.entries;
      for (long index = entries.first(); index < entries.next(); index++) {
        if (entries.position(index) == EntryIndex.ABSENT) {
          throw new CorruptionException(
              path(segments.oldest()),
              SegmentHeader.BYTES,
              "entry " + index + " of log " + content.id + " is missing");
        }
      }
    }
  }

  private void load(Segment segment) {
    if (bytes.capacity() < segment.bytes) {
      bytes = ByteBuffer.allocate(segment.bytes);
    }
    bytes.clear().limit(segment.bytes);
    segment.file.read(0, bytes);
    bytes.flip();
  }

  private String path(Segment segment) {
    return Segment.path(directory, segment.number);
  }

  private static void check(boolean valid, String path, long offset, String problem) {
    if (!valid) {
      throw new CorruptionException(path, offset, problem);
    }
  }
}
