package io.quorate.partitioning;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.IntToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Checklist items 1 to 8. */
class KeyHashTest {
  /** The seed of the published vectors. */
  private static final long PRIME64 = 0x9E3779B185EBCA8DL;

  /** Length, hash with seed 0, hash with seed PRIME64: the vectors of the reference's self-test. */
  private static final long[][] PUBLISHED = {
    {0, 0x2D06800538D394C2L, 0xA8A6B918B2F0364AL},
    {1, 0xC44BDFF4074EECDBL, 0x032BE332DD766EF8L},
    {6, 0x27B56A84CD2D7325L, 0x84589C116AB59AB9L},
    {12, 0xA713DAF0DFBB77E7L, 0xE7303E1B2336DE0EL},
    {24, 0xA3FE70BF9D3510EBL, 0x850E80FC35BDD690L},
    {48, 0x397DA259ECBA1F11L, 0xADC2CBAA44ACC616L},
    {80, 0xBCDEFBBB2C47C90AL, 0xC6DD0CB699532E73L},
    {195, 0xCD94217EE362EC3AL, 0xBA68003D370CB3D9L},
    {403, 0xCDEB804D65C6DEA4L, 0x6259F6ECFD6443FDL},
    {512, 0x617E49599013CB6BL, 0x3CE457DE14C27708L},
    {2048, 0xDD59E2C3A5F038E0L, 0x66F81670669ABABCL},
    {2099, 0xC6B9D9B3FC9AC765L, 0x184F316843663974L},
    {2240, 0x6E73A90539CF2948L, 0x757BA8487D1B5247L},
    {2367, 0xCB37AEB9E5D361EDL, 0xD2DB3415B942B42AL},
  };

  private final KeyHash hash = KeyHash.unseeded();

  private static byte[] publishedInput(int length) {
    byte[] input = new byte[length];
    long state = 2654435761L;
    for (int i = 0; i < length; i++) {
      input[i] = (byte) (state >>> 56);
      state *= 0x9E3779B185EBCA8DL;
    }
    return input;
  }

  @Test
  void item_1_the_published_vectors_hold() {
    for (long[] vector : PUBLISHED) {
      byte[] input = publishedInput((int) vector[0]);

      assertThat(hash.hash(input)).as("length %d", vector[0]).isEqualTo(vector[1]);
      assertThat(KeyHash.seeded(PRIME64).hash(input)).as("seeded, length %d", vector[0])
          .isEqualTo(vector[2]);
    }
  }

  @Test
  void item_1_golden_values_of_text_numbers_and_odd_strings() {
    String[] texts = {
      "", "a", "user_123", "na\u00efve", "\ud83d\ude00 beyond the BMP",
      "\ud800 lone", "\udc00\ud800"
    };
    long[] golden = {
      0x2d06800538d394c2L, 0xd78baac08237ddbL, 0x955d530f3ce8ec6eL,
      0xd5f1e1aceff254cfL, 0xc6318fcbebc19991L,
      0x9c4ad85804d21312L, 0xce4d7483489dc059L
    };
    for (int i = 0; i < texts.length; i++) {
      assertThat(Long.toHexString(hash.hash(texts[i]))).as(texts[i])
          .isEqualTo(Long.toHexString(golden[i]));
    }
    assertThat(Long.toHexString(hash.hash(0L))).isEqualTo("c77b3abb6f87acd9");
    assertThat(Long.toHexString(hash.hash(-1L))).isEqualTo("5111c7e47d784413");
  }

  @Test
  void item_1_a_range_of_an_array_is_hashed_like_a_copy() {
    byte[] input = publishedInput(300);

    assertThat(hash.hash(input, 7, 290)).isEqualTo(hash.hash(Arrays.copyOfRange(input, 7, 297)));
  }

  @Test
  void item_2_text_is_hashed_as_utf_16_low_byte_first_and_not_as_utf_8() {
    Random random = new Random(2);
    for (int length = 0; length < 700; length++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < length; i++) {
        text.append((char) random.nextInt(1 << 16));
      }
      ByteBuffer units = ByteBuffer.allocate(2 * length).order(ByteOrder.LITTLE_ENDIAN);
      units.asCharBuffer().put(text.toString());

      assertThat(hash.hash(text.toString())).isEqualTo(hash.hash(units.array()));
      assertThat(hash.hash(text)).as("another CharSequence").isEqualTo(hash.hash(units.array()));
    }
    assertThat(hash.hash("key")).isNotEqualTo(hash.hash("key".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void item_3_a_number_is_hashed_as_its_eight_bytes_low_byte_first() {
    for (long key : new long[] {0, 1, -1, Long.MIN_VALUE, 0x0123456789ABCDEFL}) {
      byte[] little =
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(key).array();

      assertThat(hash.hash(key)).isEqualTo(hash.hash(little));
      assertThat(KeyHash.seeded(7).hash(key)).isEqualTo(KeyHash.seeded(7).hash(little));
    }
  }

  @Test
  void item_4_every_hash_has_an_owner_the_most_negative_included() {
    for (Partitioner<String> placement : Samples.all(Samples.members(7), 2)) {
      for (long h : new long[] {
        Long.MIN_VALUE, Long.MIN_VALUE + 1, Long.MAX_VALUE, -1, 0, 1, Integer.MIN_VALUE
      }) {
        assertThat(placement.ownerOfHash(h)).as("%s %x", placement, h).startsWith("node-");
        assertThat(placement.ownersOfHash(h)).hasSize(2).startsWith(placement.ownerOfHash(h));
      }
    }
  }

  @Test
  void item_5_sequential_strided_and_prefixed_keys_spread_like_random_ones() {
    int buckets = 256;
    int keys = 1 << 16;
    List<IntToLongFunction> series = new ArrayList<>();
    series.add(i -> hash.hash((long) i));
    series.add(i -> hash.hash((long) i << 20));
    series.add(i -> hash.hash((long) i * 65536 * 3));
    series.add(i -> hash.hash("user_" + i));
    series.add(i -> hash.hash("a/very/long/common/prefix/of/all/keys/in/the/set/" + i));
    series.add(i -> hash.hash(ByteBuffer.allocate(12).putInt(8, i).array()));
    for (int s = 0; s < series.size(); s++) {
      for (int shift : new int[] {56, 0}) {
        int[] counts = new int[buckets];
        for (int i = 0; i < keys; i++) {
          counts[(int) (series.get(s).applyAsLong(i) >>> shift) & buckets - 1]++;
        }
        double mean = (double) keys / buckets;
        double chiSquare = Arrays.stream(counts).mapToDouble(c -> (c - mean) * (c - mean) / mean)
            .sum();
        double sigma = Math.sqrt(2.0 * (buckets - 1));
        assertThat(chiSquare).as("series %d, bits from %d", s, shift)
            .isBetween(buckets - 1 - 3 * sigma, buckets - 1 + 3 * sigma);
      }
    }
  }

  @Test
  void item_6_one_changed_bit_of_the_key_changes_half_of_the_hash() {
    Random random = new Random(6);
    int trials = 4000;
    for (int bit = 0; bit < 64; bit++) {
      int[] flips = new int[64];
      for (int t = 0; t < trials; t++) {
        long key = random.nextLong();
        long difference = hash.hash(key) ^ hash.hash(key ^ 1L << bit);
        for (int out = 0; out < 64; out++) {
          flips[out] += (int) (difference >>> out & 1);
        }
      }
      for (int out = 0; out < 64; out++) {
        assertThat((double) flips[out] / trials).as("in %d, out %d", bit, out)
            .isBetween(0.45, 0.55);
      }
    }
  }

  @Test
  void item_7_strings_with_equal_hash_codes_have_different_hashes() {
    List<String> colliding = new ArrayList<>(List.of(""));
    for (int i = 0; i < 12; i++) {
      colliding = colliding.stream().flatMap(s -> Stream.of(s + "Aa", s + "BB"))
          .toList();
    }

    assertThat(colliding.stream().mapToInt(String::hashCode).distinct().count()).isOne();
    assertThat(colliding.stream().mapToLong(hash::hash).distinct().count())
        .isEqualTo(colliding.size());
  }

  @Test
  void item_8_keys_chosen_against_seed_0_do_not_skew_another_seed() {
    SlotTable<String> open = Samples.slots(Samples.members(10), 1);
    SlotTable<String> secret = SlotTable.of(Samples.members(10),
        SlotOptions.defaults().withKeyHash(KeyHash.seeded(0x5EC2E7)));
    List<String> hostile = new ArrayList<>();
    for (int i = 0; hostile.size() < 100_000; i++) {
      String key = "k" + i;
      if (open.ownerOf(key).equals("node-00003")) {
        hostile.add(key);
      }
    }
    long[] seen = hostile.stream().mapToLong(secret.keyHash()::hash).toArray();

    assertThat(hostile).allMatch(key -> open.ownerOf(key).equals("node-00003"));
    assertThat(Samples.spread(secret, seen)[0]).isLessThan(1.05);
    assertThat(secret.fingerprint()).isNotEqualTo(open.fingerprint());
    assertThat(secret.keyHash().toString()).doesNotContainIgnoringCase("5ec2e7");
  }

  @Test
  void the_locale_does_not_matter() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("tr-TR"));

      assertThat(Samples.slots(Samples.members(10), 1).fingerprint())
          .isEqualTo(DigestTest.SLOTS_10);
    } finally {
      Locale.setDefault(before);
    }
  }
}
