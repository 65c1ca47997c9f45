package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.storage.Storage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Entries that are gathered from several places and not kept in memory. */
class GatheredEntriesTest {
  private final Storage storage = Storage.inMemory();
  private final WalHarness wal = new WalHarness(storage);
  private final LogicalLog log = wal.log(1);

  @Test
  void an_entry_is_what_remains_of_its_parts_and_the_parts_stay_as_they_are() {
    ByteBuffer window = ByteBuffer.wrap(bytes("--middle--"), 2, 6);
    ByteBuffer slice = ByteBuffer.wrap(bytes("xxend")).position(2).slice();

    log.append(new ByteBuffer[] {ByteBuffer.wrap(bytes("begin ")), window, slice});
    log.append(new ByteBuffer[0]);
    wal.settle();

    assertThat(window.remaining()).isEqualTo(6);
    assertThat(wal.entries(1)).containsExactly("begin middleend", "");
    wal.close();
    assertThat(new WalHarness(storage).entries(1)).containsExactly("begin middleend", "");
  }

  @Test
  void it_is_not_in_memory_and_who_reads_it_waits_until_it_is_durable() {
    log.append(bytes("kept"));
    log.append(parts("gathered"));
    log.append(bytes("kept too"));

    CompletableFuture<List<byte[]>> fromKept = log.read(1, 1_000);
    CompletableFuture<List<byte[]>> fromGathered = log.read(2, 1_000);

    assertThat(log.cached(1)).isPresent();
    assertThat(log.cached(2)).isEmpty();
    assertThat(log.cached(3)).isPresent();
    assertThat(fromGathered).isNotDone();
    wal.settle();
    assertThat(WalHarness.texts(WalHarness.join(fromKept))).containsExactly("kept");
    assertThat(WalHarness.texts(WalHarness.join(fromGathered)))
        .containsExactly("gathered", "kept too");
    assertThat(wal.entries(1)).containsExactly("kept", "gathered", "kept too");
  }

  @Test
  void it_is_truncated_and_dropped_like_any_other() {
    for (int i = 1; i <= 9; i++) {
      log.append(parts("entry " + i));
    }
    log.truncateSuffix(8);
    log.dropPrefix(3);
    log.append(parts("another"));
    wal.settle();

    assertThat(wal.entries(1))
        .containsExactly("entry 3", "entry 4", "entry 5", "entry 6", "entry 7", "another");
  }

  @Test
  void what_does_not_fit_or_has_no_array_is_refused_and_changes_nothing() {
    ByteBuffer half = ByteBuffer.allocate(130);

    assertThatThrownBy(() -> log.append(new ByteBuffer[] {half, half}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at most 256 bytes, had 260");
    assertThatThrownBy(() -> log.append(new ByteBuffer[] {ByteBuffer.allocateDirect(1)}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("heap");
    assertThat(log.nextIndex()).isEqualTo(1);
    log.append(parts("first"));
    wal.settle();
    assertThat(wal.entries(1)).containsExactly("first");
  }

  private static ByteBuffer[] parts(String text) {
    return new ByteBuffer[] {ByteBuffer.wrap(bytes(text))};
  }
}
