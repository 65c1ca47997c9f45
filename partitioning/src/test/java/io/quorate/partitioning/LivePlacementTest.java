package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Checklist items 30 to 33. */
class LivePlacementTest {
  /** Few slots, so that ten thousand tables take a moment only. */
  private static SlotTable<String> small() {
    return SlotTable.of(Samples.members(5), SlotOptions.defaults().withSlots(64).withReplicas(2));
  }

  @Test
  void item_30_readers_see_only_whole_epochs_during_ten_thousand_changes() throws Exception {
    LivePlacement<String> live = new LivePlacement<>(small());
    Map<Long, Long> fingerprints = new ConcurrentHashMap<>();
    fingerprints.put(1L, live.current().fingerprint());
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    List<Future<Map<Long, Long>>> readers = new ArrayList<>();
    for (int r = 0; r < 2; r++) {
      readers.add(threads.submit(() -> {
        Map<Long, Long> seen = new ConcurrentHashMap<>();
        long lastEpoch = 0;
        while (!done.get()) {
          Partitioner<String> p = live.current();
          List<String> ids = p.members().stream().map(Member::id).toList();
          for (long hash = 0; hash < 64; hash++) {
            List<String> owners = p.ownersOfHash(hash << 58);
            assertThat(ids).containsAll(owners);
            assertThat(owners).hasSize(2).doesNotHaveDuplicates();
          }
          assertThat(p.epoch()).isGreaterThanOrEqualTo(lastEpoch);
          lastEpoch = p.epoch();
          seen.put(p.epoch(), p.fingerprint());
        }
        return seen;
      }));
    }
    for (int i = 0; i < 10_000; i++) {
      String id = "extra-" + i / 2 % 7;
      Partitioner<String> after = live.change(p ->
          p.members().stream().anyMatch(member -> member.id().equals(id))
              ? p.without(id) : p.with(Member.of(id))).after();
      fingerprints.put(after.epoch(), after.fingerprint());
    }
    done.set(true);
    for (Future<Map<Long, Long>> reader : readers) {
      assertThat(reader.get()).isNotEmpty();
      reader.get().forEach((epoch, fingerprint) ->
          assertThat(fingerprints.get(epoch)).isEqualTo(fingerprint));
    }
    assertThat(live.current().epoch()).isEqualTo(10_001);
    threads.shutdown();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void item_31_a_lookup_allocates_nothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    for (Partitioner<String> placement : Samples.all(Samples.zoned(20, 4), 3)) {
      String[] out = new String[3];
      boolean table = placement instanceof CellPlacement<String>;
      int sink = 0;
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 20; round++) {
        long before = threads.getThreadAllocatedBytes(self);
        for (int i = 0; i < 1000; i++) {
          sink += placement.ownerOfHash(i * 0x9E3779B97F4A7C15L).length();
          sink += placement.ownerOf("user_12345").length();
          sink += table ? placement.ownersOfHash(i, out) : 0;
        }
        least = Math.min(least, threads.getThreadAllocatedBytes(self) - before);
      }
      assertThat(sink).isPositive();
      assertThat(least).as("%s: bytes in 1000 rounds", placement).isLessThan(1000);
    }
  }

  @Test
  void item_32_no_concurrent_change_is_lost() throws Exception {
    LivePlacement<String> live = new LivePlacement<>(small());
    ExecutorService threads = Executors.newFixedThreadPool(4);
    List<Future<?>> writers = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      int writer = t;
      writers.add(threads.submit(() -> {
        for (int i = 0; i < 25; i++) {
          Member<String> member = Member.of("w" + writer + "-" + i);
          live.change(p -> p.with(member));
        }
      }));
    }
    for (Future<?> writer : writers) {
      writer.get();
    }

    assertThat(live.current().members()).hasSize(105);
    assertThat(live.current().epoch()).isEqualTo(101);
    threads.shutdown();
    assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void item_33_a_request_of_another_epoch_is_refused_with_the_epoch_in_force() {
    LivePlacement<String> live = new LivePlacement<>(small());
    live.change(p -> p.with(Member.of("new")));

    assertThat(live.require(2)).isSameAs(live.current());
    assertThatThrownBy(() -> live.require(1)).isInstanceOfSatisfying(StaleEpochException.class,
        stale -> {
          assertThat(stale.requestEpoch()).isEqualTo(1);
          assertThat(stale.currentEpoch()).isEqualTo(2);
        });
    assertThatThrownBy(() -> live.require(3)).isInstanceOf(StaleEpochException.class);
  }

  @Test
  void a_gossiped_placement_is_taken_over_if_newer() {
    Partitioner<String> first = small();
    Partitioner<String> second = first.with(Member.of("new")).after();
    LivePlacement<String> live = new LivePlacement<>(first);

    assertThat(live.offer(second)).isTrue();
    assertThat(live.offer(first)).isFalse();
    assertThat(live.offer(second)).isFalse();
    assertThat(live.current()).isSameAs(second);
  }

  @Test
  void a_failed_change_leaves_the_placement_as_it_was() {
    LivePlacement<String> live = new LivePlacement<>(small());
    Partitioner<String> before = live.current();

    assertThatThrownBy(() -> live.change(p -> p.without("nobody")))
        .isInstanceOf(PlacementException.class);

    assertThat(live.current()).isSameAs(before);
  }
}
