package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import net.spy.memcached.ArrayModNodeLocator;
import net.spy.memcached.DefaultHashAlgorithm;
import net.spy.memcached.KetamaNodeLocator;
import net.spy.memcached.MemcachedNode;
import net.spy.memcached.NodeLocator;
import org.junit.jupiter.api.Test;

/** The same checks on the peers themselves; runs with the benchmarks' dependencies. */
class RealPeersTest {
  static List<MemcachedNode> nodes(int count) {
    List<MemcachedNode> nodes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      InetSocketAddress address = InetSocketAddress.createUnresolved("node-" + i, 11211);
      nodes.add((MemcachedNode) Proxy.newProxyInstance(RealPeersTest.class.getClassLoader(),
          new Class<?>[] {MemcachedNode.class}, (proxy, method, args) ->
              switch (method.getName()) {
                case "getSocketAddress" -> address;
                case "toString" -> address.toString();
                case "hashCode" -> address.hashCode();
                case "equals" -> proxy == args[0];
                default -> null;
              }));
    }
    return nodes;
  }

  private static double max(NodeLocator locator, int keys, int nodes) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < keys; i++) {
      counts.merge(locator.getPrimary("user_" + i).toString(), 1, Integer::sum);
    }
    return counts.values().stream().max(Integer::compare).orElseThrow() * (double) nodes / keys;
  }

  @Test
  void hash4j_gives_the_same_hashes_for_every_length_and_seed() {
    Random random = new Random(4);
    for (long seed : new long[] {0, 1, -1, 0x9E3779B185EBCA8DL}) {
      for (int length = 0; length < 1500; length++) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
          text.append((char) random.nextInt(1 << 16));
        }
        var peer = com.dynatrace.hash4j.hashing.Hashing.xxh3_64(seed);
        assertThat(KeyHash.seeded(seed).hash(bytes)).isEqualTo(peer.hashBytesToLong(bytes));
        assertThat(KeyHash.seeded(seed).hash(text.toString()))
            .isEqualTo(peer.hashCharsToLong(text));
      }
    }
  }

  @Test
  void spymemcached_ketama_is_less_even_than_a_slot_table() {
    double ketama = max(new KetamaNodeLocator(nodes(100), DefaultHashAlgorithm.KETAMA_HASH),
        500_000, 100);
    double[] ours = Samples.spread(Samples.slots(Samples.members(100), 1),
        Samples.hashes(500_000, 1));

    assertThat(ketama).isGreaterThan(1.1);
    assertThat(ours[0]).isLessThan(1.06);
  }

  @Test
  void spymemcached_default_locator_moves_most_keys_when_a_node_leaves() {
    ArrayModNodeLocator before =
        new ArrayModNodeLocator(nodes(10), DefaultHashAlgorithm.NATIVE_HASH);
    ArrayModNodeLocator after =
        new ArrayModNodeLocator(nodes(9), DefaultHashAlgorithm.NATIVE_HASH);
    int moved = 0;
    for (int i = 0; i < 10_000; i++) {
      moved += before.getPrimary("user_" + i).toString()
          .equals(after.getPrimary("user_" + i).toString()) ? 0 : 1;
    }

    assertThat(moved).isGreaterThan(7_000);
    assertThat(Samples.slots(Samples.members(10), 1).without("node-00009").movedShare())
        .isLessThan(0.1001);
  }

  @Test
  void guava_jump_cannot_lose_a_bucket_in_the_middle() {
    List<String> buckets = new ArrayList<>(List.of("a", "b", "c", "d", "e", "f", "g", "h"));
    List<String> fewer = new ArrayList<>(buckets);
    fewer.remove("b");
    int moved = 0;
    for (long hash : Samples.hashes(20_000, 3)) {
      moved += buckets.get(Hashing.consistentHash(hash, 8))
          .equals(fewer.get(Hashing.consistentHash(hash, 7))) ? 0 : 1;
    }

    assertThat(moved).as("2500 would do").isGreaterThan(12_000);
  }
}
