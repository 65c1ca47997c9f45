package io.quorate.core.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.storage.FaultyStorage.Fault;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FaultyStorageTest extends StorageConformance {
  private final FaultyStorage storage = new FaultyStorage(Storage.inMemory());

  @Override
  protected Storage emptyStorage() {
    return new FaultyStorage(Storage.inMemory());
  }

  @Test
  void just_the_planned_call_fails_and_has_no_effect() {
    storage.failAt(2, Fault.IO_ERROR);

    storage.create("a").close();
    assertThatThrownBy(() -> storage.create("b"))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("create b");
    assertThat(storage.list("")).containsExactly("a");
    assertThat(storage.callCount()).isEqualTo(3);
    assertThat(storage.lastFailure()).contains("create b");
  }

  @Test
  void a_short_write_leaves_its_first_half() {
    StorageFile file = storage.create("a");
    storage.failAt(1, Fault.SHORT_WRITE);

    assertThatThrownBy(() -> file.write(0, ByteBuffer.wrap(new byte[10])))
        .isInstanceOf(StorageException.class)
        .isNotInstanceOf(NoSpaceException.class);
    assertThat(file.size()).isEqualTo(5);
  }

  @Test
  void a_full_disk_fails_what_takes_room_until_it_is_healed() {
    StorageFile file = storage.create("a");
    file.write(0, ByteBuffer.wrap(new byte[4]));
    storage.failFrom(1, Fault.NO_SPACE);

    assertThatThrownBy(() -> file.write(4, ByteBuffer.wrap(new byte[4])))
        .isInstanceOf(NoSpaceException.class);
    assertThatThrownBy(() -> storage.create("b")).isInstanceOf(NoSpaceException.class);
    assertThat(file.read(0, ByteBuffer.allocate(4))).isEqualTo(4);
    file.force(true);
    storage.heal();
    file.write(4, ByteBuffer.wrap(new byte[4]));

    assertThat(file.size()).isEqualTo(8);
  }

  @Test
  void a_call_may_fail_although_its_effect_has_taken_place() {
    storage.create("a").close();
    storage.failAt(1, Fault.DONE_YET_FAILED);

    assertThatThrownBy(() -> storage.rename("a", "b")).isInstanceOf(StorageException.class);
    assertThat(storage.list("")).containsExactly("b");
  }
}
