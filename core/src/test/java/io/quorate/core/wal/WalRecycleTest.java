package io.quorate.core.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Segments that become others: nothing of what they held comes back, and a crash is told from
 * damage as it is with segments of zeros. {@link WalCrashTest} and {@link WalSimulationTest} do the
 * same at every call and at random.
 */
class WalRecycleTest {
  private final Storage storage = Storage.inMemory();
  private final WalModel model = new WalModel();
  private WalHarness wal;
  private int count;

  @BeforeEach
  void open() {
    wal = new WalHarness(storage);
  }

  @Test
  void dead_segments_become_the_next_ones() {
    work(60);

    FileImages files = FileImages.of(storage);
    assertThat(number(segments(files).get(segments(files).size() - 1))).isGreaterThan(10);
    assertThat(files.files().keySet().stream().filter(path -> path.endsWith(".wal")))
        .hasSizeLessThanOrEqualTo(2 + 1 + 4);
    assertThat(segments(files)).hasSizeGreaterThanOrEqualTo(2);
    for (String path : segments(files)) {
      assertThat(header(files, path).recycled()).as(path).isTrue();
    }
    wal.close();
    assertThat(WalModel.describe(new WalHarness(storage))).isEqualTo(model.current());
  }

  @Test
  void dead_segments_of_another_size_are_deleted() {
    wal.close();
    wal = new WalHarness(storage, WalHarness.OPTIONS.withSegmentBytes(2048), 0);

    work(60);

    FileImages files = FileImages.of(storage);
    for (String path : files.files().keySet()) {
      if (path.endsWith(".wal")) {
        assertThat(files.get(path)).as(path).hasSize(2048);
      }
    }
  }

  @Test
  void old_records_that_begin_where_the_log_ends_are_not_taken_for_new_ones() {
    work(60);
    while (oldTypeAtEnd() != RecordFormat.ENTRY) {
      work(1);
    }
    FileImages files = FileImages.of(storage);
    String path = newestInUse(files);
    byte[] segment = files.get(path);
    long base = header(files, path).base();
    int end = (int) (logEnd() - base);
    RecordFormat format = new RecordFormat(manifest(files).nonce());
    long oldBase = base;
    do {
      oldBase -= segment.length;
      assertThat(oldBase).as("an old record begins at %d of %s", end, path).isNotNegative();
    } while (!format.isValid(ByteBuffer.wrap(segment), end, oldBase + end));

    assertThat(WalModel.describe(new WalHarness(files.storage()))).isEqualTo(model.current());

    // The control: were records not bound to their positions, these would come back.
    byte[] unbound = segment.clone();
    int at = end;
    while (format.isValid(ByteBuffer.wrap(segment), at, oldBase + at)) {
      ByteBuffer old = ByteBuffer.wrap(segment);
      ByteWriter writer = new ByteWriter();
      format.write(
          writer, base + at, RecordFormat.type(old, at), RecordFormat.log(old, at),
          RecordFormat.index(old, at), RecordFormat.payload(old, at));
      System.arraycopy(writer.array(), 0, unbound, at, writer.size());
      at += writer.size();
    }
    assertThat(found(files.with(path, unbound))).isNotEqualTo(model.current());
  }

  @Test
  void old_records_in_the_next_segment_do_not_prove_that_a_torn_batch_was_synced() {
    work(60);
    FileImages before = FileImages.of(storage);
    String durable = model.current();
    String torn = newestInUse(before);
    int at = (int) (logEnd() - header(before, torn).base());
    model.append(wal.wal, 1, "lost");
    for (int i = 0; i < 6; i++) {
      model.append(wal.wal, 1, "x".repeat(200));
    }
    wal.settle();
    FileImages after = FileImages.of(storage);
    String next = FileImages.segment(number(torn) + 1);
    assertThat(header(before, next).recycled()).isTrue();
    assertThat(tail(before.get(next))).as("old records of %s", next).isNotEqualTo(new byte[512]);
    byte[] hole = after.get(torn).clone();
    Arrays.fill(hole, at, at + 10, (byte) 0);

    assertThat(found(before.with(torn, hole))).isEqualTo(durable);
    // The control: once the next segment was begun, this one had been synced.
    FileImages begun = before.with(torn, hole).with(next, after.get(next));
    assertThatThrownBy(() -> new WalHarness(begun.storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(torn);
    // Also if only some of its first sector has been written.
    byte[] partly = before.get(next).clone();
    partly[SegmentHeader.BYTES] = 1;
    assertThatThrownBy(
            () -> new WalHarness(before.with(torn, hole).with(next, partly).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(torn);
  }

  @Test
  void a_change_of_names_that_was_interrupted_leaves_no_segment_behind() {
    work(60);
    FileImages files = FileImages.of(storage);
    String spare = segments(files).get(segments(files).size() - 1);
    byte[] old = files.get(newestInUse(files));
    byte[] wiped = old.clone();
    Arrays.fill(wiped, 0, SegmentHeader.BLANK_BYTES, (byte) 0);

    for (byte[] unfinished : List.of(old, wiped)) {
      WalHarness after = new WalHarness(files.with(spare, unfinished).storage());
      assertThat(WalModel.describe(after)).isEqualTo(model.current());
      after.log(1).append(WalHarness.bytes("life goes on"));
      after.close();
    }
  }

  @Test
  void without_room_to_make_one_of_a_dead_segment_the_next_is_made_anew() {
    storage.createDirectories("d");
    storage.create(Segment.path("d", 0)).close();
    Segment next = new Segment(1, 1024, 1024);
    SegmentPreparation preparation =
        new SegmentPreparation(storage, "d", next, 7, OptionalLong.of(0));

    preparation.abandon();

    assertThat(storage.list("d")).isEmpty();
    while (!preparation.step()) {
      // The next piece of zeros.
    }
    assertThat(next.file.size()).isEqualTo(1024);
  }

  /** Appends and drops in the same way again and again, so that all segments look alike. */
  private void work(int rounds) {
    for (int i = 0; i < rounds; i++) {
      model.append(wal.wal, 1, String.format("%04d", count) + "x".repeat(120));
      model.drop(wal.wal, 1, ++count);
      wal.settle();
    }
  }

  private String found(FileImages files) {
    try {
      return WalModel.describe(new WalHarness(files.storage()));
    } catch (CorruptionException e) {
      return "refused: " + e.getMessage();
    }
  }

  /** Where the next record would go: all is durable, and a MARKER that says so is the last. */
  private long logEnd() {
    return wal.wal.durablePosition() + RecordFormat.HEADER_BYTES;
  }

  private byte oldTypeAtEnd() {
    FileImages files = FileImages.of(storage);
    String path = newestInUse(files);
    long end = logEnd() - header(files, path).base();
    return RecordFormat.type(ByteBuffer.wrap(files.get(path)), (int) end);
  }

  private String newestInUse(FileImages files) {
    String newest = "";
    for (String path : segments(files)) {
      newest = header(files, path).base() < wal.wal.durablePosition() ? path : newest;
    }
    return newest;
  }

  /** Those that count, the one prepared ahead included. */
  private static List<String> segments(FileImages files) {
    long oldest = manifest(files).oldest();
    return files.files().keySet().stream()
        .filter(path -> path.endsWith(".wal") && number(path) >= oldest)
        .toList();
  }

  private static long number(String path) {
    String name = path.substring(path.lastIndexOf('/') + 1);
    return Long.parseLong(name.substring(0, name.indexOf('.')), 16);
  }

  private static byte[] tail(byte[] segment) {
    return Arrays.copyOfRange(segment, segment.length - 512, segment.length);
  }

  private static SegmentHeader header(FileImages files, String path) {
    return SegmentHeader.decode(path, files.get(path));
  }

  private static Manifest manifest(FileImages files) {
    return Manifest.decode("manifest", files.get(FileImages.manifest()));
  }
}
