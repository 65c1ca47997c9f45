package io.quorate.replication.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.storage.StorageException;
import io.quorate.replication.disk.CrashDisk;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Item P34: crashes at every step, damage to every file, collection, full disk. */
class CheckpointFilesTest {
  private static final NodeId NODE = NodeId.of("n1");
  private static final int SHARDS = 3;

  private static CheckpointId id(long sequence) {
    return new CheckpointId(sequence, NODE);
  }

  private static byte[] shard(long sequence, int index) {
    byte[] bytes = new byte[(int) (1_000 + 300_000 * (index == 2 ? 1 : 0) + sequence)];
    new Random(sequence * 31 + index).nextBytes(bytes);
    return bytes;
  }

  private static CheckpointInfo save(CheckpointFiles files, long sequence) throws IOException {
    files.prepare(id(sequence));
    List<ShardInfo> shards = new ArrayList<>();
    for (int i = 0; i < SHARDS; i++) {
      shards.add(files.writeShard(id(sequence), "w" + i, ShardSource.of(shard(sequence, i))));
    }
    CheckpointInfo info =
        new CheckpointInfo(id(sequence), sequence * 10, 5, new TreeMap<>(Map.of("k", "v")), shards);
    files.commit(info);
    return info;
  }

  private static void assertHolds(CheckpointFiles files, long sequence) throws IOException {
    CheckpointInfo info = files.info(id(sequence));
    for (int i = 0; i < SHARDS; i++) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      files.copy(id(sequence), info.shard("w" + i), out);
      assertThat(out.toByteArray()).isEqualTo(shard(sequence, i));
    }
  }

  @Test
  void what_was_saved_is_read() throws IOException {
    CheckpointFiles files = new CheckpointFiles(new CrashDisk(1), "c");
    CheckpointInfo info = save(files, 1);

    assertThat(files.committed()).containsExactly(id(1));
    assertThat(files.info(id(1))).isEqualTo(info);
    assertThat(files.verify(id(1))).isEmpty();
    assertHolds(files, 1);
  }

  /** Saves and collects until the disk stops; returns the newest that had returned from commit. */
  private static long runUntilCrash(CrashDisk disk) {
    long acknowledged = 0;
    try {
      CheckpointFiles files = new CheckpointFiles(disk, "c");
      files.sweep(Set.of());
      long next = files.highestSequence() + 1;
      acknowledged = files.committed().stream().mapToLong(CheckpointId::sequence).max().orElse(0);
      for (int i = 0; i < 4; i++, next++) {
        save(files, next);
        acknowledged = next;
        new Retention(files, 1).collect(Set.of());
      }
      throw new AssertionError("the disk was to stop before");
    } catch (CrashDisk.Crash crash) {
      return acknowledged;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void p34_a_crash_at_any_of_1000_points_leaves_the_newest_committed_one_whole()
      throws IOException {
    int points = 0;
    for (int seed = 0; points < 1_000; seed++) {
      CrashDisk disk = new CrashDisk(seed);
      Random random = new Random(seed);
      long atLeast = 0;
      for (int crash = 0; crash < 3; crash++, points++) {
        disk.crashAfter(1 + random.nextInt(60));
        atLeast = Math.max(atLeast, runUntilCrash(disk));
        disk.restart();
        CheckpointFiles files = new CheckpointFiles(disk, "c");
        List<CheckpointId> there = files.committed();

        if (atLeast > 0) {
          assertThat(there).as("seed %d", seed).isNotEmpty();
          assertThat(there.get(0).sequence()).as("seed %d", seed).isBetween(atLeast, atLeast + 1);
        }
        for (CheckpointId id : there) {
          // A half deleted one has lost its manifest first, so all that are told are whole.
          assertThat(files.verify(id)).as("seed %d", seed).isEmpty();
          assertHolds(files, id.sequence());
        }
      }
    }
    assertThat(points).isGreaterThanOrEqualTo(1_000);
  }

  @Test
  void p34_control_a_manifest_before_the_shards_are_forced_is_caught() {
    int torn = 0;
    for (int seed = 0; seed < 50; seed++) {
      CrashDisk disk = new CrashDisk(seed);
      CheckpointFiles files = new CheckpointFiles(disk, "c");
      files.prepare(id(1));
      byte[] bytes = shard(1, 0);
      ShardDigest digest = new ShardDigest();
      digest.update(bytes, 0, bytes.length);
      files.writeChunk(id(1), "w0", 0, bytes);
      files.commit(
          new CheckpointInfo(id(1), 1, 1, new TreeMap<>(), List.of(digest.finish("w0"))));
      disk.restart();
      torn += new CheckpointFiles(disk, "c").verify(id(1)).isPresent() ? 1 : 0;
    }

    assertThat(torn).isPositive();
  }

  @Test
  void p34_a_flipped_bit_or_a_cut_in_any_file_is_found() throws IOException {
    Random random = new Random(4);
    for (int round = 0; round < 100; round++) {
      CrashDisk disk = new CrashDisk(round);
      CheckpointFiles files = new CheckpointFiles(disk, "c");
      save(files, 1);
      save(files, 2);
      List<String> its =
          disk.files().stream().filter(path -> path.startsWith("c/" + id(2))).toList();
      String victim = its.get(round % its.size());
      byte[] bytes = disk.contents(victim);
      if (round % 2 == 0) {
        disk.flipBit(victim, random.nextInt(bytes.length));
      } else {
        disk.overwrite(victim, java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length)));
      }

      assertThat(files.verify(id(2))).as("%s", victim).isPresent();
      assertThat(files.verify(id(1))).isEmpty();
    }
  }

  @Test
  void p34_a_full_disk_keeps_the_old_one() throws IOException {
    CrashDisk disk = new CrashDisk(1);
    CheckpointFiles files = new CheckpointFiles(disk, "c");
    save(files, 1);
    disk.fillUp(2_000);

    assertThatThrownBy(() -> save(files, 2)).isInstanceOf(StorageException.class);
    files.sweep(Set.of());

    assertThat(files.committed()).containsExactly(id(1));
    assertThat(disk.files()).noneMatch(path -> path.contains(id(2).toString()));
    assertHolds(files, 1);
  }

  @Test
  void collection_keeps_the_newest_few_and_the_pinned() throws IOException {
    CheckpointFiles files = new CheckpointFiles(new CrashDisk(1), "c");
    for (int i = 1; i <= 5; i++) {
      save(files, i);
    }
    files.pin(id(1));

    List<CheckpointId> deleted = new Retention(files, 2).collect(Set.of());

    assertThat(deleted).containsExactly(id(3), id(2));
    assertThat(files.committed()).containsExactly(id(5), id(4), id(1));
    files.unpin(id(1));
    assertThat(new Retention(files, 2).collect(Set.of())).containsExactly(id(1));
  }

  @Test
  void collection_never_deletes_the_last_one_that_verifies() throws IOException {
    CrashDisk disk = new CrashDisk(1);
    CheckpointFiles files = new CheckpointFiles(disk, "c");
    for (int i = 1; i <= 4; i++) {
      save(files, i);
    }
    disk.flipBit("c/" + id(4) + "/shard-w0", 3);
    disk.flipBit("c/" + id(3) + "/shard-w2", 3);

    assertThat(new Retention(files, 2).collect(Set.of())).containsExactly(id(1));
    assertThat(files.committed()).containsExactly(id(4), id(3), id(2));
  }

  @Test
  void collection_passes_over_what_is_being_read() throws IOException {
    CheckpointFiles files = new CheckpointFiles(new CrashDisk(1), "c");
    save(files, 1);
    save(files, 2);

    assertThat(new Retention(files, 1).collect(Set.of(id(1)))).isEmpty();
  }

  @Test
  void the_bytes_of_a_manifest_are_pinned() {
    CheckpointInfo info =
        new CheckpointInfo(
            id(1), 2, 3, new TreeMap<>(Map.of("k", "v")),
            List.of(new ShardInfo("w", 4, 5, "00".repeat(32))));

    assertThat(HexFormat.of().formatHex(ManifestCodec.INSTANCE.encode(info)))
        .startsWith("0101026e3102000000000000000301016b01760101770400000005" + "00".repeat(32));
    assertThat(ManifestCodec.INSTANCE.decode(ManifestCodec.INSTANCE.encode(info))).isEqualTo(info);
  }

  @Test
  void names_that_could_reach_another_file_are_refused() {
    for (String name : new String[] {"", "../x", "a/b", ".hidden", "a b"}) {
      assertThatThrownBy(() -> ShardInfo.checkName(name))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(Optional.of(CheckpointId.parse(id(7).toString()))).contains(id(7));
  }
}
