package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.codec.ByteWriter;
import io.quorate.core.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Golden bytes: files of this release must be readable by the next, so a change is a new version.
 */
class WalFormatTest {
  private static final HexFormat HEX = HexFormat.of();

  @Test
  void a_record_has_these_bytes() {
    ByteWriter writer = new ByteWriter();
    new RecordFormat(0x0123456789abcdefL)
        .write(writer, 64, RecordFormat.ENTRY, 7, 42, bytes("hi"));

    assertThat(HEX.formatHex(writer.toByteArray()))
        .isEqualTo("def4c5f300000002010000000000000007000000000000002a6869");
  }

  @Test
  void a_segment_header_has_these_bytes() {
    byte[] header = new SegmentHeader(1024, 3, 3072, 0x0123456789abcdefL, false).encode();
    byte[] recycled = new SegmentHeader(1024, 3, 3072, 0x0123456789abcdefL, true).encode();

    assertThat(HEX.formatHex(header))
        .isEqualTo(
            "515241544557414c000000010000040000000000000000030000000000000c000123456789abcdef"
                + "00000000000000000000000000000000000000003eaa7bdc");
    assertThat(SegmentHeader.decode("x", header))
        .isEqualTo(new SegmentHeader(1024, 3, 3072, 0x0123456789abcdefL, false));
    assertThat(HEX.formatHex(recycled))
        .isEqualTo(
            "515241544557414c000000020000040000000000000000030000000000000c000123456789abcdef"
                + "000000000000000000000000000000000000000073cdcf2b");
    assertThat(SegmentHeader.decode("x", recycled).recycled()).isTrue();
  }

  @Test
  void a_manifest_has_these_bytes() {
    byte[] manifest = new Manifest(0x0123456789abcdefL, 5, "c/n1").encode();

    assertThat(HEX.formatHex(manifest))
        .isEqualTo("51524154454d414e000000010123456789abcdef000000000000000504632f6e3172012fa7");
    assertThat(Manifest.decode("x", manifest))
        .isEqualTo(new Manifest(0x0123456789abcdefL, 5, "c/n1"));
  }

  @Test
  void a_table_has_these_bytes() {
    Segments segments = new Segments(List.of(new Segment(0, 0, 1024)));
    LogContent one = new LogContent(1, segments);
    one.append(100, 10);
    LogContent untouched = new LogContent(2, segments);
    LogContent three = new LogContent(3, segments);
    three.reset(9);
    three.state = Optional.of(bytes("t"));

    assertThat(HEX.formatHex(LogTable.encode(List.of(one, untouched, three))))
        .isEqualTo(
            "02000000000000000100000000000000010000000000000002000000000000000003000000000000"
                + "00090000000000000009010174");
  }

  @Test
  void a_segment_holds_table_marker_and_records_of_each_type_in_order() {
    Storage storage = Storage.inMemory();
    WalHarness wal = new WalHarness(storage);
    LogicalLog log = wal.log(1);
    log.append(bytes("a"));
    log.putState(bytes("s"));
    log.append(bytes("b"));
    log.truncateSuffix(2);
    log.dropPrefix(2);
    log.reset(10);
    log.delete();
    wal.settle();

    byte[] file = FileImages.of(storage).get(FileImages.segment(0));
    byte[] types = new byte[10];
    int at = SegmentHeader.BYTES;
    int count = 0;
    for (ByteBuffer bytes = ByteBuffer.wrap(file); RecordFormat.type(bytes, at) != 0; count++) {
      types[count] = RecordFormat.type(bytes, at);
      at += RecordFormat.HEADER_BYTES + RecordFormat.length(bytes, at);
    }
    assertThat(types).containsExactly(8, 9, 1, 2, 1, 3, 4, 5, 7, 9);
    assertThat(count).isEqualTo(10);
    assertThat(Arrays.copyOfRange(file, at, file.length)).containsOnly(0);
  }

  @Test
  void files_of_the_first_release_are_read() {
    WalHarness wal = new WalHarness(firstRelease().storage());

    assertThat(wal.entries(1)).containsExactly("one", "two");
    assertThat(wal.log(1).firstIndex()).isEqualTo(3);
    assertThat(wal.log(1).state().map(WalHarness::text)).contains("term 4");
    assertThat(wal.entries(9)).isEmpty();
    assertThat(wal.log(9).nextIndex()).isEqualTo(77);
  }

  /** What the first release wrote; the zeros at the end of the segment are left out. */
  private static FileImages firstRelease() {
    String segment =
        "515241544557414c000000010000040000000000000000000000000000000000f291ad419438ca59"
                + "0000000000000000000000000000000000000000b0ab7bec5cbc3116000000010800000000000000"
                + "000000000000000000009fb6ce0c000000000900000000000000000000000000000040b701e19900"
                + "0000040100000000000000010000000000000001676f6e65fd2a215b000000080100000000000000"
                + "010000000000000002676f6e6520746f6f9a7f74af00000003010000000000000001000000000000"
                + "00036f6e65f3ed76c300000001010000000000000001000000000000000478240fd2d10000000003"
                + "00000000000000010000000000000004b44871410000000301000000000000000100000000000000"
                + "0474776f459fed4f0000000602000000000000000100000000000000007465726d203490af367e00"
                + "00000004000000000000000100000000000000038c43f09b00000000050000000000000009000000"
                + "000000004d9f59b93300000000090000000000000000000000000000016d";
    String manifest =
        "51524154454d414e00000001f291ad419438ca5900000000000000000a636c75737465722f6e3171"
                + "70c300";
    return new FileImages(
        new TreeMap<>(
            Map.of(
                FileImages.segment(0), Arrays.copyOf(HEX.parseHex(segment), 1024),
                FileImages.manifest(), HEX.parseHex(manifest))));
  }

  static FileImages asOfThisRelease() {
    Storage storage = Storage.inMemory();
    WalHarness wal = new WalHarness(storage);
    LogicalLog log = wal.log(1);
    log.append(List.of(bytes("gone"), bytes("gone too"), bytes("one"), bytes("x")));
    log.truncateSuffix(4);
    log.append(bytes("two"));
    log.putState(bytes("term 4"));
    log.dropPrefix(3);
    wal.log(9).reset(77);
    wal.close();
    return FileImages.of(storage);
  }

  @Test
  void this_release_writes_what_the_first_wrote() {
    FileImages now = asOfThisRelease();
    FileImages then = firstRelease();

    assertThat(now.get(FileImages.segment(0))).isEqualTo(then.get(FileImages.segment(0)));
    assertThat(now.get(FileImages.manifest())).isEqualTo(then.get(FileImages.manifest()));
  }
}
