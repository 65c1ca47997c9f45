package io.quorate.consensus.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SortedRecordsTest {
  private static final byte[] LOWEST = {};

  @ParameterizedTest
  @ValueSource(ints = {60, 500, 20_000})
  void behaves_like_a_sorted_map_and_never_changes_what_was_frozen(int differentKeys) {
    SplittableRandom random = new SplittableRandom(7);
    TreeMap<Integer, Long> model = new TreeMap<>();
    SortedRecords map = new SortedRecords();
    SortedRecords frozen = map.freeze();
    List<Long> frozenVersions = List.of();
    for (int i = 1; i <= 60_000; i++) {
      int key = random.nextInt(differentKeys);
      if (i % 1_000 == 0) {
        assertThat(versions(frozen)).isEqualTo(frozenVersions);
        frozen = map.freeze();
        frozenVersions = versions(map);
      }
      // It grows, then shrinks to almost nothing, then grows again.
      boolean shrinking = i > 20_000 && i < 45_000;
      if (random.nextInt(10) < (shrinking ? 9 : 3)) {
        model.remove(key);
        map.remove(bytes(key));
      } else {
        model.put(key, (long) i);
        map.put(bytes(key), new SortedRecords.Record(LOWEST, i, 0));
      }
      SortedRecords.Record found = map.get(bytes(key));
      assertThat(found == null ? null : found.version()).isEqualTo(model.get(key));
      if (i % 1_500 == 0) {
        assertThat(versions(map)).isEqualTo(new ArrayList<>(model.values()));
        assertThat(map.height()).isLessThanOrEqualTo(4);
      }
    }
    for (int key = 0; key < differentKeys; key++) {
      map.remove(bytes(key));
    }
    assertThat(versions(map)).isEmpty();
    assertThat(map.height()).isEqualTo(1);
  }

  @Test
  void keys_of_any_length_are_in_the_order_of_their_unsigned_bytes() {
    SplittableRandom random = new SplittableRandom(3);
    Comparator<byte[]> order = Arrays::compareUnsigned;
    TreeMap<byte[], Long> model = new TreeMap<>(order);
    SortedRecords map = new SortedRecords();
    for (int i = 0; i < 5_000; i++) {
      // Few different bytes: many keys are beginnings of others, some end with zeros.
      byte[] key = new byte[random.nextInt(12)];
      for (int at = 0; at < key.length; at++) {
        key[at] = (byte) (random.nextInt(3) * 127);
      }
      model.put(key, (long) i);
      map.put(key, new SortedRecords.Record(LOWEST, i, 0));
    }
    List<byte[]> keys = new ArrayList<>();

    map.visit(LOWEST, null, (key, record) -> keys.add(key));

    assertThat(keys).usingElementComparator(order).containsExactlyElementsOf(model.keySet());
    assertThat(versions(map)).isEqualTo(new ArrayList<>(model.values()));
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 10_000})
  void visits_exactly_the_range_and_stops_when_told(int count) {
    SortedRecords map = new SortedRecords();
    for (int i = 0; i < count; i++) {
      map.put(bytes(i), new SortedRecords.Record(LOWEST, i, 0));
    }
    List<Long> seen = new ArrayList<>();
    List<Long> behind = new ArrayList<>();

    boolean finished =
        map.visit(bytes(10), bytes(20), (key, record) -> seen.add(record.version()));
    boolean stopped = !map.visit(bytes(30), null, (key, record) -> record.version() < 32);
    map.visit(bytes(count - 2), null, (key, record) -> behind.add(record.version()));

    assertThat(seen).containsExactly(10L, 11L, 12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L);
    assertThat(finished).isTrue();
    assertThat(stopped).isTrue();
    assertThat(behind).containsExactly(count - 2L, count - 1L);
  }

  private static List<Long> versions(SortedRecords map) {
    List<Long> versions = new ArrayList<>();
    map.visit(LOWEST, null, (key, record) -> versions.add(record.version()));
    return versions;
  }

  private static byte[] bytes(int key) {
    return new byte[] {(byte) (key >> 8), (byte) key};
  }
}
