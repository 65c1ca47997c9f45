package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Damaged files (items 34 and 36 of the consensus list, P26, P27, P28 and P30 of the replication
 * list, row 26 of the bad input): a torn tail is cut off, damage is reported with file and offset,
 * and a log is never silently shorter than what was known to be durable.
 */
class WalDamageTest {
  private final Storage storage = Storage.inMemory();
  private final WalModel model = new WalModel();
  private WalHarness wal;

  @BeforeEach
  void open() {
    wal = new WalHarness(storage);
  }

  @Test
  void a_tail_torn_at_any_byte_is_cut_off_behind_the_last_whole_record() {
    for (int i = 0; i < 8; i++) {
      model.append(wal.wal, i % 2, "entry " + i);
      model.putState(wal.wal, i % 2, "state " + i);
      wal.settle();
    }
    FileImages whole = FileImages.of(storage);
    byte[] segment = whole.get(FileImages.segment(0));
    Random random = new Random(1);

    for (int cut = SegmentHeader.BYTES; cut < segment.length; cut++) {
      byte[] lost = Arrays.copyOf(segment, segment.length);
      Arrays.fill(lost, cut, lost.length, (byte) 0);
      byte[] garbage = lost.clone();
      byte[] noise = new byte[garbage.length - cut];
      random.nextBytes(noise);
      System.arraycopy(noise, 0, garbage, cut, noise.length);

      for (byte[] torn : List.of(lost, garbage)) {
        Storage damaged = whole.with(FileImages.segment(0), torn).storage();
        WalHarness after = new WalHarness(damaged);
        String found = WalModel.describe(after);
        assertThat(model.requireAfter(found, 0)).isEqualTo(model.durableCount(cut));
        after.log(5).append(bytes("written after the tear"));
        after.close();
        WalHarness again = new WalHarness(damaged);
        assertThat(again.entries(5)).containsExactly("written after the tear");
        again.log(5).delete();
        assertThat(WalModel.describe(again)).isEqualTo(found);
      }
    }
  }

  @Test
  void a_file_that_was_cut_is_reported_with_its_offset() {
    model.append(wal.wal, 1, "a");
    wal.settle();
    FileImages whole = FileImages.of(storage);
    byte[] segment = whole.get(FileImages.segment(0));

    for (int cut = 0; cut < segment.length; cut++) {
      FileImages damaged = whole.with(FileImages.segment(0), Arrays.copyOf(segment, cut));
      int size = cut;
      assertThatThrownBy(() -> new WalHarness(damaged.storage()))
          .isInstanceOfSatisfying(
              CorruptionException.class,
              e -> {
                assertThat(e.path()).isEqualTo(FileImages.segment(0));
                assertThat(e.offset()).isEqualTo(size < SegmentHeader.BYTES ? 0 : size);
              });
    }
  }

  @Test
  void a_flipped_bit_in_any_byte_is_reported_or_harmless() {
    for (int i = 0; i < 24; i++) {
      model.append(wal.wal, i % 2, "entry " + i + "x".repeat(60));
      model.putState(wal.wal, i % 2, "state " + i);
      wal.settle();
    }
    long durable = wal.wal.durablePosition();
    FileImages whole = FileImages.of(storage);
    assertThat(whole.files()).hasSizeGreaterThanOrEqualTo(6);
    int reported = 0;

    for (String path : whole.files().keySet()) {
      byte[] file = whole.get(path);
      for (int at = 0; at < file.length; at++) {
        byte[] flipped = file.clone();
        flipped[at] ^= (byte) (1 << at % 8);
        try {
          WalHarness after = new WalHarness(whole.with(path, flipped).storage());
          assertThat(WalModel.describe(after)).isEqualTo(model.current());
          assertThat(mustBeReported(path, file, at, durable)).as("%s at %d", path, at).isFalse();
        } catch (StorageException e) {
          assertThat(e).hasMessageContaining(path).hasMessageContaining("offset");
          reported++;
        }
      }
    }
    assertThat(reported).isGreaterThan(3_000);
  }

  /** Whether the byte belongs to the manifest, a header, or a record known to be durable. */
  private static boolean mustBeReported(String path, byte[] file, int at, long durable) {
    if (path.equals(FileImages.manifest())) {
      return true;
    }
    if (!path.endsWith(".wal")) {
      return false;
    }
    long base = ByteBuffer.wrap(file).getLong(24);
    boolean isSpare = file[SegmentHeader.BYTES + RecordFormat.TYPE_AT] == 0;
    int used = file.length;
    while (file[used - 1] == 0) {
      used--;
    }
    return !isSpare && at < used && base + at < durable;
  }

  @Test
  void damage_behind_which_a_marker_stands_is_reported_with_its_offset() {
    model.append(wal.wal, 1, "first");
    wal.settle();
    model.append(wal.wal, 1, "second");
    wal.settle();
    FileImages whole = FileImages.of(storage);
    byte[] segment = whole.get(FileImages.segment(0)).clone();
    int at = SegmentHeader.BYTES + RecordFormat.HEADER_BYTES + 1 + RecordFormat.HEADER_BYTES;
    segment[at + RecordFormat.HEADER_BYTES] ^= 1;

    assertThatThrownBy(() -> new WalHarness(whole.with(FileImages.segment(0), segment).storage()))
        .isInstanceOfSatisfying(
            CorruptionException.class,
            e -> {
              assertThat(e.path()).isEqualTo(FileImages.segment(0));
              assertThat(e.offset()).isEqualTo(at);
            });
  }

  @Test
  void damage_in_a_batch_that_was_never_synced_is_a_torn_tail_though_valid_records_follow() {
    model.append(wal.wal, 1, "durable");
    wal.settle();
    String before = model.current();
    FileImages earlier = FileImages.of(storage);
    model.append(wal.wal, 1, "lost");
    model.append(wal.wal, 1, "there, but behind a hole");
    wal.settle();
    FileImages later = FileImages.of(storage);
    byte[] first = earlier.get(FileImages.segment(0));
    byte[] second = later.get(FileImages.segment(0)).clone();
    int end = used(first);
    // One batch: the entry "lost" is missing, the other is there, the marker behind is not.
    int batchEnd = (int) wal.wal.durablePosition();
    Arrays.fill(second, batchEnd, second.length, (byte) 0);
    Arrays.fill(second, end, end + 10, (byte) 0);

    WalHarness after = new WalHarness(later.with(FileImages.segment(0), second).storage());

    assertThat(WalModel.describe(after)).isEqualTo(before);
  }

  @Test
  void damage_at_the_end_of_a_segment_is_proved_by_the_next_one_in_use() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    List<String> segments = segments(whole);
    String spare = segments.get(segments.size() - 1);
    String sealed = segments.get(segments.size() - 3);
    byte[] damaged = whole.get(sealed).clone();
    damaged[used(damaged) - RecordFormat.HEADER_BYTES - 1] ^= 1;

    assertThatThrownBy(
            () -> new WalHarness(whole.without(spare).with(sealed, damaged).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(sealed);
  }

  @Test
  void damage_at_the_end_of_a_segment_is_proved_by_the_one_after_the_next() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    List<String> segments = segments(whole);
    String next = segments.get(segments.size() - 2);
    String sealed = segments.get(segments.size() - 3);
    byte[] damaged = whole.get(sealed).clone();
    damaged[used(damaged) - RecordFormat.HEADER_BYTES - 1] ^= 1;
    byte[] blank = Arrays.copyOf(whole.get(next), SegmentHeader.BYTES);

    assertThatThrownBy(
            () ->
                new WalHarness(
                    whole.with(next, Arrays.copyOf(blank, 1024)).with(sealed, damaged).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(sealed);
  }

  @Test
  void a_record_that_was_written_in_the_place_of_another_is_reported() {
    wal.log(1).putState(bytes("vote for n1"));
    wal.log(1).putState(bytes("vote for n2"));
    wal.settle();
    FileImages whole = FileImages.of(storage);
    byte[] segment = whole.get(FileImages.segment(0)).clone();
    int record = RecordFormat.HEADER_BYTES + "vote for n1".length();
    int first = SegmentHeader.BYTES + RecordFormat.HEADER_BYTES + 1 + RecordFormat.HEADER_BYTES;
    System.arraycopy(segment, first, segment, first + record, record);

    assertThatThrownBy(() -> new WalHarness(whole.with(FileImages.segment(0), segment).storage()))
        .isInstanceOfSatisfying(
            CorruptionException.class, e -> assertThat(e.offset()).isEqualTo(first + record));
  }

  @Test
  void a_missing_segment_is_reported() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    List<String> segments = segments(whole);
    assertThat(segments).hasSizeGreaterThan(4);

    for (String path : segments.subList(0, segments.size() - 1)) {
      assertThatThrownBy(() -> new WalHarness(whole.without(path).storage()))
          .isInstanceOf(CorruptionException.class)
          .hasMessageContaining(path)
          .hasMessageContaining("missing");
    }
    // The last one is the segment prepared ahead, which may be missing.
    String spare = segments.get(segments.size() - 1);
    WalHarness after = new WalHarness(whole.without(spare).storage());
    assertThat(WalModel.describe(after)).isEqualTo(model.current());
  }

  @Test
  void a_missing_manifest_is_reported_and_an_interrupted_creation_is_finished() {
    fillSegments();
    FileImages whole = FileImages.of(storage);

    assertThatThrownBy(() -> new WalHarness(whole.without(FileImages.manifest()).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("manifest")
        .hasMessageContaining("missing");
    Storage fresh = Storage.inMemory();
    fresh.createDirectories(WalHarness.DIRECTORY);
    fresh.create(FileImages.segment(0)).close();
    assertThat(new WalHarness(fresh).wal.logIds()).isEmpty();
  }

  @Test
  void a_segment_in_the_place_of_another_is_reported() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    List<String> segments = segments(whole);
    String one = segments.get(1);
    String two = segments.get(2);

    assertThatThrownBy(() -> new WalHarness(whole.with(two, whole.get(one)).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(two)
        .hasMessageContaining("it was segment 1");
    assertThatThrownBy(
            () ->
                new WalHarness(
                    whole.with(two, whole.get(one)).with(one, whole.get(two)).storage()))
        .isInstanceOf(CorruptionException.class);
    assertThatThrownBy(
            () ->
                new WalHarness(
                    whole.with(WalHarness.DIRECTORY + "/copy.wal", whole.get(one)).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("copy.wal");
  }

  @Test
  void a_segment_of_another_log_is_reported() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    String path = segments(whole).get(1);
    SegmentHeader header = SegmentHeader.decode(path, whole.get(path));
    SegmentHeader foreign =
        new SegmentHeader(
            header.segmentBytes(), header.number(), header.base(), header.nonce() + 1, false);
    byte[] bytes = whole.get(path).clone();
    System.arraycopy(foreign.encode(), 0, bytes, 0, SegmentHeader.BYTES);

    assertThatThrownBy(() -> new WalHarness(whole.with(path, bytes).storage()))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("another log");
  }

  @Test
  void files_of_a_newer_release_are_refused_as_such() {
    fillSegments();
    FileImages whole = FileImages.of(storage);
    byte[] segment = whole.get(FileImages.segment(0)).clone();
    byte[] manifest = whole.get(FileImages.manifest()).clone();
    withVersion(segment, SegmentHeader.BYTES, 3);
    withVersion(manifest, manifest.length, 9);

    assertThatThrownBy(() -> new WalHarness(whole.with(FileImages.segment(0), segment).storage()))
        .isInstanceOf(StorageException.class)
        .isNotInstanceOf(CorruptionException.class)
        .hasMessageContaining(FileImages.segment(0))
        .hasMessageContaining("format 3")
        .hasMessageContaining("up to 2");
    assertThatThrownBy(
            () -> new WalHarness(whole.with(FileImages.manifest(), manifest).storage()))
        .hasMessageContaining("format 9");
  }

  @Test
  void an_entry_that_decays_while_the_log_is_open_is_reported_when_it_is_read() {
    model.append(wal.wal, 1, "a");
    model.append(wal.wal, 1, "b");
    wal.close();
    wal = new WalHarness(storage);
    LogicalLog log = wal.log(1);
    long at = wal.wal.durablePosition() - 1;
    try (StorageFile file = storage.open(FileImages.segment(0))) {
      for (long i = at - 60; i < at; i++) {
        file.write(i, ByteBuffer.wrap(new byte[] {0x55}));
      }
    }

    CompletableFuture<List<byte[]>> read = log.read(1, 1_000);
    wal.settle();

    assertThatThrownBy(() -> WalHarness.join(read))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining(FileImages.segment(0));
    assertThat(wal.wal.failure()).isEmpty();
  }

  private void fillSegments() {
    for (int i = 0; i < 40; i++) {
      model.append(wal.wal, i % 3, "entry " + i + "x".repeat(80));
      wal.settle();
    }
  }

  private static List<String> segments(FileImages images) {
    return images.files().keySet().stream().filter(path -> path.endsWith(".wal")).toList();
  }

  private static int used(byte[] segment) {
    int used = segment.length;
    while (segment[used - 1] == 0) {
      used--;
    }
    return used;
  }

  /**
   * Another version in bytes 8 to 11, with a checksum that fits, in the last four of {@code size}.
   */
  private static void withVersion(byte[] bytes, int size, int version) {
    ByteBuffer.wrap(bytes).putInt(8, version);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, size - 4);
    ByteBuffer.wrap(bytes).putInt(size - 4, (int) crc.getValue());
  }
}
