package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.storage.NoSpaceException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import io.quorate.core.storage.StorageFile;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What the simulated disk keeps, loses and breaks. */
class SimDiskTest {
  private final SimDisk disk = SimDisk.alone(1, () -> {});
  private final Storage storage = disk.storage(() -> {});

  private static ByteBuffer filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return ByteBuffer.wrap(bytes);
  }

  private StorageFile durableFile(String path, int length, int value) {
    StorageFile file = storage.create(path);
    file.write(0, filled(length, value));
    file.force(true);
    storage.syncDirectory("");
    return file;
  }

  /** What may be in a file of ten durable 1s after two writes were not synced. */
  private static TreeSet<String> outcomes(boolean garbage) {
    TreeSet<String> seen = new TreeSet<>();
    for (int seed = 0; seed < 300; seed++) {
      SimDisk disk =
          new SimDisk(
              DiskOptions.defaults().withGarbage(garbage),
              new SeededRandom(seed),
              (nanos, what) -> {},
              (a, b) -> {},
              () -> {});
      Storage storage = disk.storage(() -> {});
      StorageFile file = storage.create("f");
      file.write(0, filled(2_048, 1));
      file.force(true);
      storage.syncDirectory("");
      file.write(256, filled(1_024, 2));
      file.write(1_536, filled(10, 3));
      disk.crash();
      byte[] bytes = disk.visible("f");
      assertThat(bytes).isEqualTo(disk.durable("f")).hasSize(2_048);
      StringBuilder sectors = new StringBuilder();
      for (int at : new int[] {0, 300, 600, 1_100, 1_400, 1_540, 2_000}) {
        sectors.append(bytes[at] >= 1 && bytes[at] <= 3 ? bytes[at] : 9);
      }
      seen.add(sectors.toString());
    }
    return seen;
  }

  @Test
  void a_crash_keeps_loses_or_tears_each_unsynced_write_at_sectors_and_spares_the_synced() {
    assertThat(outcomes(false))
        .contains("1111111", "1222131", "1222111", "1111131", "1212111", "1122131")
        .allSatisfy(bytes -> assertThat(bytes).matches("1[12][12][12]1[13]1"));
  }

  @Test
  void a_crash_may_leave_garbage_in_unsynced_sectors_and_only_there() {
    assertThat(outcomes(true))
        .anySatisfy(bytes -> assertThat(bytes).contains("9"))
        .allSatisfy(bytes -> assertThat(bytes).matches("1[129][129][129]1[139]1"));
  }

  @Test
  void an_unsynced_name_may_be_lost_although_the_contents_were_synced() {
    TreeSet<String> seen = new TreeSet<>();
    for (int seed = 0; seed < 50; seed++) {
      SimDisk disk = SimDisk.alone(seed, () -> {});
      Storage storage = disk.storage(() -> {});
      storage.create("old").close();
      storage.syncDirectory("");
      StorageFile file = storage.create("tmp");
      file.force(true);
      storage.rename("tmp", "new");
      storage.delete("old");
      disk.crash();
      seen.add(disk.paths().toString());
    }
    assertThat(seen)
        .contains("[old]", "[new]", "[new, old]", "[]", "[old, tmp]")
        .doesNotContain("[new, old, tmp]");
  }

  @Test
  void an_unsynced_truncation_may_be_undone() {
    TreeSet<Integer> sizes = new TreeSet<>();
    for (int seed = 0; seed < 50; seed++) {
      SimDisk disk = SimDisk.alone(seed, () -> {});
      Storage storage = disk.storage(() -> {});
      StorageFile file = storage.create("f");
      file.write(0, filled(100, 1));
      file.force(true);
      storage.syncDirectory("");
      file.truncate(40);
      disk.crash();
      sizes.add(disk.visible("f").length);
    }
    assertThat(sizes).containsExactly(40, 100);
  }

  @Test
  void a_sync_without_metadata_may_lose_the_growth_but_not_what_lies_inside_the_file() {
    TreeSet<Integer> sizes = new TreeSet<>();
    for (int seed = 0; seed < 50; seed++) {
      SimDisk disk = SimDisk.alone(seed, () -> {});
      Storage storage = disk.storage(() -> {});
      StorageFile file = storage.create("f");
      file.write(0, filled(100, 1));
      file.force(true);
      storage.syncDirectory("");
      file.write(50, filled(100, 2));
      file.force(false);
      disk.crash();
      byte[] bytes = disk.visible("f");
      assertThat(bytes[99]).isEqualTo((byte) 2);
      sizes.add(bytes.length);
    }
    assertThat(sizes).containsExactly(100, 150);
  }

  @Test
  void a_failed_sync_drops_the_pages_and_later_syncs_succeed_without_them() {
    StorageFile file = durableFile("f", 10, 1);
    file.write(0, filled(10, 2));
    disk.failNextSync();
    assertThatThrownBy(() -> file.force(true))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("sync f")
        .hasMessageContaining("input/output error");

    file.force(true);

    assertThat(disk.durable("f")).containsOnly(1);
    disk.crash();
    assertThat(disk.visible("f")).containsOnly(1);
  }

  @Test
  void a_full_disk_takes_part_of_a_write_and_says_so() {
    StorageFile file = durableFile("f", 10, 1);
    disk.freeBytes(4);

    file.write(0, filled(10, 2));
    assertThatThrownBy(() -> file.write(8, filled(10, 3))).isInstanceOf(NoSpaceException.class);

    assertThat(file.size()).isEqualTo(14);
    assertThat(storage.usableBytes()).isZero();
    disk.heal();
    file.write(14, filled(10, 3));
    assertThat(file.size()).isEqualTo(24);
  }

  @Test
  void the_call_that_was_named_fails_and_no_other() {
    StorageFile file = durableFile("f", 10, 1);
    disk.failAt(2);
    file.write(0, filled(1, 2));
    assertThatThrownBy(() -> file.write(1, filled(1, 2))).isInstanceOf(StorageException.class);
    file.write(2, filled(1, 2));
    assertThat(disk.visible("f")).startsWith(2, 1, 2, 1);

    disk.failNextRead();
    assertThatThrownBy(() -> file.read(0, ByteBuffer.allocate(1)))
        .isInstanceOf(StorageException.class);
    assertThat(file.read(0, ByteBuffer.allocate(1))).isEqualTo(1);
  }

  @Test
  void a_read_only_disk_reads_but_does_not_change() {
    StorageFile file = durableFile("f", 10, 1);
    disk.readOnly(true);
    assertThat(file.read(0, ByteBuffer.allocate(10))).isEqualTo(10);
    assertThatThrownBy(() -> file.write(0, filled(1, 2))).hasMessageContaining("read-only");
    assertThatThrownBy(() -> storage.create("g")).hasMessageContaining("read-only");
    disk.readOnly(false);
    file.write(0, filled(1, 2));
  }

  @Test
  void decay_changes_what_it_names_and_nothing_else() {
    StorageFile file = durableFile("f", 2_000, 1);
    durableFile("g", 10, 5);

    disk.flipBit("f", 8 * 700 + 3);
    byte[] expected = new byte[2_000];
    Arrays.fill(expected, (byte) 1);
    expected[700] = 1 ^ 8;
    assertThat(disk.visible("f")).isEqualTo(disk.durable("f")).isEqualTo(expected);

    disk.zeroSector("f", 3);
    Arrays.fill(expected, 1_536, 2_000, (byte) 0);
    assertThat(disk.durable("f")).isEqualTo(expected);

    disk.truncateTail("f", 1_990);
    assertThat(disk.durable("f")).isEqualTo(Arrays.copyOf(expected, 10));

    disk.swap("f", "g");
    assertThat(disk.durable("f")).containsOnly(5);
    assertThat(disk.durable("g")).containsOnly(1);
    assertThat(file.size()).isEqualTo(10);
  }

  @Test
  void a_lost_write_stays_stale_and_a_misdirected_one_hits_another_sector_after_a_crash() {
    StorageFile lost = durableFile("f", 4_096, 1);
    lost.write(512, filled(512, 2));
    disk.loseNextWrite();
    lost.force(true);
    assertThat(disk.visible("f")).contains(2);
    assertThat(disk.durable("f")).containsOnly(1);

    StorageFile misdirected = durableFile("g", 1 << 20, 1);
    misdirected.write(512, filled(512, 2));
    disk.misdirectNextWrite();
    misdirected.force(true);
    byte[] durable = disk.durable("g");
    assertThat(durable[512]).isEqualTo((byte) 1);
    assertThat(durable).contains(2);
  }

  @Test
  void every_crash_point_of_a_node_is_reached_and_crashes_it() {
    NodeId id = NodeId.of("n");
    List<String> outcomes = new ArrayList<>();
    for (int k = 1; k <= 4; k++) {
      for (boolean before : new boolean[] {true, false}) {
        try (Simulation sim = Simulation.seeded(k)) {
          SimNode<Storage> node = sim.node(id, env -> env.storage());
          if (before) {
            node.disk().crashBefore(k);
          } else {
            node.disk().crashAfter(k);
          }
          List<String> reached = new ArrayList<>();
          node.environment()
              .blockingExecutor("disk")
              .execute(
                  () -> {
                    StorageFile file = node.service().create("f");
                    reached.add("created");
                    file.write(0, filled(10, 1));
                    reached.add("written");
                    file.force(true);
                    reached.add("forced");
                    node.environment().storage().syncDirectory("");
                    reached.add("synced");
                  });
          sim.run(Duration.ofSeconds(1));
          assertThat(node.isRunning()).isFalse();
          assertThat(reached).hasSize(k - 1);
          outcomes.add(node.disk().paths().toString());
          node.restart();
          assertThat(node.isRunning()).isTrue();
        }
      }
    }
    assertThat(outcomes.get(0)).isEqualTo("[]");
    assertThat(outcomes.get(7)).isEqualTo("[f]");
  }

  @Test
  void a_crash_while_booting_leaves_the_node_down_and_its_disk_as_it_fell() {
    try (Simulation sim = Simulation.seeded(1)) {
      SimNode<String> node =
          sim.node(
              NodeId.of("n"),
              env -> {
                env.storage().list("");
                env.storage().createDirectories("d");
                env.storage().syncDirectory("d");
                return "up";
              });
      node.crash();
      node.disk().crashBefore(2);
      node.restart();
      assertThat(node.isRunning()).isFalse();
      assertThat(node.bootFailure()).isPresent();
      node.restart();
      assertThat(node.service()).isEqualTo("up");
      assertThat(node.bootFailure()).isEmpty();
    }
  }

  @Test
  void killing_a_process_keeps_the_page_cache_and_frees_its_locks() {
    try (Simulation sim = Simulation.seeded(1)) {
      SimNode<Storage> node = sim.node(NodeId.of("n"), env -> env.storage());
      node.service().create("f").write(0, filled(10, 1));
      node.service().lock("lock");
      node.kill();
      node.restart();
      assertThat(node.disk().visible("f")).containsOnly(1);
      node.service().lock("lock").close();
      node.wipe();
      node.restart();
      assertThat(node.disk().paths()).isEmpty();
    }
  }

  @Test
  void a_stall_takes_its_time() {
    try (Simulation sim = Simulation.seeded(1)) {
      SimNode<Storage> node = sim.node(NodeId.of("n"), env -> env.storage());
      List<Long> done = new ArrayList<>();
      node.disk().stall(Duration.ofSeconds(5));
      node.environment()
          .blockingExecutor("disk")
          .execute(
              () -> {
                node.service().create("f");
                done.add(sim.nowNanos());
              });
      sim.run(Duration.ofSeconds(10));
      assertThat(done.get(0)).isBetween(5_000_000_000L, 5_100_000_000L);
    }
  }

  /** Writes a new version of a file beside the old one and puts it in its place. */
  private static void replace(Storage storage, boolean syncContents, boolean syncNames) {
    StorageFile file = storage.create("tmp");
    file.write(0, filled(600, 2));
    file.write(600, filled(600, 2));
    if (syncContents) {
      file.force(true);
    }
    storage.rename("tmp", "current");
    if (syncNames) {
      storage.syncDirectory("");
    }
  }

  private static void first(Storage storage) {
    StorageFile file = storage.create("current");
    file.write(0, filled(1_200, 1));
    file.force(true);
    storage.syncDirectory("");
  }

  private static void verifyWhole(Storage storage, boolean begun) {
    if (!begun) {
      return;
    }
    StorageFile file = storage.open("current");
    ByteBuffer bytes = ByteBuffer.allocate(1_200);
    assertThat(file.read(0, bytes)).isEqualTo(1_200);
    assertThat(bytes.array()).containsOnly(bytes.get(0));
  }

  @Test
  void the_explorer_passes_a_correct_replacement_and_catches_each_missing_sync() {
    CrashExplorer explorer = new CrashExplorer(1 << 12);
    explore(explorer, true, true);
    assertThat(explorer.stateCount()).isGreaterThan(40);

    assertThatThrownBy(() -> explore(new CrashExplorer(1 << 12), false, true))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("after a crash");
  }

  private static void explore(CrashExplorer explorer, boolean contents, boolean names) {
    boolean[] begun = {false};
    explorer.explore(
        storage -> {
          begun[0] = false;
          first(storage);
          begun[0] = true;
          replace(storage, contents, names);
        },
        storage -> verifyWhole(storage, begun[0]));
  }
}
