package io.quorate.consensus.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SortedRecordsTest {
  private static final byte[] LOWEST = {};

  @Test
  void behaves_like_a_sorted_map_and_never_changes_what_was_taken_before() {
    SplittableRandom random = new SplittableRandom(7);
    TreeMap<Integer, Long> model = new TreeMap<>();
    SortedRecords map = null;
    SortedRecords frozen = null;
    List<Long> frozenVersions = List.of();
    Object owner = new Object();
    for (int i = 1; i <= 20_000; i++) {
      int key = random.nextInt(500);
      if (i % 100 == 0) {
        assertThat(versions(frozen)).isEqualTo(frozenVersions);
        frozen = map;
        frozenVersions = versions(map);
        owner = new Object();
      }
      if (random.nextInt(3) == 0) {
        model.remove(key);
        map = SortedRecords.without(map, bytes(key), owner);
      } else {
        model.put(key, (long) i);
        map = SortedRecords.with(map, bytes(key), new SortedRecords.Record(LOWEST, i, 0), owner);
      }
      SortedRecords.Record found = SortedRecords.get(map, bytes(key));
      assertThat(found == null ? null : found.version()).isEqualTo(model.get(key));
      if (i % 500 == 0) {
        assertThat(versions(map)).isEqualTo(new ArrayList<>(model.values()));
        assertThat(SortedRecords.height(map)).isLessThanOrEqualTo(14);
      }
    }
  }

  @Test
  void visits_exactly_the_range_and_stops_when_told() {
    Object owner = new Object();
    SortedRecords map = null;
    for (int i = 0; i < 100; i++) {
      map = SortedRecords.with(map, bytes(i), new SortedRecords.Record(LOWEST, i, 0), owner);
    }
    List<Long> seen = new ArrayList<>();

    boolean finished =
        SortedRecords.visit(map, bytes(10), bytes(20), at -> seen.add(at.record().version()));
    boolean stopped =
        !SortedRecords.visit(map, bytes(30), null, at -> at.record().version() < 32);

    assertThat(seen).containsExactly(10L, 11L, 12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L);
    assertThat(finished).isTrue();
    assertThat(stopped).isTrue();
  }

  private static List<Long> versions(SortedRecords map) {
    List<Long> versions = new ArrayList<>();
    SortedRecords.visit(map, LOWEST, null, at -> versions.add(at.record().version()));
    return versions;
  }

  private static byte[] bytes(int key) {
    return new byte[] {(byte) (key >> 8), (byte) key};
  }
}
