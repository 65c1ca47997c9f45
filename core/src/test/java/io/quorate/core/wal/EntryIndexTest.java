package io.quorate.core.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class EntryIndexTest {
  @Test
  void random_changes_leave_what_a_map_holds() {
    for (int seed = 0; seed < 20; seed++) {
      Random random = new Random(seed);
      EntryIndex index = new EntryIndex(1, new EntryIndex.Pool());
      TreeMap<Long, Long> model = new TreeMap<>();
      long first = 1;
      long next = 1;
      for (int i = 0; i < 3_000; i++) {
        switch (random.nextInt(40)) {
          case 0 -> {
            next = first + random.nextInt((int) (next - first) + 1);
            index.truncate(next);
            model.tailMap(next).clear();
          }
          case 1 -> {
            first += random.nextInt((int) (next - first) + 1);
            index.drop(first);
            model.headMap(first).clear();
          }
          case 2 -> {
            if (random.nextInt(10) == 0) {
              first = 1 + random.nextInt(5_000);
              next = first;
              index.clear(first);
              model.clear();
            }
          }
          case 3 -> {
            if (next > first) {
              long moved = first + random.nextInt((int) (next - first));
              index.move(moved, 9_000_000L + i, i);
              model.put(moved, 9_000_000L + i);
            }
          }
          default -> {
            for (int n = random.nextInt(60); n > 0; n--) {
              index.add(next * 10, (int) next);
              model.put(next, next * 10);
              next++;
            }
          }
        }
        assertThat(index.first()).isEqualTo(first);
        assertThat(index.next()).isEqualTo(next);
      }
      model.forEach((at, position) -> assertThat(index.position(at)).isEqualTo(position));
    }
  }

  @Test
  void an_index_that_is_not_there_is_a_broken_invariant() {
    EntryIndex index = new EntryIndex(5, new EntryIndex.Pool());
    index.add(100, 1);

    assertThat(index.length(5)).isEqualTo(1);
    assertThatThrownBy(() -> index.position(4)).isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> index.position(6)).isInstanceOf(AssertionError.class);
  }

  @Test
  void recent_entries_hold_the_latest_and_count_their_bytes() {
    RecentEntries recent = new RecentEntries(1);
    for (int i = 1; i <= 100; i++) {
      recent.add(new byte[i]);
    }
    recent.evict();
    recent.truncate(51);
    recent.drop(10);

    assertThat(recent.from()).isEqualTo(10);
    assertThat(recent.holds(50)).isTrue();
    assertThat(recent.holds(51)).isFalse();
    assertThat(recent.get(30)).hasSize(30);
    assertThat(recent.bytes()).isEqualTo(41 * 32 + (10 + 50) * 41 / 2);
    recent.truncate(5);
    assertThat(recent.from()).isEqualTo(5);
    assertThat(recent.bytes()).isZero();
    recent.add(new byte[3]);
    assertThat(recent.get(5)).hasSize(3);
  }
}
