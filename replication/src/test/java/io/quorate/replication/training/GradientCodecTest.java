package io.quorate.replication.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GradientCodecTest {
  static Stream<GradientCodec> codecs() {
    return Stream.of(
        GradientCodec.dense(),
        GradientCodec.fp16(),
        GradientCodec.int8(),
        GradientCodec.topK(0.05),
        GradientCodec.oneBit());
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void what_is_written_and_what_is_kept_make_the_gradient_together(GradientCodec codec) {
    float[] gradient = gaussian(1_000, 1);
    float[] rest = gradient.clone();
    float[] decoded = new float[gradient.length];

    codec.decodeAdd(new ByteReader(encode(codec, rest)), decoded);

    for (int i = 0; i < gradient.length; i++) {
      float tolerance = codec.isStateful() ? 1e-6f : 1e-3f * Math.abs(gradient[i]) + 1e-7f;
      assertThat(decoded[i] + rest[i]).isCloseTo(gradient[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void equal_gradients_have_equal_bytes(GradientCodec codec) {
    assertThat(encode(codec, gaussian(777, 2))).isEqualTo(encode(codec, gaussian(777, 2)));
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void lengths_around_a_block_and_zeros_come_back(GradientCodec codec) {
    for (int length : new int[] {1, 7, 8, 9, 255, 256, 257, 513}) {
      float[] decoded = new float[length];
      codec.decodeAdd(new ByteReader(encode(codec, new float[length])), decoded);
      assertThat(decoded).containsOnly(0f);
    }
  }

  @ParameterizedTest
  @MethodSource("codecs")
  void a_gradient_cut_at_any_byte_or_of_another_length_is_refused(GradientCodec codec) {
    byte[] bytes = encode(codec, gaussian(300, 3));

    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> codec.decodeAdd(new ByteReader(cut), new float[300]))
          .isInstanceOf(MalformedException.class);
    }
    assertThatThrownBy(() -> codec.decodeAdd(new ByteReader(bytes), new float[44]))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void sizes_are_as_stated() {
    int length = 11_034;
    float[] g = gaussian(length, 4);

    assertThat(encode(GradientCodec.dense(), g.clone())).hasSize(4 * length);
    assertThat(encode(GradientCodec.fp16(), g.clone())).hasSize(2 * length);
    assertThat(4.0 * length / encode(GradientCodec.int8(), g.clone()).length).isGreaterThan(3.9);
    assertThat(4.0 * length / encode(GradientCodec.oneBit(), g.clone()).length).isGreaterThan(28);
    assertThat(4.0 * length / encode(GradientCodec.topK(0.05), g.clone()).length)
        .isGreaterThan(25);
    assertThat(4.0 * length / encode(GradientCodec.topK(0.01), g.clone()).length)
        .isGreaterThan(120);
  }

  @Test
  void top_k_takes_the_largest_and_among_equals_the_first() {
    float[] gradient = {1, -3, 2, 3, -1, 2};
    float[] decoded = new float[6];

    GradientCodec.topK(0.5).decodeAdd(
        new ByteReader(encode(GradientCodec.topK(0.5), gradient)), decoded);

    assertThat(decoded).containsExactly(0, -3, 2, 3, 0, 0);
  }

  @Test
  void halves_round_to_the_nearest_even_and_come_back() {
    assertThat(Half.toFloat(Half.of(1f))).isEqualTo(1f);
    assertThat(Half.of(-0f)).isEqualTo((short) 0x8000);
    assertThat(Half.of(65_504f)).isEqualTo((short) 0x7bff);
    assertThat(Half.of(1e9f)).isEqualTo((short) 0x7bff);
    assertThat(Half.of(0x1p-24f)).isEqualTo((short) 1);
    assertThat(Half.of(0x1p-25f)).isEqualTo((short) 0);
    assertThat(Half.of(0x1.8p-25f)).isEqualTo((short) 1);
    assertThat(Half.of(1 + 0x1p-11f)).isEqualTo(Half.of(1f));
    assertThat(Half.of(1 + 3 * 0x1p-11f)).isEqualTo((short) 0x3c02);
    assertThat(Half.toFloat(Half.of(Float.NaN))).isNaN();
    for (int bits = 0; bits < 0x7c00; bits++) {
      assertThat(Half.of(Half.toFloat((short) bits))).isEqualTo((short) bits);
    }
  }

  @Test
  void error_feedback_delivers_everything_in_the_long_run_and_without_it_small_entries_never() {
    GradientCodec codec = GradientCodec.topK(0.1);
    float[] gradient = new float[100];
    IntStream.range(0, 100).forEach(i -> gradient[i] = i + 1);
    float[] withFeedback = new float[100];
    float[] without = new float[100];
    float[] residual = new float[100];
    for (int step = 0; step < 400; step++) {
      for (int i = 0; i < 100; i++) {
        residual[i] += gradient[i];
      }
      codec.decodeAdd(new ByteReader(encode(codec, residual)), withFeedback);
      codec.decodeAdd(new ByteReader(encode(codec, gradient.clone())), without);
    }

    assertThat(withFeedback[20]).isCloseTo(400 * 21, withinPercentage(20));
    assertThat(without[20]).isZero();
  }

  private static byte[] encode(GradientCodec codec, float[] gradient) {
    ByteWriter out = new ByteWriter();
    codec.encode(gradient, out);
    return out.toByteArray();
  }

  private static float[] gaussian(int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = (float) (0.01 * random.nextGaussian());
    }
    return values;
  }

  @Test
  void a_residual_may_travel_rounded_which_all_must_know() {
    GradientCodec rounded = GradientCodec.topK(0.1).withResidual(GradientCodec.oneBit());
    TrainingOptions often = TrainingOptions.of("job", "model", 8, 1).withCodec(rounded);

    assertThat(rounded.isStateful()).isTrue();
    assertThat(rounded.description()).isEqualTo("top-k share=0.1 residual=one-bit block=256");
    assertThat(often.description()).endsWith(" checkpointEvery=100");
    assertThat(often.withCodec(GradientCodec.topK(0.1)).description())
        .endsWith("codec=top-k share=0.1");
    assertThatThrownBy(() -> GradientCodec.fp16().withResidual(GradientCodec.oneBit()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("fp16 keeps no residual");
  }
}
