package io.quorate.replication.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.sim.DiskOptions;
import io.quorate.core.storage.CorruptionException;
import io.quorate.core.storage.StorageException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Items P25 to P30 of the engine that keeps its data in a log. */
class LogStructuredStoreTest extends LocalStoreConformance {
  private static final LocalOptions SMALL =
      LocalOptions.in("data").withSegmentBytes(16 << 10).withCacheBytes(2_000)
          .withSnapshotEveryBytes(20_000).withSorted(true);

  @Override
  CompletableFuture<LocalStore> open(Environment environment, EventLoop loop) {
    return LocalStore.open(environment, loop, SMALL);
  }

  private static String lastSegment(Machine machine) {
    List<String> segments =
        machine.node.disk().paths().stream().filter(path -> path.contains("segment-")).toList();
    return segments.get(segments.size() - 1);
  }

  @Test
  void p26_a_tail_torn_at_any_byte_is_cut_and_what_is_written_behind_it_survives() {
    int length;
    try (Machine machine = new Machine(1)) {
      machine.store();
      machine.putDurably(key(1), cell(1, 30));
      machine.putDurably(key(2), cell(2, 30));
      length = used(machine.node.disk().durable(lastSegment(machine)));
    }
    for (int cut = 1; cut < length - RecordFormat.SEGMENT_HEADER_BYTES; cut++) {
      try (Machine machine = new Machine(1)) {
        machine.store();
        machine.putDurably(key(1), cell(1, 30));
        machine.putDurably(key(2), cell(2, 30));
        machine.node.kill();
        String segment = lastSegment(machine);
        int size = machine.node.disk().durable(segment).length;
        machine.node.disk().truncateTail(segment, size - length + cut);

        machine.node.restart();
        machine.store();
        machine.putDurably(key(3), cell(3, 30));
        machine.node.crash();
        machine.node.restart();
        machine.store();

        assertThat(machine.read(key(3))).as("cut %d", cut).contains(cell(3, 30));
      }
    }
  }

  private static int used(byte[] segment) {
    int end = segment.length;
    while (end > 0 && segment[end - 1] == 0) {
      end--;
    }
    return end;
  }

  @Test
  void p27_damage_before_good_data_is_an_error_that_names_the_place_and_not_a_shorter_log() {
    int refused = 0;
    for (int bit = 0; bit < 40; bit++) {
      try (Machine machine = new Machine(2)) {
        machine.store();
        for (int i = 0; i < 5; i++) {
          machine.putDurably(key(i), cell(i + 1, 30));
        }
        machine.node.kill();
        String segment = lastSegment(machine);
        machine.node.disk().flipBit(segment, 8L * (RecordFormat.SEGMENT_HEADER_BYTES + bit));
        machine.node.restart();

        assertThatThrownBy(machine::store)
            .isInstanceOf(CompletionException.class)
            .cause()
            .isInstanceOf(CorruptionException.class)
            .hasMessageContaining(segment)
            .hasMessageContaining("offset " + RecordFormat.SEGMENT_HEADER_BYTES);
        refused++;
      }
    }
    assertThat(refused).isEqualTo(40);
  }

  @Test
  void p27_a_missing_segment_in_the_middle_is_an_error() {
    try (Machine machine = new Machine(3)) {
      machine.store();
      for (int i = 0; i < 200; i++) {
        machine.putDurably(key(i), cell(i + 1, 300));
      }
      machine.node.kill();
      List<String> segments =
          machine.node.disk().paths().stream().filter(p -> p.contains("segment-")).toList();
      assertThat(segments).hasSizeGreaterThan(3);
      machine.node.disk().flipBit(segments.get(segments.size() - 2), 3);
      machine.node.disk().flipBit("data/index", 800);
      machine.node.restart();

      assertThatThrownBy(machine::store).hasCauseInstanceOf(CorruptionException.class);
    }
  }

  @Test
  void p28_two_users_of_one_directory_are_refused() {
    try (Machine machine = new Machine(4)) {
      machine.store();
      Environment environment = machine.node.environment();

      CompletableFuture<LocalStore> second =
          open(environment, environment.eventLoop("another"));

      assertThatThrownBy(() -> machine.simulation.await(second, SECOND))
          .hasCauseInstanceOf(StorageException.class);
    }
  }

  @Test
  void p30_a_flipped_bit_in_a_value_is_found_when_it_is_read() {
    try (Machine machine = new Machine(5)) {
      machine.store();
      machine.putDurably(key(1), cell(1, 1_000));
      String segment = lastSegment(machine);
      for (int i = 2; i < 10; i++) {
        machine.putDurably(key(i), cell(i, 1_000));
      }
      machine.node.disk().flipBit(segment, 8L * (RecordFormat.SEGMENT_HEADER_BYTES + 500));

      assertThatThrownBy(() -> machine.read(key(1))).hasCauseInstanceOf(CorruptionException.class);
      assertThat(machine.read(key(2))).contains(cell(2, 1_000));
    }
  }

  @Test
  void a_damaged_or_missing_index_snapshot_costs_time_and_nothing_else() {
    for (int round = 0; round < 2; round++) {
      try (Machine machine = new Machine(6)) {
        LocalStore store = machine.store();
        for (int i = 0; i < 50; i++) {
          machine.putDurably(key(i), cell(i + 1, 100));
        }
        machine.simulation.await(store.shutdown(), SECOND);
        machine.node.kill();
        if (round == 0) {
          machine.node.disk().flipBit("data/index", 200);
        } else {
          machine.node.disk().truncateTail("data/index", 1_000_000);
        }
        machine.node.restart();
        machine.store();

        for (int i = 0; i < 50; i++) {
          assertThat(machine.read(key(i))).contains(cell(i + 1, 100));
        }
      }
    }
  }

  @Test
  void keys_of_a_sorted_store_are_scanned_in_order() {
    try (Machine machine = new Machine(7)) {
      LocalStore store = machine.store();
      for (int i : new int[] {5, 3, 9, 1, 7}) {
        machine.putDurably(key(i), cell(i, 10));
      }

      machine.onLoop(
          () -> assertThat(store.scan(key(3), key(9), 10).stream().map(Stored::key))
              .containsExactly(key(3), key(5), key(7)));
      machine.onLoop(() -> assertThat(store.scan(key(1), key(9), 2)).hasSize(2));
    }
  }

  @Test
  void the_bytes_of_a_record_are_pinned() {
    var out = new io.quorate.core.codec.ByteWriter();
    RecordFormat.write(out, new Key(new byte[] {'k'}), cell(1, 2));

    assertThat(java.util.HexFormat.of().formatHex(out.toByteArray(), 4, out.size()))
        .isEqualTo("0000001b" + "00" + "016b" + "00" + "0000000000000001" + "0000000000000001"
            + "026e31" + "00" + "020101");
    assertThat(Arrays.copyOf(RecordFormat.segmentHeader(1, 2, true), 20))
        .isEqualTo(java.util.HexFormat.of().parseHex("51534731" + "00000001"
            + "0000000000000002" + "00000001"));
  }

  @Test
  void the_defaults_are_forced_and_not_sorted() {
    assertThat(LocalOptions.in("x").durability()).isEqualTo(LocalOptions.Durability.FORCED);
    assertThat(DiskOptions.defaults().garbage()).isTrue();
  }
}
