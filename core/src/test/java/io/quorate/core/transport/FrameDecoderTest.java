package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Items 5, 6, 7 and 12 of the bad inputs, on the decoder itself. */
class FrameDecoderTest {
  private static final int MAX = 200_000;

  @Test
  void every_kind_of_frame_is_read_as_it_was_written() {
    FrameDecoder decoder = decoder();

    assertThat(decoder.decode(buffer(Wire.request(77, 5, 123_456, bytes("ask"))))).isTrue();
    assertThat(decoder.kind()).isEqualTo(Frame.REQUEST);
    assertThat(decoder.id()).isEqualTo(77);
    assertThat(decoder.service()).isEqualTo(5);
    assertThat(decoder.remainingNanos()).isEqualTo(123_456);
    assertThat(decoder.payload()).isEqualTo(bytes("ask"));
    assertThat(decoder.decode(buffer(Wire.message(65_535, bytes("tell"))))).isTrue();
    assertThat(decoder.kind()).isEqualTo(Frame.MESSAGE);
    assertThat(decoder.service()).isEqualTo(65_535);
    assertThat(decoder.payload()).isEqualTo(bytes("tell"));
    assertThat(decoder.decode(buffer(Wire.about(Frame.RESPONSE, -1, bytes("x"))))).isTrue();
    assertThat(decoder.id()).isEqualTo(-1);
    assertThat(decoder.decode(buffer(Wire.plain(Frame.PING)))).isTrue();
    assertThat(decoder.payload()).isEmpty();
  }

  @Test
  void frames_split_at_every_byte_or_joined_in_one_segment_are_the_same() {
    byte[] stream = {};
    List<String> expected = new ArrayList<>();
    Random random = new Random(3);
    for (int i = 0; i < 1_000; i++) {
      byte[] payload = new byte[random.nextInt(i % 100 == 0 ? 70_000 : 40)];
      random.nextBytes(payload);
      stream =
          Wire.concat(
              stream, i % 2 == 0 ? Wire.message(i, payload) : Wire.request(i, 1, 2, payload));
      expected.add((i % 2 == 0 ? Frame.MESSAGE : Frame.REQUEST) + ":" + Arrays.hashCode(payload));
    }

    assertThat(decode(stream, stream.length)).isEqualTo(expected);
    assertThat(decode(stream, 1)).isEqualTo(expected);
    for (int chunk : new int[] {2, 3, 7, 8, 9, 27, 1_000, 65_536}) {
      assertThat(decode(stream, chunk)).as("chunks of %d", chunk).isEqualTo(expected);
    }
  }

  @Test
  void a_length_that_cannot_be_is_refused_before_the_body_comes() {
    for (int length : new int[] {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, MAX + 20}) {
      assertRefused(announcing(length), CloseReason.FRAME_TOO_LONG);
    }
    assertRefused(announcing(0), CloseReason.MALFORMED_FRAME);
    assertRefused(Wire.frame(new byte[] {(byte) Frame.REQUEST}), CloseReason.MALFORMED_FRAME);
    assertRefused(Wire.frame(new byte[] {Frame.MESSAGE, 0}), CloseReason.MALFORMED_FRAME);
    assertRefused(Wire.message(0, new byte[MAX + 1]), CloseReason.FRAME_TOO_LONG);
    assertRefused(Wire.plain(Frame.PING, new byte[MAX + 1]), CloseReason.FRAME_TOO_LONG);
    assertThat(decoder().decode(buffer(Wire.message(0, new byte[MAX])))).isTrue();
    assertThat(decoder().decode(buffer(Wire.plain(Frame.PING)))).isTrue();
  }

  @Test
  void a_spare_array_of_the_very_length_is_used_again_and_no_other() {
    SparePayloads spares = new SparePayloads();
    FrameDecoder decoder = new FrameDecoder(spares, MAX);
    byte[] given = new byte[5_000];
    Arrays.fill(given, (byte) 7);
    spares.give(given);

    decoder.decode(buffer(Wire.message(0, new byte[5_001])));
    assertThat(decoder.payload()).isNotSameAs(given).hasSize(5_001);
    byte[] sent = new byte[5_000];
    sent[4_999] = 1;
    decoder.decode(buffer(Wire.message(0, sent)));
    assertThat(decoder.payload()).isSameAs(given).isEqualTo(sent);
    decoder.decode(buffer(Wire.message(0, sent)));
    assertThat(decoder.payload()).isNotSameAs(given).isEqualTo(sent);
  }

  @Test
  void spare_arrays_are_bounded_and_the_oldest_go_first() {
    SparePayloads spares = new SparePayloads();
    for (int i = 0; i < 100; i++) {
      spares.give(new byte[SparePayloads.MIN_BYTES + i]);
    }
    spares.give(new byte[SparePayloads.MIN_BYTES - 1]);

    assertThat(spares.find(SparePayloads.MIN_BYTES)).isEmpty();
    assertThat(spares.find(SparePayloads.MIN_BYTES - 1)).isEmpty();
    assertThat(spares.find(SparePayloads.MIN_BYTES + 99)).hasSize(SparePayloads.MIN_BYTES + 99);
    assertThat(spares.find(SparePayloads.MIN_BYTES + 99)).isEmpty();
  }

  private static FrameDecoder decoder() {
    return new FrameDecoder(new SparePayloads(), MAX);
  }

  @Test
  void an_announced_length_costs_no_more_than_a_step_beyond_what_has_arrived() {
    int max = 64 << 20;
    FrameDecoder decoder = new FrameDecoder(new SparePayloads(), max);
    byte[] start =
        ByteBuffer.allocate(8 + 3).putInt(0).putInt(max).put((byte) Frame.MESSAGE).array();
    decoder.decode(buffer(start));
    assertThat(decoder.allocatedBytes()).isLessThanOrEqualTo(FrameDecoder.FIRST_STEP_BYTES);

    long arrived = 0;
    while (arrived < 1 << 20) {
      decoder.decode(buffer(new byte[1_000]));
      arrived += 1_000;
      assertThat((long) decoder.allocatedBytes())
          .isLessThanOrEqualTo(FrameDecoder.FIRST_STEP_BYTES + 2 * arrived);
    }
  }

  @Test
  void room_is_set_aside_at_once_for_no_more_than_has_come_before() {
    FrameDecoder decoder = decoder();
    byte[] longest = Wire.message(0, new byte[MAX - 1]);
    byte[] longer = Arrays.copyOf(Wire.message(0, new byte[MAX]), 20);

    assertThat(decoder.decode(buffer(longest))).isTrue();
    decoder.decode(buffer(Arrays.copyOf(longest, 20)));
    assertThat(decoder.allocatedBytes()).isEqualTo(MAX - 1);
    assertThat(decoder.decode(buffer(Arrays.copyOfRange(longest, 20, longest.length)))).isTrue();
    decoder.decode(buffer(longer));
    assertThat(decoder.allocatedBytes()).isEqualTo(MAX - 1);

    FrameDecoder untried = decoder();
    untried.decode(buffer(longer));
    assertThat(untried.allocatedBytes()).isEqualTo(FrameDecoder.FIRST_STEP_BYTES);
  }

  @Test
  void a_flipped_bit_anywhere_never_makes_a_frame() {
    for (byte[] frame :
        new byte[][] {Wire.request(1, 2, 3, bytes("hello")), Wire.message(0, new byte[3_000])}) {
      for (int bit = 0; bit < 8 * frame.length; bit += frame.length > 100 ? 7 : 1) {
        byte[] flipped = frame.clone();
        flipped[bit / 8] ^= (byte) (1 << (bit % 8));

        boolean whole;
        try {
          whole = decoder().decode(buffer(flipped));
        } catch (FrameException e) {
          whole = false;
        }

        assertThat(whole).as("bit %d of a frame of %d bytes", bit, frame.length).isFalse();
      }
    }
  }

  @Test
  void a_wrong_checksum_is_told_apart() {
    byte[] frame = Wire.message(0, bytes("hello"));
    frame[frame.length - 1] ^= 1;

    assertRefused(frame, CloseReason.BAD_CHECKSUM);
  }

  @Test
  void an_unfinished_frame_is_known_to_be_one() {
    FrameDecoder decoder = decoder();
    assertThat(decoder.isWithinFrame()).isFalse();
    byte[] frame = Wire.message(0, bytes("hello"));

    decoder.decode(buffer(Arrays.copyOf(frame, 12)));
    assertThat(decoder.isWithinFrame()).isTrue();
    assertThat(decoder.frameProgressBytes()).isEqualTo(12);
    decoder.decode(buffer(Arrays.copyOfRange(frame, 12, frame.length)));
    assertThat(decoder.isWithinFrame()).isFalse();
  }

  private static void assertRefused(byte[] stream, CloseReason reason) {
    assertThatThrownBy(() -> decode(stream, stream.length))
        .isInstanceOfSatisfying(
            FrameException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    assertThatThrownBy(() -> decode(stream, 1))
        .isInstanceOfSatisfying(
            FrameException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static byte[] announcing(int length) {
    return ByteBuffer.allocate(8).putInt(0).putInt(length).array();
  }

  private static List<String> decode(byte[] stream, int chunk) {
    FrameDecoder decoder = decoder();
    List<String> frames = new ArrayList<>();
    for (int from = 0; from < stream.length; from += chunk) {
      ByteBuf in = Unpooled.wrappedBuffer(stream, from, Math.min(chunk, stream.length - from));
      while (in.isReadable() && decoder.decode(in)) {
        frames.add(decoder.kind() + ":" + Arrays.hashCode(decoder.payload()));
      }
      assertThat(in.isReadable()).isFalse();
    }
    return frames;
  }

  private static ByteBuf buffer(byte[] bytes) {
    return Unpooled.wrappedBuffer(bytes);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
