package io.quorate.core.wal;

import static io.quorate.core.wal.WalHarness.bytes;
import static io.quorate.core.wal.WalHarness.join;
import static io.quorate.core.wal.WalHarness.text;
import static io.quorate.core.wal.WalHarness.texts;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.EventLoop;
import io.quorate.core.RefusedException;
import io.quorate.core.storage.Storage;
import io.quorate.core.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class WriteAheadLogTest {
  private final Storage storage = Storage.inMemory();
  private WalHarness wal = new WalHarness(storage);

  @Test
  void the_example_of_the_readme_works() {
    ManualEnvironment environment = new ManualEnvironment(Storage.inMemory());
    EventLoop loop = environment.eventLoop("owner");
    List<String> acknowledged = new ArrayList<>();
    byte[] entry = bytes("entry");
    byte[] termAndVote = bytes("3 n2");

    WriteAheadLog.open(environment, "wal", loop, WalOptions.of("cluster/n1"))
        .thenAccept(
            wal -> {
              LogicalLog log = wal.log(1);
              long position = log.append(entry);
              log.putState(termAndVote);
              log.durable(position).thenRun(() -> acknowledged.add("entry"));
            });
    environment.run();

    assertThat(acknowledged).containsExactly("entry");
  }

  @Test
  void a_new_log_is_empty_and_begins_at_1() {
    LogicalLog log = wal.log(7);

    assertThat(log.firstIndex()).isEqualTo(1);
    assertThat(log.nextIndex()).isEqualTo(1);
    assertThat(log.state()).isEmpty();
    assertThat(log.sizeBytes()).isZero();
    assertThat(wal.entries(7)).isEmpty();
    assertThat(wal.wal.logIds()).isEmpty();
  }

  @Test
  void an_entry_is_readable_at_once_and_durable_later() {
    LogicalLog log = wal.log(1);

    long position = log.append(bytes("a"));
    CompletableFuture<Void> durable = log.durable(position);

    assertThat(text(log.cached(1).orElseThrow())).isEqualTo("a");
    assertThat(texts(join(log.read(1, 100)))).containsExactly("a");
    assertThat(durable).isNotDone();
    assertThat(wal.wal.durablePosition()).isLessThan(position);
    wal.settle();
    assertThat(durable).isCompleted();
    assertThat(wal.wal.durablePosition()).isGreaterThanOrEqualTo(position);
    assertThat(log.durable(position)).isCompleted();
  }

  @Test
  void what_gathers_while_the_disk_is_busy_is_told_once_per_batch() {
    List<Long> told = new ArrayList<>();
    wal.wal.listen(wal.loop, new Recorder(told));
    wal.settle();
    LogicalLog one = wal.log(1);
    LogicalLog two = wal.log(2);

    one.append(bytes("a"));
    two.append(bytes("b"));
    long last = one.append(List.of(bytes("c"), bytes("d")));
    wal.settle();

    assertThat(told).containsExactly(last);
  }

  @Test
  void each_owner_is_told_on_its_own_loop() {
    EventLoop other = wal.environment.eventLoop("other");
    List<Boolean> inLoop = new ArrayList<>();
    LogicalLog log = wal.wal.log(2, other);

    log.durable(log.append(bytes("x"))).thenRun(() -> inLoop.add(other.inLoop()));
    wal.settle();

    assertThat(inLoop).containsExactly(true);
    assertThat(wal.wal.log(2, other)).isSameAs(log);
    assertThatThrownBy(() -> wal.wal.log(2, wal.loop)).hasMessageContaining("another event loop");
  }

  @Test
  void everything_is_there_after_a_clean_restart() {
    LogicalLog one = wal.log(1);
    for (int i = 1; i <= 100; i++) {
      one.append(bytes("entry " + i));
    }
    one.putState(bytes("term 1"));
    one.putState(bytes("term 2"));
    one.truncateSuffix(91);
    one.dropPrefix(11);
    LogicalLog two = wal.log(2);
    two.reset(1000);
    two.append(bytes("far"));
    wal.log(3).append(bytes("gone"));
    wal.log(3).delete();
    long before = one.sizeBytes();
    restart();

    LogicalLog again = wal.log(1);
    assertThat(again.firstIndex()).isEqualTo(11);
    assertThat(again.nextIndex()).isEqualTo(91);
    assertThat(wal.entries(1)).hasSize(80).startsWith("entry 11").endsWith("entry 90");
    assertThat(text(again.state().orElseThrow())).isEqualTo("term 2");
    assertThat(again.sizeBytes()).isEqualTo(before);
    assertThat(wal.log(2).firstIndex()).isEqualTo(1000);
    assertThat(wal.entries(2)).containsExactly("far");
    assertThat(wal.wal.logIds()).containsExactly(1L, 2L);
  }

  @Test
  void positions_grow_over_restarts() {
    long first = wal.log(1).append(bytes("a"));
    restart();

    assertThat(wal.wal.durablePosition()).isGreaterThanOrEqualTo(first);
    assertThat(wal.log(1).append(bytes("b"))).isGreaterThan(first);
  }

  @Test
  void restarting_again_and_again_changes_nothing() {
    wal.log(1).append(bytes("a"));
    restart();
    long position = wal.wal.durablePosition();

    for (int i = 0; i < 50; i++) {
      restart();
    }

    assertThat(wal.wal.durablePosition()).isEqualTo(position);
    assertThat(wal.entries(1)).containsExactly("a");
  }

  @Test
  void an_entry_may_be_as_large_as_allowed_and_empty() {
    LogicalLog log = wal.log(1);
    String large = "x".repeat(256);

    log.append(bytes(large));
    log.append(bytes(""));
    log.append(bytes(large));
    log.append(bytes(large));
    assertThatThrownBy(() -> log.append(new byte[257]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("257");
    restart();

    assertThat(wal.entries(1)).containsExactly(large, "", large, large);
  }

  @Test
  void a_read_gives_as_much_as_was_asked_for_but_one_entry_at_least() {
    LogicalLog log = wal.log(1);
    for (int i = 1; i <= 50; i++) {
      log.append(bytes("entry " + (10 + i)));
    }
    restart();
    LogicalLog again = wal.log(1);
    long next = again.append(bytes("new one"));

    assertThat(read(again, 1, 0)).containsExactly("entry 11");
    assertThat(read(again, 1, 23)).containsExactly("entry 11", "entry 12");
    assertThat(read(again, 49, 100)).containsExactly("entry 59", "entry 60", "new one");
    assertThat(read(again, 51, 100)).containsExactly("new one");
    assertThat(read(again, 52, 100)).isEmpty();
    assertThat(next).isPositive();
    assertThatThrownBy(() -> again.read(53, 1)).hasMessageContaining("[1, 52]");
    assertThatThrownBy(() -> again.read(0, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void indexes_outside_of_the_log_are_refused() {
    LogicalLog log = wal.log(1);
    log.reset(5);
    log.append(bytes("a"));

    assertThatThrownBy(() -> log.truncateSuffix(4)).hasMessageContaining("[5, 6]");
    assertThatThrownBy(() -> log.truncateSuffix(7)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.dropPrefix(7)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> log.reset(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> wal.log(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void entries_beyond_what_may_wait_are_refused_and_have_no_effect() {
    LogicalLog log = wal.log(1);
    byte[] payload = new byte[256];
    int accepted = 0;
    try {
      while (accepted < 1_000) {
        log.append(payload);
        accepted++;
      }
    } catch (RefusedException e) {
      assertThat(e).hasMessageContaining("wait for the disk");
    }

    assertThat(accepted).isBetween(150, 256);
    assertThat(log.nextIndex()).isEqualTo(accepted + 1);
    log.putState(bytes("small records have room left"));
    wal.settle();
    log.append(payload);
    restart();
    assertThat(wal.entries(1)).hasSize(accepted + 1);
  }

  @Test
  void segments_without_live_records_are_deleted() {
    LogicalLog log = wal.log(1);
    log.putState(bytes("kept"));
    long largest = 0;
    for (int i = 1; i <= 2_000; i++) {
      log.append(bytes("entry " + i));
      if (i % 10 == 0) {
        log.dropPrefix(i - 5);
        wal.settle();
        largest = Math.max(largest, wal.wal.sizeBytes());
      }
    }

    assertThat(largest).isLessThanOrEqualTo(8 * 1024);
    assertThat(storage.list(WalHarness.DIRECTORY)).hasSizeLessThan(10);
    restart();
    assertThat(wal.entries(1)).hasSize(6).endsWith("entry 2000");
    assertThat(text(wal.log(1).state().orElseThrow())).isEqualTo("kept");
  }

  @Test
  void an_idle_log_does_not_pin_old_segments() {
    wal.log(1).append(List.of(bytes("idle one"), bytes("idle two")));
    wal.log(1).putState(bytes("vote"));
    LogicalLog busy = wal.log(2);
    for (int i = 1; i <= 5_000; i++) {
      busy.append(bytes("entry " + i));
      if (i % 20 == 0) {
        busy.dropPrefix(i);
        wal.settle();
        assertThat(wal.wal.sizeBytes()).isLessThanOrEqualTo(12 * 1024);
      }
    }
    restart();

    assertThat(wal.entries(1)).containsExactly("idle one", "idle two");
    assertThat(text(wal.log(1).state().orElseThrow())).isEqualTo("vote");
    assertThat(wal.entries(2)).containsExactly("entry 5000");
  }

  @Test
  void entries_can_be_read_at_any_moment_while_they_are_copied() {
    wal.close();
    for (long seed = 0; seed < 20; seed++) {
      WalHarness busy =
          new WalHarness(Storage.inMemory(), WalHarness.OPTIONS.withCacheBytes(0), seed);
      LogicalLog idle = busy.log(1);
      idle.append(List.of(bytes("idle one"), bytes("idle two")));
      List<CompletableFuture<List<byte[]>>> reads = new ArrayList<>();
      for (int i = 1; i <= 300; i++) {
        busy.log(2).append(bytes("entry " + i));
        busy.log(2).dropPrefix(i);
        while (busy.environment.runOne()) {
          if (reads.size() < 3 * i) {
            reads.add(idle.read(1, 1_000));
          }
          busy.environment.runOne();
        }
      }
      assertThat(busy.wal.durablePosition()).as("segments have come and gone").isGreaterThan(9_000);
      for (CompletableFuture<List<byte[]>> read : reads) {
        assertThat(texts(join(read))).containsExactly("idle one", "idle two");
      }
      busy.close();
    }
    wal = new WalHarness(storage);
  }

  @Test
  void a_log_of_live_entries_only_is_not_copied_around() {
    LogicalLog log = wal.log(1);
    for (int i = 1; i <= 500; i++) {
      log.append(bytes("entry " + i));
      wal.settle();
    }
    long end = wal.wal.durablePosition();

    assertThat(end).isLessThan(500L * (2 * 25 + 10) * 2);
    restart();
    assertThat(wal.entries(1)).hasSize(500);
  }

  @Test
  void closing_makes_durable_what_was_appended_and_refuses_the_rest() {
    LogicalLog log = wal.log(1);
    CompletableFuture<Void> durable = log.durable(log.append(bytes("a")));

    CompletableFuture<Void> closed = wal.wal.shutdown();

    assertThatThrownBy(() -> log.append(bytes("b"))).isInstanceOf(IllegalStateException.class);
    wal.wal.close();
    wal.settle();
    assertThat(closed).isCompleted();
    assertThat(durable).isCompleted();
    assertThat(log.nextIndex()).isEqualTo(2);
    assertThat(wal.wal.shutdown()).isSameAs(closed);
  }

  @Test
  void a_directory_is_open_once() {
    assertThatThrownBy(() -> new WalHarness(storage))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("lock");
    restart();
  }

  @Test
  void another_nodes_directory_is_refused_and_both_are_named() {
    wal.close();
    WalOptions other = new WalOptions("cluster/n2", 1024, 256, 4096, 0);

    assertThatThrownBy(() -> new WalHarness(storage, other, 0))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("manifest")
        .hasMessageContaining("cluster/n1")
        .hasMessageContaining("cluster/n2");
    wal = new WalHarness(storage);
  }

  @Test
  void states_that_no_segment_could_hold_are_refused() {
    assertThatThrownBy(() -> wal.log(1).putState(new byte[129]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("129");
    wal.log(1).putState(new byte[128]);
    assertThatThrownBy(() -> wal.log(2).putState(new byte[128]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("quarter");
    restart();
    assertThat(wal.wal.logIds()).containsExactly(1L);
  }

  @Test
  void a_segment_size_may_change_from_one_start_to_the_next() {
    wal.log(1).append(bytes("small"));
    wal.close();
    wal = new WalHarness(storage, WalHarness.OPTIONS.withSegmentBytes(4096), 0);
    for (int i = 0; i < 200; i++) {
      wal.log(1).append(bytes("larger " + i));
    }
    restart();

    assertThat(wal.entries(1)).hasSize(201).startsWith("small").endsWith("larger 199");
  }

  @Test
  void the_first_segment_is_soon_filled_and_what_it_has_no_room_for_goes_into_the_next() {
    WalOptions options = new WalOptions("cluster/n1", 8 << 20, 3 << 20, 8 << 20, 0);
    Storage fresh = Storage.inMemory();
    wal = new WalHarness(fresh, options, 0);
    long first = wal.wal.sizeBytes();
    wal.log(1).append(bytes("first"));
    wal.log(1).putState(new byte[1 << 20]);
    wal.log(1).append(new byte[3 << 20]);
    wal.settle();

    assertThat(first).isEqualTo(1 << 20);
    assertThat(wal.wal.sizeBytes()).isEqualTo(first + (8 << 20));
    wal.close();
    wal = new WalHarness(fresh, options, 0);
    assertThat(wal.log(1).state()).hasValueSatisfying(state -> assertThat(state).hasSize(1 << 20));
    assertThat(wal.entries(1)).containsExactly("first", text(new byte[3 << 20]));
  }

  private List<String> read(LogicalLog log, long from, long maxBytes) {
    CompletableFuture<List<byte[]>> read = log.read(from, maxBytes);
    wal.settle();
    return texts(join(read));
  }

  private void restart() {
    wal.close();
    wal = new WalHarness(storage);
  }

  private record Recorder(List<Long> told) implements DurabilityListener {
    @Override
    public void durable(long position) {
      told.add(position);
    }

    @Override
    public void failed(StorageException cause) {
      throw new AssertionError(cause);
    }
  }
}
