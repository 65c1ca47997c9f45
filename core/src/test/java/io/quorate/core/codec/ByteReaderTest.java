package io.quorate.core.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ByteReaderTest {
  @Test
  void what_is_written_is_read() {
    ByteWriter out = new ByteWriter(0);
    out.int8(-1).bool(true).int16(-2).int32(-3).int64(-4).float32(0.5f).float64(-0.0);
    out.varint(300).block(new byte[] {1, 2}).text("grüße 🙂").bytes(new byte[] {9});

    ByteReader in = new ByteReader(out.toByteArray());

    assertThat(in.int8()).isEqualTo((byte) -1);
    assertThat(in.bool()).isTrue();
    assertThat(in.int16()).isEqualTo((short) -2);
    assertThat(in.int32()).isEqualTo(-3);
    assertThat(in.int64()).isEqualTo(-4);
    assertThat(in.float32()).isEqualTo(0.5f);
    assertThat(Double.doubleToRawLongBits(in.float64()))
        .isEqualTo(Double.doubleToRawLongBits(-0.0));
    assertThat(in.varint()).isEqualTo(300);
    assertThat(in.block()).containsExactly(1, 2);
    assertThat(in.text()).isEqualTo("grüße 🙂");
    assertThat(in.bytes(1)).containsExactly(9);
    in.expectEnd();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 127, 128, 16_383, 16_384, Integer.MAX_VALUE, Long.MAX_VALUE})
  void a_varint_comes_back_at_every_length(long value) {
    assertThat(new ByteReader(new ByteWriter().varint(value).toByteArray()).varint())
        .isEqualTo(value);
  }

  @Test
  void the_bytes_of_numbers_are_pinned() {
    byte[] bytes = new ByteWriter().int16(0x0102).int32(0x03040506).varint(300).toByteArray();

    assertThat(bytes).containsExactly(1, 2, 3, 4, 5, 6, 0xac, 2);
  }

  @Test
  void a_message_cut_at_any_byte_is_refused() {
    byte[] whole = new ByteWriter().int32(7).varint(300).text("abc").int64(9).toByteArray();

    for (int length = 0; length < whole.length; length++) {
      ByteReader in = new ByteReader(whole, 0, length);
      assertThatThrownBy(
              () -> {
                in.int32();
                in.varint();
                in.text();
                in.int64();
              })
          .isInstanceOf(MalformedException.class);
    }
  }

  @Test
  void a_count_that_cannot_be_there_is_refused_before_anything_is_allocated() {
    byte[] twentyBytes = new ByteWriter().varint(Integer.MAX_VALUE).bytes(new byte[15]).toByteArray();

    assertThatThrownBy(() -> new ByteReader(twentyBytes).count(1, "entries"))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("count of entries of 2147483647, at most 15");
    assertThatThrownBy(() -> new ByteReader(twentyBytes).block())
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void a_varint_that_is_over_long_or_not_in_its_shortest_form_is_refused() {
    byte[] tenBytes = {-1, -1, -1, -1, -1, -1, -1, -1, -1, 1};
    byte[] padded = {(byte) 0x81, 0};

    assertThatThrownBy(() -> new ByteReader(tenBytes).varint())
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> new ByteReader(padded).varint())
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> new ByteWriter().varint(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void text_that_is_not_utf8_is_refused_and_never_replaced() {
    byte[] loneContinuation = {1, (byte) 0x80};

    assertThatThrownBy(() -> new ByteReader(loneContinuation).text())
        .isInstanceOf(MalformedException.class);
    assertThatThrownBy(() -> new ByteWriter().text("\ud800"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Codec.STRING.decode(new byte[] {(byte) 0xc0, (byte) 0x80}))
        .isInstanceOf(MalformedException.class);
  }

  @Test
  void text_of_every_length_of_character_comes_back() {
    for (String text : List.of("", "plain", "\u00e9\u20ac", "\ud83d\ude00 and \ufffd itself")) {
      ByteWriter out = new ByteWriter();

      out.text(text);

      assertThat(new ByteReader(out.toByteArray()).text()).isEqualTo(text);
    }
  }

  @Test
  void every_pair_of_bytes_is_text_exactly_if_a_strict_decoder_says_so() {
    for (int pair = 0; pair < 1 << 16; pair++) {
      byte[] bytes = {(byte) (pair >> 8), (byte) pair};
      ByteReader in = new ByteReader(new ByteWriter().block(bytes).toByteArray());
      String expected;
      try {
        expected = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      } catch (CharacterCodingException e) {
        assertThatThrownBy(in::text).as("%04x", pair).isInstanceOf(MalformedException.class);
        continue;
      }
      assertThat(in.text()).as("%04x", pair).isEqualTo(expected);
    }
  }

  @Test
  void bytes_behind_the_end_of_a_value_are_refused() {
    assertThatThrownBy(() -> Codec.LONG.decode(new byte[9]))
        .isInstanceOf(MalformedException.class)
        .hasMessageContaining("1 bytes too many");
  }

  @Test
  void random_bytes_never_do_worse_than_malformed() {
    Random random = new Random(42);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      ByteReader in = new ByteReader(bytes);
      try {
        while (in.remaining() > 0) {
          switch (random.nextInt(5)) {
            case 0 -> in.varint();
            case 1 -> in.block();
            case 2 -> in.text();
            case 3 -> in.bool();
            default -> in.count(4, "things");
          }
        }
      } catch (MalformedException e) {
        assertThat(e).hasMessageContaining("byte");
      }
    }
  }
}
