package io.quorate.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link Storage} does. A test class per implementation extends it. */
public abstract class StorageConformance {
  private Storage storage;

  /** A storage without files. */
  protected abstract Storage emptyStorage() throws Exception;

  @BeforeEach
  void begin() throws Exception {
    storage = emptyStorage();
  }

  @Test
  void what_was_written_is_read_by_every_open_file_of_that_path() {
    try (StorageFile writer = storage.create("a.wal");
        StorageFile reader = storage.open("a.wal")) {
      writer.write(0, bytes("hello"));
      writer.write(2, bytes("LL"));

      assertThat(reader.size()).isEqualTo(5);
      assertThat(text(reader, 0, 5)).isEqualTo("heLLo");
      assertThat(text(reader, 3, 100)).isEqualTo("Lo");
      assertThat(reader.read(5, ByteBuffer.allocate(1))).isZero();
      assertThat(reader.read(500, ByteBuffer.allocate(1))).isZero();
      assertThat(reader.path()).isEqualTo("a.wal");
    }
  }

  @Test
  void a_read_fills_the_target_between_its_position_and_its_limit_and_no_more() {
    try (StorageFile file = storage.create("a")) {
      file.write(0, bytes("0123456789"));
      ByteBuffer target = ByteBuffer.allocate(8);
      target.position(2).limit(5);

      assertThat(file.read(4, target)).isEqualTo(3);

      assertThat(target.position()).isEqualTo(5);
      assertThat(target.limit()).isEqualTo(5);
      assertThat(target.array()).containsExactly(0, 0, '4', '5', '6', 0, 0, 0);
    }
  }

  @Test
  void a_write_takes_the_source_from_its_position_to_its_limit_and_no_more() {
    try (StorageFile file = storage.create("a")) {
      ByteBuffer source = bytes("0123456789");
      source.position(3).limit(6);

      file.write(0, source);

      assertThat(source.hasRemaining()).isFalse();
      assertThat(source.limit()).isEqualTo(6);
      assertThat(text(file, 0, 100)).isEqualTo("345");
    }
  }

  @Test
  void a_gap_before_a_write_reads_as_zeros() {
    try (StorageFile file = storage.create("a")) {
      file.write(100_000, bytes("x"));

      ByteBuffer read = ByteBuffer.allocate(100_001);
      assertThat(file.read(0, read)).isEqualTo(100_001);
      assertThat(read.array()[100_000]).isEqualTo((byte) 'x');
      assertThat(read.array()[99_999]).isZero();
      assertThat(read.array()[0]).isZero();
    }
  }

  @Test
  void what_was_cut_off_is_gone_and_reads_as_zeros_when_the_file_grows_again() {
    try (StorageFile file = storage.create("a")) {
      file.write(0, bytes("abcdef"));

      file.truncate(2);
      file.truncate(4);

      assertThat(file.size()).isEqualTo(2);
      file.write(4, bytes("z"));
      assertThat(text(file, 0, 10)).isEqualTo("ab\0\0z");
    }
  }

  @Test
  void random_writes_and_cuts_leave_what_a_plain_array_holds() {
    Random random = new Random(7);
    byte[] model = new byte[200_000];
    int size = 0;
    try (StorageFile file = storage.create("a")) {
      for (int i = 0; i < 300; i++) {
        if (random.nextInt(10) == 0) {
          int cut = random.nextInt(model.length);
          file.truncate(cut);
          if (cut < size) {
            Arrays.fill(model, cut, size, (byte) 0);
            size = cut;
          }
        } else {
          int at = random.nextInt(model.length - 40_000);
          byte[] data = new byte[random.nextInt(40_000)];
          random.nextBytes(data);
          file.write(at, ByteBuffer.wrap(data));
          System.arraycopy(data, 0, model, at, data.length);
          size = data.length == 0 ? size : Math.max(size, at + data.length);
        }
        assertThat(file.size()).isEqualTo(size);
      }
      ByteBuffer read = ByteBuffer.allocate(model.length);
      assertThat(file.read(0, read)).isEqualTo(size);
      assertThat(read.array()).isEqualTo(model);
    }
  }

  @Test
  void forcing_a_file_and_its_directory_keeps_what_is_in_them() {
    try (StorageFile file = storage.create("a")) {
      file.write(0, bytes("abc"));
      file.force(false);
      file.force(true);
      storage.syncDirectory("");

      assertThat(text(file, 0, 3)).isEqualTo("abc");
    }
  }

  @Test
  void opening_what_does_not_exist_and_creating_what_does_fail_and_name_the_file() {
    storage.create("there").close();

    assertThatThrownBy(() -> storage.open("absent.wal"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("absent.wal");
    assertThatThrownBy(() -> storage.create("there"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("there");
    assertThatThrownBy(() -> storage.create("no-directory/file"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("no-directory");
  }

  @Test
  void a_directory_is_no_file() {
    storage.createDirectories("d/e");
    storage.create("f").close();

    assertThatThrownBy(() -> storage.open("d")).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.create("d")).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.rename("d", "x")).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.rename("f", "d/e")).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.createDirectories("f/g"))
        .isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.list("f")).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> storage.syncDirectory("absent"))
        .isInstanceOf(StorageException.class);
  }

  @Test
  void names_are_listed_sorted_and_for_one_directory_only() {
    storage.createDirectories("d/e");
    storage.createDirectories("d/e");
    storage.create("d/b").close();
    storage.create("d/a").close();
    storage.create("d/e/deep").close();

    assertThat(storage.list("d")).containsExactly("a", "b", "e");
    assertThat(storage.list("")).containsExactly("d");
    assertThat(storage.list("absent")).isEmpty();
    assertThat(storage.exists("d/e/deep")).isTrue();
    assertThat(storage.exists("d/e")).isTrue();
    assertThat(storage.exists("d/c")).isFalse();
  }

  @Test
  void a_rename_replaces_its_target_and_open_files_follow_their_content() {
    storage.createDirectories("d");
    try (StorageFile old = storage.create("d/old");
        StorageFile fresh = storage.create("fresh")) {
      old.write(0, bytes("old"));
      fresh.write(0, bytes("fresh"));

      storage.rename("fresh", "d/old");

      assertThat(storage.exists("fresh")).isFalse();
      assertThat(text(old, 0, 10)).isEqualTo("old");
      fresh.write(0, bytes("F"));
      try (StorageFile again = storage.open("d/old")) {
        assertThat(text(again, 0, 10)).isEqualTo("Fresh");
      }
    }
    assertThatThrownBy(() -> storage.rename("fresh", "x"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("fresh");
  }

  @Test
  void a_deleted_file_is_gone_yet_readable_where_it_is_open() {
    storage.createDirectories("d");
    try (StorageFile file = storage.create("d/a")) {
      file.write(0, bytes("abc"));
      assertThatThrownBy(() -> storage.delete("d")).isInstanceOf(StorageException.class);

      storage.delete("d/a");
      storage.delete("d/a");

      assertThat(storage.exists("d/a")).isFalse();
      assertThat(text(file, 0, 3)).isEqualTo("abc");
    }
    storage.create("d/a").close();
    try (StorageFile again = storage.open("d/a")) {
      assertThat(again.size()).isZero();
    }
    storage.delete("d/a");
    storage.delete("d");
    assertThat(storage.exists("d")).isFalse();
  }

  @Test
  void a_lock_is_held_once_until_it_is_closed() {
    Storage.Lock lock = storage.lock("lock");
    assertThatThrownBy(() -> storage.lock("lock"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("held by");
    storage.lock("other").close();

    lock.close();
    lock.close();

    storage.lock("lock").close();
  }

  @Test
  void a_closed_file_refuses_everything_but_closing() {
    StorageFile file = storage.create("a");
    file.close();

    assertThatCode(file::close).doesNotThrowAnyException();
    assertThatThrownBy(() -> file.write(0, bytes("x"))).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> file.read(0, ByteBuffer.allocate(1)))
        .isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> file.force(false)).isInstanceOf(StorageException.class);
    assertThatThrownBy(file::size).isInstanceOf(StorageException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "/", "/etc/passwd", "..", "../a", "a/../b", "a//b", "a/", ".hidden", "a/.b", "a%00",
        "a\n", "a b", "a\\b", "a:b", "é", "C:"
      })
  void a_path_that_could_leave_the_directory_or_confuse_a_log_is_refused(String path) {
    assertThatThrownBy(() -> storage.open(path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("\n");
    assertThatThrownBy(() -> storage.create(path)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.exists(path)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.delete(path)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.lock(path)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> storage.rename("a", path))
        .isInstanceOfAny(IllegalArgumentException.class, StorageException.class);
    if (!path.isEmpty()) {
      assertThatThrownBy(() -> storage.list(path)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> storage.createDirectories(path))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void a_name_of_4_KiB_is_refused_with_a_short_message() {
    assertThatThrownBy(() -> storage.create("n".repeat(4096)))
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(250));
  }

  @Test
  void positions_below_zero_are_the_callers_mistake() {
    try (StorageFile file = storage.create("a")) {
      assertThatThrownBy(() -> file.write(-1, bytes("x")))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> file.read(-1, ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> file.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void there_is_room_for_a_small_file() {
    assertThat(storage.usableBytes()).isPositive();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String text(StorageFile file, long position, int count) {
    ByteBuffer target = ByteBuffer.allocate(count);
    int read = file.read(position, target);
    return new String(target.array(), 0, read, StandardCharsets.US_ASCII);
  }
}
