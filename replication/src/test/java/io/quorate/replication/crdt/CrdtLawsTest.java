package io.quorate.replication.crdt;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.NodeId;
import io.quorate.core.codec.Codec;
import io.quorate.replication.Tag;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.api.Test;

/** Item P3 for mergeable values: merges commute, associate and are idempotent, in bytes too. */
class CrdtLawsTest {
  private static final int REPLICAS = 4;

  /** One kind of value, with a random change that a replica may make to it. */
  private record Kind<V>(
      String name, V empty, Merge<V> merge, Codec<V> codec, Change<V> change) {
    @Override
    public String toString() {
      return name;
    }
  }

  private interface Change<V> {
    V apply(V value, Actor actor, Random random, long step);
  }

  static Stream<Kind<?>> kinds() {
    return Stream.of(
        new Kind<>("G-counter", GCounter.ZERO, GCounter::merge, GCounter.CODEC,
            (v, actor, random, step) -> v.add(actor, random.nextInt(5))),
        new Kind<>("PN-counter", PnCounter.ZERO, PnCounter::merge, PnCounter.CODEC,
            (v, actor, random, step) -> v.add(actor, random.nextInt(9) - 4)),
        new Kind<>("OR-set", OrSet.<String>empty(), OrSet::merge, OrSet.codec(Codec.STRING),
            (v, actor, random, step) -> {
              String element = "e" + random.nextInt(4);
              return random.nextInt(3) == 0 ? v.remove(element) : v.add(actor, element);
            }),
        new Kind<>("LWW-map", LwwMap.<String, String>empty(), LwwMap::merge,
            LwwMap.codec(Codec.STRING, Codec.STRING),
            (v, actor, random, step) -> {
              Tag tag = new Tag(1 + random.nextInt(50), actor.node(), step);
              String key = "k" + random.nextInt(3);
              return random.nextInt(3) == 0 ? v.remove(key, tag) : v.put(key, "v" + step, tag);
            }),
        new Kind<>("MV-register", MvRegister.<String>empty(), MvRegister::merge,
            MvRegister.codec(Codec.STRING),
            (v, actor, random, step) -> random.nextInt(6) == 0
                ? v.clear(v.context()) : v.set(actor, "v" + step)));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <V> void merging_is_commutative_associative_and_idempotent(Kind<V> kind) {
    for (int seed = 0; seed < 400; seed++) {
      List<V> states = history(kind, seed);
      Random random = new Random(seed);
      V a = states.get(random.nextInt(states.size()));
      V b = states.get(random.nextInt(states.size()));
      V c = states.get(random.nextInt(states.size()));
      BiFunction<V, V, V> merge = kind.merge::merge;

      assertSame(kind, seed, merge.apply(a, b), merge.apply(b, a));
      assertSame(kind, seed, merge.apply(a, merge.apply(b, c)), merge.apply(merge.apply(a, b), c));
      assertSame(kind, seed, merge.apply(a, a), a);
      assertSame(kind, seed, merge.apply(merge.apply(a, b), b), merge.apply(a, b));
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <V> void replicas_that_have_merged_everything_in_any_order_are_alike(Kind<V> kind) {
    for (int seed = 0; seed < 200; seed++) {
      List<V> states = history(kind, seed);
      V inOrder = states.stream().reduce(kind.empty, kind.merge::merge);
      Collections.shuffle(states, new Random(seed));

      assertSame(kind, seed, states.stream().reduce(kind.empty, kind.merge::merge), inOrder);
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  <V> void a_value_comes_back_from_its_bytes(Kind<V> kind) {
    for (V state : history(kind, 3)) {
      assertThat(kind.codec.decode(kind.codec.encode(state))).isEqualTo(state);
    }
  }

  @Test
  void control_keeping_the_last_merged_is_not_commutative() {
    Merge<GCounter> overwrite = (a, b) -> b;
    Actor actor = new Actor(NodeId.of("a"), 1);
    GCounter one = GCounter.ZERO.add(actor, 1);

    assertThat(overwrite.merge(GCounter.ZERO, one)).isNotEqualTo(overwrite.merge(one, GCounter.ZERO));
  }

  /** All states of some replicas that change their values and merge each other's at random. */
  private static <V> List<V> history(Kind<V> kind, int seed) {
    Random random = new Random(seed);
    List<V> replicas = new ArrayList<>(Collections.nCopies(REPLICAS, kind.empty));
    List<V> states = new ArrayList<>();
    for (long step = 1; step <= 40; step++) {
      int at = random.nextInt(REPLICAS);
      V value = replicas.get(at);
      Actor actor = new Actor(NodeId.of("n" + at), 1);
      replicas.set(at, random.nextInt(3) == 0
          ? kind.merge.merge(value, replicas.get(random.nextInt(REPLICAS)))
          : kind.change.apply(value, actor, random, step));
      states.add(replicas.get(at));
    }
    return states;
  }

  private static <V> void assertSame(Kind<V> kind, int seed, V actual, V expected) {
    assertThat(actual).as("%s, seed %d", kind, seed).isEqualTo(expected);
    assertThat(kind.codec.encode(actual)).isEqualTo(kind.codec.encode(expected));
  }
}
