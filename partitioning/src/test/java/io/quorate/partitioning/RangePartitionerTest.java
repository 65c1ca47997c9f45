package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Checklist items 34 to 40. */
class RangePartitionerTest {
  private static ByteRangePartitioner<String> bytes() {
    return ByteRangePartitioner.of("a", Function.identity());
  }

  private static LongRangePartitioner<String> longs() {
    return LongRangePartitioner.of("a", Function.identity());
  }

  private static byte[] key(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static <K, N> void assertCovers(RangePartitioner<K, N> p) {
    List<KeyRange<K, N>> ranges = p.ranges();
    assertThat(ranges.get(0).from()).isEmpty();
    assertThat(ranges.get(ranges.size() - 1).to()).isEmpty();
    for (int i = 1; i < ranges.size(); i++) {
      K from = ranges.get(i).from().orElseThrow();
      assertThat(p.compare(ranges.get(i - 1).to().orElseThrow(), from)).isZero();
      assertThat(p.ownerOf(from)).isEqualTo(ranges.get(i).owner());
      if (i > 1) {
        assertThat(p.compare(ranges.get(i - 1).from().orElseThrow(), from)).isNegative();
      }
    }
  }

  @Test
  void item_34_any_sequence_of_changes_leaves_no_gap_and_no_overlap() {
    Random random = new Random(34);
    RangePartitioner<byte[], String> p = bytes();
    TreeMap<byte[], String> model = new TreeMap<>(Arrays::compareUnsigned);
    model.put(new byte[0], "a");
    for (int step = 0; step < 2000; step++) {
      byte[] at = new byte[1 + random.nextInt(3)];
      random.nextBytes(at);
      String node = "n" + random.nextInt(5);
      int action = random.nextInt(3);
      RangePartitioner<byte[], String> before = p;
      if (action == 0 && !model.containsKey(at)) {
        p = p.split(at, node).after();
        model.put(at, node);
      } else if (action == 1 && model.size() > 1) {
        byte[] bound = model.higherKey(model.firstKey());
        for (int skip = random.nextInt(model.size() - 1); skip > 0; skip--) {
          bound = model.higherKey(bound);
        }
        p = p.merge(bound).after();
        model.remove(bound);
      } else {
        p = p.move(at, node).after();
        model.put(model.floorKey(at), node);
      }
      assertCovers(p);
      assertThat(p.epoch()).isGreaterThan(before.epoch() - 1);
      byte[] probe = new byte[random.nextInt(4)];
      random.nextBytes(probe);
      assertThat(p.ownerOf(probe)).isEqualTo(model.floorEntry(probe).getValue());
    }
    assertThat(p.size()).isEqualTo(model.size());
  }

  @Test
  void item_34_moves_name_exactly_the_keys_that_change_hands() {
    RangeChange<Long, String> split = longs().split(100L, "b");
    assertThat(split.moves()).containsExactly(new RangeMove<>(
        new KeyRange<>(Optional.of(100L), Optional.empty(), "a"), "b"));
    assertThat(split.after().split(200L, "b").moves()).isEmpty();
    assertThat(split.after().merge(100L).moves()).containsExactly(new RangeMove<>(
        new KeyRange<>(Optional.of(100L), Optional.empty(), "b"), "a"));
    assertThat(split.after().move(5L, "c").moves()).containsExactly(new RangeMove<>(
        new KeyRange<>(Optional.empty(), Optional.of(100L), "a"), "c"));
    assertThat(split.before().ownerOf(150L)).as("the old value is as it was").isEqualTo("a");
  }

  @Test
  void item_35_keys_are_compared_as_unsigned_bytes() {
    RangePartitioner<byte[], String> p = bytes().split(new byte[] {(byte) 0x80}, "high").after();

    assertThat(p.ownerOf(new byte[] {0x7F, -1, -1})).isEqualTo("a");
    assertThat(p.ownerOf(new byte[] {(byte) 0x80})).isEqualTo("high");
    assertThat(p.ownerOf(new byte[] {-1})).isEqualTo("high");
    assertThat(p.ownerOf(key("a-long-key-above-eight-bytes"))).isEqualTo("a");
  }

  @Test
  void item_35_bounds_that_share_their_first_eight_bytes_are_told_apart() {
    RangePartitioner<byte[], String> p = bytes();
    List<byte[]> keys = new ArrayList<>();
    for (String suffix : List.of("", "\0", "\0\0", "\1", "a", "b", "\u00ff")) {
      keys.add(key("\0\0\0\0" + suffix));
      keys.add(key("prefix-8" + suffix));
      keys.add(key("prefix-8-and-more" + suffix));
    }
    TreeMap<byte[], String> model = new TreeMap<>(Arrays::compareUnsigned);
    model.put(new byte[0], "a");
    for (byte[] k : keys) {
      model.put(k, "n" + model.size());
      p = p.split(k, model.get(k)).after();
    }
    for (byte[] k : keys) {
      byte[] after = Arrays.copyOf(k, k.length + 1);
      byte[] before = Arrays.copyOf(k, k.length - 1);
      for (byte[] probe : List.of(k, after, before)) {
        assertThat(p.ownerOf(probe)).isEqualTo(model.floorEntry(probe).getValue());
      }
    }
  }

  @Test
  void item_36_a_split_at_a_bound_is_refused() {
    RangePartitioner<Long, String> p = longs().split(10L, "b").after();

    assertThatThrownBy(() -> p.split(10L, "c")).isInstanceOf(PlacementException.class)
        .hasMessage("at must not be the first key of a range, was 10");
    assertThatThrownBy(() -> p.merge(11L)).isInstanceOf(PlacementException.class)
        .hasMessageContaining("at must be the first key of a range");
  }

  @Test
  void item_36_one_hot_key_is_not_split_for_ever() {
    RangeBalancer<Long, String> balancer = new RangeBalancer<>(
        longs(), RangeBalancerOptions.defaults(), new Random(36));
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 1000; i++) {
        balancer.record(42L);
      }
      balancer.round(List.of("a", "b", "c"));
    }
    assertThat(balancer.current().size()).isOne();

    Random random = new Random(1);
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 3000; i++) {
        balancer.record(random.nextBoolean() ? 42L : random.nextInt(1000));
      }
      balancer.round(List.of("a", "b", "c"));
    }
    assertThat(balancer.current().rangeOf(42L).from()).contains(42L);
    assertThat(balancer.current().rangeOf(42L).to()).contains(43L);
    assertThat(balancer.current().size()).isLessThan(20);
  }

  @Test
  void item_37_steady_load_causes_no_more_changes_once_even() {
    RangeBalancer<Long, String> balancer = new RangeBalancer<>(longs(),
        RangeBalancerOptions.defaults(), new Random(37));
    List<String> nodes = List.of("a", "b", "c", "d");
    Random random = new Random(2);
    int structural = 0;
    for (int round = 0; round < 40; round++) {
      for (int i = 0; i < 20_000; i++) {
        balancer.record((long) random.nextInt(1_000_000));
      }
      List<RangeChange<Long, String>> changes = balancer.round(nodes);
      if (round >= 10) {
        structural += (int) changes.stream()
            .filter(change -> change.before().size() != change.after().size()).count();
      }
    }
    assertThat(structural).as("splits and merges after round 10").isLessThanOrEqualTo(2);
    assertThatThrownBy(() -> new RangeBalancerOptions(0.5, 0.25, 1.1, 10, 10))
        .isInstanceOf(PlacementException.class).hasMessageContaining("mergeBelow");
  }

  @Test
  void item_37_cold_neighbours_are_merged_again() {
    RangeBalancer<Long, String> balancer = new RangeBalancer<>(longs(),
        RangeBalancerOptions.defaults(), new Random(37));
    List<String> nodes = List.of("a", "b", "c", "d");
    Random random = new Random(3);
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 10_000; i++) {
        balancer.record((long) random.nextInt(1_000_000));
      }
      balancer.round(nodes);
    }
    int before = balancer.current().size();
    for (int round = 0; round < 10; round++) {
      for (int i = 0; i < 10_000; i++) {
        balancer.record(10_000_000L + random.nextInt(1000));
      }
      balancer.round(nodes);
      assertCovers(balancer.current());
    }
    long lowRanges = balancer.current().slices(0L, 1_000_000L).size();
    assertThat(before).isGreaterThan(4);
    assertThat(lowRanges).isLessThan(before);
  }

  @Test
  void item_38_a_scan_visits_each_key_once_and_in_order_though_ranges_split_and_merge() {
    AtomicReference<RangePartitioner<Long, String>> live = new AtomicReference<>(longs());
    for (long bound = 100; bound < 1000; bound += 100) {
      live.set(live.get().split(bound, "n" + bound).after());
    }
    Random random = new Random(38);
    List<Long> visited = new ArrayList<>();
    int[] refused = {0};
    RangePartitioner.scan(live::get, 50L, 950L, (slice, epoch) -> {
      if (random.nextInt(3) > 0) {
        long at = random.nextInt(1000);
        RangePartitioner<Long, String> p = live.get();
        live.set(p.rangeOf(at).from().equals(Optional.of(at))
            ? p.merge(at).after() : p.split(at, "s").after());
      }
      if (epoch != live.get().epoch()) {
        refused[0]++;
        throw new StaleEpochException(epoch, live.get().epoch());
      }
      for (long k = slice.from().orElseThrow(); k < slice.to().orElseThrow(); k++) {
        visited.add(k);
      }
    });

    List<Long> expected = new ArrayList<>();
    for (long k = 50; k < 950; k++) {
      expected.add(k);
    }
    assertThat(visited).isEqualTo(expected);
    assertThat(refused[0]).isPositive();
    assertThatThrownBy(() -> RangePartitioner.scan(live::get, 0L, 10L, (slice, epoch) -> {
      throw new StaleEpochException(1, 2);
    })).isInstanceOf(StaleEpochException.class);
    assertThat(longs().slices(5L, 5L)).isEmpty();
    assertThatThrownBy(() -> longs().slices(6L, 5L)).isInstanceOf(PlacementException.class);
  }

  @Test
  void item_39_the_empty_key_and_very_long_keys_have_owners() {
    byte[] longKey = new byte[64 << 20];
    Arrays.fill(longKey, (byte) 7);
    RangePartitioner<byte[], String> p = bytes().split(longKey, "b").after();
    byte[] shorter = Arrays.copyOf(longKey, longKey.length - 1);

    assertThat(p.ownerOf(new byte[0])).isEqualTo("a");
    assertThat(p.ownerOf(shorter)).isEqualTo("a");
    assertThat(p.ownerOf(longKey)).isEqualTo("b");
    assertThat(Samples.slots(Samples.members(3), 1).ownerOf(longKey)).isNotNull();
    assertThatThrownBy(() -> p.split(longKey.clone(), "c"))
        .hasMessageContaining("... (" + longKey.length + " bytes)");
    assertThatThrownBy(() -> bytes().split(new byte[0], "z"))
        .as("the first range would be empty").isInstanceOf(PlacementException.class);
    assertThatThrownBy(() -> longs().split(Long.MIN_VALUE, "z"))
        .isInstanceOf(PlacementException.class);
  }

  @Test
  void item_40_a_sampled_split_point_halves_a_zipf_load() {
    for (int seed = 0; seed < 20; seed++) {
      Zipf zipf = new Zipf(100_000, 0.8, seed);
      RangeBalancer<Long, String> balancer = new RangeBalancer<>(
          longs(), RangeBalancerOptions.defaults(), new Random(seed));
      for (int i = 0; i < 20_000; i++) {
        balancer.record((long) zipf.next());
      }
      balancer.round(List.of("a"));
      long bound = balancer.current().ranges().get(1).from().orElseThrow();
      int below = 0;
      for (int i = 0; i < 100_000; i++) {
        below += zipf.next() < bound ? 1 : 0;
      }
      assertThat(below / 100_000.0).as("seed %d", seed).isBetween(0.4, 0.6);
    }
  }

  @Test
  void splitting_and_moving_evens_out_rank_ordered_zipf_within_twenty_rounds() {
    List<String> nodes = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      nodes.add(Samples.name(i));
    }
    RangePartitioner<Long, String> start =
        LongRangePartitioner.of(nodes.get(0), Function.identity());
    RangeBalancer<Long, String> balancer =
        new RangeBalancer<>(start, RangeBalancerOptions.defaults(), new Random(9));
    Zipf zipf = new Zipf(1_000_000, 0.99, 9);
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 100_000; i++) {
        balancer.record((long) zipf.next());
      }
      balancer.round(nodes);
    }
    Map<String, Integer> loads = new HashMap<>();
    for (int i = 0; i < 1_000_000; i++) {
      loads.merge(balancer.current().ownerOf((long) zipf.next()), 1, Integer::sum);
    }
    double max = loads.values().stream().max(Integer::compare).orElseThrow() / 1e4;
    double floor = Math.max(1, 100 * zipf.shareOfFirst());
    Set<String> used = new HashSet<>(loads.keySet());

    assertThat(max).as("max/mean, floor %.2f", floor).isLessThanOrEqualTo(1.25 * floor);
    assertThat(used).hasSize(100);
    loads.values().remove(loads.values().stream().max(Integer::compare).orElseThrow());
    assertThat(loads.values().stream().max(Integer::compare).orElseThrow() / 1e4)
        .as("second most loaded").isLessThan(1.25 * floor);
  }

  @Test
  void ranges_with_gaps_or_overlaps_are_refused() {
    Function<String, String> id = Function.identity();
    KeyRange<Long, String> low = new KeyRange<>(Optional.empty(), Optional.of(10L), "a");
    KeyRange<Long, String> high = new KeyRange<>(Optional.of(20L), Optional.empty(), "b");
    KeyRange<Long, String> overlap = new KeyRange<>(Optional.of(5L), Optional.empty(), "b");

    assertThatThrownBy(() -> LongRangePartitioner.of(List.of(low, high), id))
        .isInstanceOf(PlacementException.class)
        .hasMessage("ranges must have no gap at 10, was 20");
    assertThatThrownBy(() -> LongRangePartitioner.of(List.of(low, overlap), id))
        .isInstanceOf(PlacementException.class)
        .hasMessage("ranges must have no overlap at 10, was 5");
    assertThatThrownBy(() -> LongRangePartitioner.of(List.of(low), id))
        .hasMessageContaining("must end without an upper bound");
    assertThatThrownBy(() -> LongRangePartitioner.of(List.of(high), id))
        .hasMessageContaining("must begin without a lower bound");
    assertThatThrownBy(() -> LongRangePartitioner.<String>of(List.of(), id))
        .isInstanceOf(PlacementException.class);
    assertThatThrownBy(() -> LongRangePartitioner.of(
        List.of(low, KeyRange.of(10L, 10L, "x"), new KeyRange<>(
            Optional.of(10L), Optional.empty(), "y")), id))
        .hasMessageContaining("must end after they begin");
    assertThat(LongRangePartitioner.of(List.of(low, KeyRange.of(10L, 20L, "c"), high), id).size())
        .isEqualTo(3);
  }

  @Test
  void ranges_survive_encoding_and_altered_bytes_do_not() {
    RangePartitioner<byte[], String> p = bytes().split(key("m"), "b").after()
        .split(key("zz"), "c").after();
    byte[] encoded = p.encode();
    ByteRangePartitioner<String> back =
        ByteRangePartitioner.decode(encoded, Function.identity(), Function.identity());

    assertThat(back.fingerprint()).isEqualTo(p.fingerprint());
    assertThat(back.epoch()).isEqualTo(3);
    assertThat(back.ownerOf(key("n"))).isEqualTo("b");
    for (int i = 0; i < encoded.length; i++) {
      byte[] altered = encoded.clone();
      altered[i] ^= 0x10;
      assertThatThrownBy(() -> ByteRangePartitioner.decode(
          altered, Function.identity(), Function.identity()))
          .isInstanceOf(MalformedPlacementException.class);
      byte[] cut = Arrays.copyOf(encoded, i);
      assertThatThrownBy(() -> ByteRangePartitioner.decode(
          cut, Function.identity(), Function.identity()))
          .isInstanceOf(MalformedPlacementException.class);
    }
    LongRangePartitioner<String> longs = (LongRangePartitioner<String>)
        LongRangePartitioner.of("a", Function.<String>identity()).split(-5L, "b").after();
    assertThat(LongRangePartitioner.decode(longs.encode(), Function.identity(),
        Function.identity()).fingerprint()).isEqualTo(longs.fingerprint());
    assertThat(longs.ownerOf(-6L)).isEqualTo("a");
    assertThat(longs.ownerOf(-5L)).isEqualTo("b");
  }
}
