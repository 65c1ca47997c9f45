package io.quorate.partitioning;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.spy.memcached.DefaultHashAlgorithm;
import net.spy.memcached.KetamaNodeLocator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** From a text key to its owner among 100 nodes, hashing included; and the hash alone. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class KeyBenchmark {
  private static final int KEYS = 1 << 12;
  private static final int NODES = 100;

  private final String[] keys = new String[KEYS];
  private int next;
  private SlotTable<String> slots;
  private ConsistentHashRing<String> ring;
  private KetamaNodeLocator ketama;
  private final Hasher64 xxh3 = com.dynatrace.hash4j.hashing.Hashing.xxh3_64();

  @Setup
  public void build() {
    for (int i = 0; i < KEYS; i++) {
      keys[i] = "user_" + (100_000_000 + i * 7919);
    }
    List<Member<String>> members = new ArrayList<>();
    for (int i = 0; i < NODES; i++) {
      members.add(Member.of("node-" + i));
    }
    slots = SlotTable.of(members, SlotOptions.defaults());
    ring = ConsistentHashRing.of(members, RingOptions.defaults());
    ketama = new KetamaNodeLocator(RealPeersTest.nodes(NODES), DefaultHashAlgorithm.KETAMA_HASH);
  }

  private String key() {
    return keys[next++ & KEYS - 1];
  }

  @Benchmark
  public String oursSlots() {
    return slots.ownerOf(key());
  }

  @Benchmark
  public String oursRing160() {
    return ring.ownerOf(key());
  }

  @Benchmark
  public Object peerSpymemcachedKetama() {
    return ketama.getPrimary(key());
  }

  @Benchmark
  public int peerGuavaMurmur3AndJump() {
    return Hashing.consistentHash(
        Hashing.murmur3_128().hashString(key(), StandardCharsets.UTF_8).asLong(), NODES);
  }

  @Benchmark
  public int peerHash4jXxh3AndGuavaJump() {
    return Hashing.consistentHash(xxh3.hashCharsToLong(key()), NODES);
  }

  @Benchmark
  public long oursHashAlone() {
    return KeyHash.unseeded().hash(key());
  }

  @Benchmark
  public long peerHash4jXxh3Alone() {
    return xxh3.hashCharsToLong(key());
  }
}
