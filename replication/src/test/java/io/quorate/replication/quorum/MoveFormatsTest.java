package io.quorate.replication.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes on the wire and on disk that changes of the placement have, and their options. */
class MoveFormatsTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");

  @Test
  void the_bytes_of_questions_and_reports_do_not_change() {
    assertThat(hex(MoveMessage.CODEC.encode(new MoveMessage.Ask(300)))).isEqualTo("0101ac02");
    assertThat(
            hex(
                MoveMessage.CODEC.encode(
                    new MoveMessage.Report(
                        2,
                        true,
                        false,
                        true,
                        "no",
                        List.of(new MoveProgress.Range(List.of(A, B), 1, 2, 3, 4))))))
        .isEqualTo("0102020502" + "6e6f" + "01" + "0201610162" + "01020304");
  }

  @Test
  void truncated_questions_and_reports_are_malformed() {
    byte[] bytes =
        MoveMessage.CODEC.encode(
            new MoveMessage.Report(
                2, true, true, true, "no", List.of(new MoveProgress.Range(List.of(A), 1, 2, 3, 4))));
    assertThat(MoveMessage.CODEC.encode(MoveMessage.CODEC.decode(bytes))).isEqualTo(bytes);
    for (int length = 0; length < bytes.length; length++) {
      byte[] shorter = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> MoveMessage.CODEC.decode(shorter))
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void the_kept_state_is_read_again_and_its_bytes_do_not_change() {
    Storage storage = Storage.inMemory();
    PlacementFile file = new PlacementFile(storage, "store");
    assertThat(file.read()).isEmpty();
    PlacementState state = PlacementState.first(Placement.everywhere(1, List.of(A, B)));

    file.write(state.moveTo(Placement.everywhere(2, List.of(A))));
    file.write(state);

    assertThat(file.read()).contains(state);
    assertThat(hex(bytes(storage))).isEqualTo("0a01010001010201610162" + "28e347ca");
  }

  @Test
  void damage_in_the_kept_state_names_the_file() {
    Storage storage = Storage.inMemory();
    new PlacementFile(storage, "store")
        .write(PlacementState.first(Placement.everywhere(1, List.of(A, B))));
    for (int at = 0; at < bytes(storage).length; at++) {
      flip(storage, at);
      assertThatThrownBy(() -> new PlacementFile(storage, "store").read())
          .isInstanceOf(CorruptionException.class)
          .hasMessageContaining("store/placement");
      flip(storage, at);
    }
  }

  @Test
  void options_that_make_no_sense_are_named() {
    MoveOptions moves = MoveOptions.defaults();
    assertThatThrownBy(() -> moves.withBytesPerSecond(1_023))
        .hasMessage("bytesPerSecond must be at least 1024, was 1023");
    assertThatThrownBy(() -> moves.withPollInterval(Duration.ZERO))
        .hasMessage("pollInterval must be more than 0, was PT0S");
    assertThatThrownBy(() -> moves.withDropDelay(Duration.ofMillis(-1)))
        .hasMessage("dropDelay must be at least 0, was PT-0.001S");
    assertThatThrownBy(() -> moves.withPatience(Duration.ZERO))
        .hasMessage("patience must be more than 0, was PT0S");
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] bytes(Storage storage) {
    try (StorageFile file = storage.open("store/placement")) {
      ByteBuffer buffer = ByteBuffer.allocate((int) file.size());
      file.read(0, buffer);
      return buffer.array();
    }
  }

  private static void flip(Storage storage, int at) {
    byte[] bytes = bytes(storage);
    try (StorageFile file = storage.open("store/placement")) {
      file.write(at, ByteBuffer.wrap(new byte[] {(byte) (bytes[at] ^ 0x10)}));
    }
  }
}
