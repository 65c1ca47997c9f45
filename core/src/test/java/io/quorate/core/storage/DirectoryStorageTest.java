package io.quorate.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryStorageTest extends StorageConformance {
  @TempDir Path directory;

  @Override
  protected Storage emptyStorage() {
    return Storage.directory(directory.resolve("data/n1"));
  }

  @Test
  void files_are_below_the_root_and_for_its_owner_only() throws IOException {
    Storage storage = emptyStorage();
    storage.createDirectories("d");
    storage.create("d/a").close();

    Path file = directory.resolve("data/n1/d/a");
    assertThat(file).exists();
    Assumptions.assumeTrue(
        directory.getFileSystem().supportedFileAttributeViews().contains("posix"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
        .isEqualTo("rwx------");
  }

  @Test
  void two_storages_of_one_root_share_its_locks() {
    Storage one = emptyStorage();
    Storage two = emptyStorage();

    try (Storage.Lock lock = one.lock("lock")) {
      assertThat(lock).isNotNull();
      assertThatThrownBy(() -> two.lock("lock"))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }

    two.lock("lock").close();
  }

  @Test
  void closing_gives_up_what_is_open_and_opens_nothing_more() {
    Storage one = emptyStorage();
    StorageFile file = one.create("a");
    Storage.Lock lock = one.lock("lock");
    assertThat(lock).isNotNull();

    one.close();
    one.close();

    assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(StorageException.class);
    assertThatThrownBy(() -> one.open("a")).isInstanceOf(StorageException.class);
    emptyStorage().lock("lock").close();
  }

  @Test
  void a_full_device_is_told_from_a_broken_one() {
    Path file = Path.of("f");

    assertThat(failure(file, "No space left on device")).isInstanceOf(NoSpaceException.class);
    assertThat(failure(file, "Disk quota exceeded")).isInstanceOf(NoSpaceException.class);
    assertThat(failure(file, "Input/output error")).isNotInstanceOf(NoSpaceException.class);
  }

  private static StorageException failure(Path file, String reason) {
    return DirectoryStorage.failure("write", file, new FileSystemException(null, null, reason));
  }
}
