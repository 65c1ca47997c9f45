package io.quorate.partitioning;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/** Lookups among 1000 ranges; taking and giving back a place under a bound. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RangeAndLoadBenchmark {
  private static final int KEYS = 1 << 12;

  private final long[] longs = new long[KEYS];
  private final byte[][] keys = new byte[KEYS][];
  private LongRangePartitioner<String> longRanges;
  private ByteRangePartitioner<String> byteRanges;
  private TreeMap<byte[], String> tree;
  private TreeMap<Long, String> longTree;
  private int next;
  private final ArrayDeque<Lease<String>> held = new ArrayDeque<>();

  /** Shared by all threads. */
  @State(Scope.Benchmark)
  public static class Shared {
    private BoundedLoad<String> load;

    @Setup
    public void build() {
      List<Member<String>> members = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        members.add(Member.of("node-" + i));
      }
      load = new BoundedLoad<>(SlotTable.of(members, SlotOptions.defaults()), 1.25);
    }
  }

  @Setup
  public void build() {
    Random random = new Random(1);
    for (int i = 0; i < KEYS; i++) {
      longs[i] = random.nextLong();
      keys[i] = ByteBuffer.allocate(16).putLong(longs[i]).putLong(i).array();
    }
    List<KeyRange<Long, String>> ofLongs = new ArrayList<>();
    List<KeyRange<byte[], String>> ofBytes = new ArrayList<>();
    tree = new TreeMap<>(Arrays::compareUnsigned);
    longTree = new TreeMap<>();
    long[] bounds = random.longs(999).sorted().toArray();
    byte[][] byteBounds = Arrays.stream(bounds)
        .mapToObj(bound -> ByteBuffer.allocate(12).putLong(bound).array())
        .sorted(Arrays::compareUnsigned).toArray(byte[][]::new);
    for (int i = 0; i <= bounds.length; i++) {
      ofLongs.add(new KeyRange<>(
          i == 0 ? Optional.empty() : Optional.of(bounds[i - 1]),
          i == bounds.length ? Optional.empty() : Optional.of(bounds[i]), "node-" + i % 100));
      ofBytes.add(new KeyRange<>(
          i == 0 ? Optional.empty() : Optional.of(byteBounds[i - 1]),
          i == bounds.length ? Optional.empty() : Optional.of(byteBounds[i]),
          "node-" + i % 100));
      tree.put(i == 0 ? new byte[0] : byteBounds[i - 1], "node-" + i % 100);
      longTree.put(i == 0 ? Long.MIN_VALUE : bounds[i - 1], "node-" + i % 100);
    }
    longRanges = LongRangePartitioner.of(ofLongs, Function.identity());
    byteRanges = ByteRangePartitioner.of(ofBytes, Function.identity());
    held.clear();
  }

  @Benchmark
  public String oursLongRanges() {
    return longRanges.ownerOf(longs[next++ & KEYS - 1]);
  }

  @Benchmark
  public String oursByteRanges() {
    return byteRanges.ownerOf(keys[next++ & KEYS - 1]);
  }

  @Benchmark
  public String peerTreeMapLongRanges() {
    return longTree.floorEntry(longs[next++ & KEYS - 1]).getValue();
  }

  @Benchmark
  public String peerTreeMapByteRanges() {
    return tree.floorEntry(keys[next++ & KEYS - 1]).getValue();
  }

  /** One place taken and one given back, 500 held by each thread. */
  @Benchmark
  @Threads(2)
  public Object oursBoundedLoadTwoThreads(Shared shared) {
    Lease<String> lease = shared.load.acquire(longs[next++ & KEYS - 1]);
    held.add(lease);
    if (held.size() > 500) {
      held.remove().close();
    }
    return lease;
  }
}
