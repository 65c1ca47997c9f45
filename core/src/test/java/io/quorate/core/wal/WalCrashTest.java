package io.quorate.core.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.sim.CrashExplorer;
import io.quorate.core.storage.Storage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/**
 * A loss of power at every storage call, with every subset of the unsynced sectors surviving (item
 * 33 of the consensus list, P29 of the replication list): what was durable is there, and what is
 * there is a prefix. Recovering twice gives the same as once.
 */
class WalCrashTest {
  private static final WalOptions OPTIONS = WalHarness.OPTIONS.withCacheBytes(0);

  private WalModel model;
  private WalHarness wal;
  private long durable;

  @Test
  void a_short_life_with_batches_rolls_and_truncation_survives_every_crash() {
    explore(
        256,
        storage -> {
          open(storage);
          model.append(wal.wal, 1, "a");
          settle();
          model.putState(wal.wal, 1, "term 1");
          model.append(wal.wal, 1, "b".repeat(200));
          model.append(wal.wal, 2, "c".repeat(200));
          model.append(wal.wal, 1, "d".repeat(200));
          settle();
          model.truncate(wal.wal, 1, 2);
          model.append(wal.wal, 1, "e".repeat(250));
          model.append(wal.wal, 2, "f".repeat(250));
          model.append(wal.wal, 2, "g".repeat(250));
          model.append(wal.wal, 2, "h".repeat(250));
          settle();
          wal.close();
        });
  }

  @Test
  void deleting_old_segments_and_copying_what_they_still_hold_survives_every_crash() {
    explore(
        16,
        storage -> {
          open(storage);
          model.append(wal.wal, 1, "idle");
          model.putState(wal.wal, 1, "vote");
          settle();
          for (int i = 0; i < 24; i++) {
            model.append(wal.wal, 2, i + "x".repeat(240));
            model.drop(wal.wal, 2, i + 1);
            settle();
          }
          wal.close();
        });
    assertThat(model.current()).contains("idle");
  }

  @Test
  void a_log_that_acknowledges_before_the_sync_is_found_out() {
    assertThatThrownBy(
            () ->
                explore(
                    16,
                    storage -> {
                      open(storage);
                      model.append(wal.wal, 1, "a");
                      // As if the write were enough.
                      durable = Long.MAX_VALUE;
                      settle();
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("not the log after any of the operations");
  }

  private void explore(long maxSubsets, Consumer<Storage> script) {
    CrashExplorer explorer = new CrashExplorer(maxSubsets);
    explorer.explore(
        storage -> {
          model = new WalModel();
          wal = null;
          durable = 0;
          script.accept(new SectorStorage(storage));
        },
        this::verify);
    assertThat(explorer.stateCount()).isGreaterThan(100);
  }

  private void open(Storage storage) {
    wal = new WalHarness(storage, OPTIONS, 0);
  }

  /** Runs all, noting after each step what is durable. */
  private void settle() {
    do {
      durable = Math.max(durable, wal.wal.durablePosition());
    } while (wal.environment.runOne());
  }

  private void verify(Storage storage) {
    WalHarness once = new WalHarness(storage, OPTIONS, 0);
    String found = WalModel.describe(once);
    model.requireAfter(found, model.durableCount(durable));
    once.close();
    WalHarness twice = new WalHarness(storage, OPTIONS, 0);
    assertThat(WalModel.describe(twice)).isEqualTo(found);
    twice.log(1).append(WalHarness.bytes("life goes on"));
    twice.close();
  }
}
