package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static io.quorate.core.wal.WalHarness.join;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.RefusedException;
import io.quorate.core.storage.FaultyStorage;
import io.quorate.core.storage.FaultyStorage.Fault;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Failing storage calls (items 32 and 33 of the consensus list, P25 and P28 of the replication
 * list): the log stops for good and never acknowledges what may be lost; a full disk only refuses.
 */
class WalFailureTest {
  private final Storage disk = Storage.inMemory();
  private final FaultyStorage faulty = new FaultyStorage(disk);

  @ParameterizedTest
  @EnumSource(Fault.class)
  void after_the_failure_of_any_storage_call_what_was_acknowledged_is_there(Fault fault) {
    int stopped = 0;
    long k = 1;
    for (boolean struck = true; struck; k++) {
      Storage storage = Storage.inMemory();
      FaultyStorage failing = new FaultyStorage(storage);
      failing.failAt(k, fault);
      WalModel model = new WalModel();
      long durable = 0;
      try {
        WalHarness wal = new WalHarness(failing);
        durable = wal.wal.durablePosition();
        stopped += work(wal, model) ? 1 : 0;
        durable = wal.wal.durablePosition();
        wal.wal.shutdown();
        wal.settle();
      } catch (StorageException e) {
        assertThat(failing.lastFailure()).as("only what was planned fails").isPresent();
      }
      struck = failing.callCount() >= k;
      WalHarness after = new WalHarness(storage);
      model.requireAfter(WalModel.describe(after), model.durableCount(durable));
    }
    assertThat(k).isGreaterThan(fault == Fault.NO_SPACE ? 100 : 150);
    if (fault != Fault.NO_SPACE) {
      assertThat(stopped).isGreaterThan(50);
    }
  }

  /** Says whether the log stopped on the way. */
  private static boolean work(WalHarness wal, WalModel model) {
    try {
      for (int i = 0; i < 30; i++) {
        model.append(wal.wal, i % 2, i + "x".repeat(150));
        if (i % 4 == 3) {
          model.drop(wal.wal, 1, wal.log(1).nextIndex());
        }
        wal.settle();
        wal.environment.fireTimers();
      }
      return false;
    } catch (RefusedException e) {
      return false;
    } catch (StorageException e) {
      assertThat(wal.wal.failure()).isPresent();
      return true;
    }
  }

  @Test
  void after_a_failed_sync_nothing_is_acknowledged_any_more_even_if_the_disk_recovers() {
    WalHarness wal = new WalHarness(faulty);
    Recorder recorder = new Recorder();
    wal.wal.listen(wal.loop, recorder);
    LogicalLog log = wal.log(1);
    log.append(bytes("durable"));
    wal.settle();
    long durable = wal.wal.durablePosition();
    faulty.failAt(2, Fault.IO_ERROR);

    CompletableFuture<Void> lost = log.durable(log.append(bytes("lost")));
    wal.settle();

    assertThat(faulty.lastFailure().orElseThrow()).startsWith("force");
    assertThat(recorder.failures).hasSize(1);
    assertThatThrownBy(() -> join(lost)).isInstanceOf(StorageException.class);
    assertThat(wal.wal.durablePosition()).isEqualTo(durable);
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> log.append(bytes("x")))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("stopped")
          .hasMessageContaining("injected");
      assertThatThrownBy(() -> log.putState(bytes("x"))).isInstanceOf(StorageException.class);
      wal.settle();
    }
    assertThatThrownBy(() -> join(log.durable(durable + 1))).isInstanceOf(StorageException.class);
    assertThat(wal.entries(1)).as("what is there stays readable").contains("durable");
    Recorder late = new Recorder();
    wal.wal.listen(wal.loop, late);
    wal.settle();
    assertThat(late.failures).as("who comes late is told as well").hasSize(1);
    assertThat(recorder.failures).hasSize(1);
    assertThat(recorder.positions).containsExactly(durable);
    assertThat(wal.wal.durablePosition()).isEqualTo(durable);
  }

  @Test
  void a_log_that_has_stopped_lets_go_of_its_directory() {
    WalHarness wal = new WalHarness(faulty);
    wal.log(1).append(bytes("durable"));
    wal.settle();
    faulty.failAt(1, Fault.SHORT_WRITE);
    wal.log(1).append(bytes("half written"));
    wal.settle();

    wal.close();

    WalHarness again = new WalHarness(faulty);
    assertThat(again.entries(1)).startsWith("durable");
  }

  @Test
  void an_open_that_fails_leaves_nothing_locked() {
    for (long k = 1; k < 20; k++) {
      FaultyStorage failing = new FaultyStorage(disk);
      failing.failAt(k, Fault.IO_ERROR);
      try {
        new WalHarness(failing).close();
      } catch (StorageException e) {
        assertThat(e).hasMessageContaining("injected");
      }
      new WalHarness(disk).close();
    }
  }

  @Test
  void a_full_disk_refuses_entries_but_keeps_what_was_accepted_and_goes_on_once_there_is_room() {
    NoRoom noRoom = new NoRoom(disk);
    WalHarness wal = new WalHarness(noRoom);
    WalModel model = new WalModel();
    model.append(wal.wal, 1, "before");
    wal.settle();
    noRoom.full = true;

    int accepted = fillUntilRefused(wal, model);

    assertThat(accepted).isPositive();
    assertThat(wal.wal.isFull()).isTrue();
    assertThat(wal.wal.failure()).isEmpty();
    assertThat(model.durableCount(wal.wal.durablePosition())).isEqualTo(model.count());
    model.putState(wal.wal, 1, "small records still have room");
    wal.settle();
    assertThat(model.durableCount(wal.wal.durablePosition())).isEqualTo(model.count());
    assertThat(WalModel.describe(wal)).isEqualTo(model.current());
    wal.environment.fireTimers();
    assertThat(wal.wal.isFull()).isTrue();

    noRoom.full = false;
    wal.environment.fireTimers();

    assertThat(wal.wal.isFull()).isFalse();
    for (int i = 0; i < 30; i++) {
      model.append(wal.wal, 1, "after " + i);
      wal.settle();
    }
    wal.close();
    assertThat(WalModel.describe(new WalHarness(disk))).isEqualTo(model.current());
  }

  @Test
  void what_an_owner_begins_in_the_turn_in_which_the_disk_becomes_full_is_taken() {
    NoRoom noRoom = new NoRoom(disk);
    WalHarness wal = new WalHarness(noRoom);
    WalModel model = new WalModel();
    noRoom.full = true;
    // Task by task, to stop between the disk's telling the log and the log's telling its owner.
    for (int i = 0; !wal.wal.isFull(); i++) {
      if (!wal.environment.runOne()) {
        model.append(wal.wal, 1, i + "x".repeat(200));
      }
    }
    assertThat(wal.log(1).isFull()).isFalse();

    model.append(wal.wal, 1, "begun before the owner knew");
    wal.settle();

    assertThat(model.durableCount(wal.wal.durablePosition())).isEqualTo(model.count());
    assertThat(wal.log(1).isFull()).isTrue();
    assertThatThrownBy(() -> model.append(wal.wal, 1, "begun after"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("no room");
  }

  @Test
  void dropping_entries_makes_room_on_a_full_disk() {
    NoRoom limited = new NoRoom(disk);
    limited.maxFiles = 8;
    WalHarness wal = new WalHarness(limited);
    WalModel model = new WalModel();
    fillUntilRefused(wal, model);
    assertThat(wal.wal.isFull()).isTrue();

    model.drop(wal.wal, 1, wal.log(1).nextIndex());
    wal.settle();

    assertThat(wal.wal.isFull()).isFalse();
    assertThat(fillUntilRefused(wal, model)).isGreaterThan(3);
  }

  @Test
  void a_log_on_a_full_disk_may_be_closed_and_opened() {
    NoRoom noRoom = new NoRoom(disk);
    WalHarness wal = new WalHarness(noRoom);
    WalModel model = new WalModel();
    noRoom.full = true;
    fillUntilRefused(wal, model);

    wal.close();

    WalHarness again = new WalHarness(noRoom);
    assertThat(WalModel.describe(again)).isEqualTo(model.current());
  }

  private static int fillUntilRefused(WalHarness wal, WalModel model) {
    int accepted = 0;
    try {
      while (accepted < 1_000) {
        model.append(wal.wal, 1, accepted + "x".repeat(200));
        accepted++;
        wal.settle();
      }
    } catch (RefusedException e) {
      assertThat(e).hasMessageContaining("no room");
    }
    assertThat(accepted).isLessThan(1_000);
    return accepted;
  }

  private static final class Recorder implements DurabilityListener {
    private final List<Long> positions = new ArrayList<>();
    private final List<StorageException> failures = new ArrayList<>();

    @Override
    public void durable(long position) {
      positions.add(position);
    }

    @Override
    public void failed(StorageException cause) {
      failures.add(cause);
    }
  }
}
