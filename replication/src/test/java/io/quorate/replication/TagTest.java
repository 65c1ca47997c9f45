package io.quorate.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Item P3, the order of tags. */
class TagTest {
  private static final Tag TAG = new Tag(0x0123456789L, NodeId.of("n1"), 7);

  @Test
  void a_tag_orders_by_time_then_writer_then_epoch_and_is_total() {
    List<Tag> ordered =
        List.of(
            Tag.NONE,
            new Tag(1, NodeId.of("a"), 9),
            new Tag(2, NodeId.of("a"), 1),
            new Tag(2, NodeId.of("a"), 2),
            new Tag(2, NodeId.of("b"), 0));
    List<Tag> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(1));

    Collections.sort(shuffled);

    assertThat(shuffled).isEqualTo(ordered);
  }

  @Test
  void a_tag_comes_back_from_its_text_and_from_its_bytes() {
    assertThat(Tag.parse(TAG.toString())).isEqualTo(TAG);
    assertThat(Tag.CODEC.decode(Tag.CODEC.encode(TAG))).isEqualTo(TAG);
  }

  @Test
  void the_bytes_of_a_tag_are_pinned() {
    assertThat(HexFormat.of().formatHex(Tag.CODEC.encode(TAG)))
        .isEqualTo("00000001234567890000000000000007026e31");
  }

  @Test
  void text_and_bytes_that_are_no_tag_are_refused() {
    for (String text : new String[] {"", "1", "1.2", "x.1.n1", "01.1.n1", "1.1.", "-1.1.n1"}) {
      assertThatThrownBy(() -> Tag.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
    byte[] negative = HexFormat.of().parseHex("80000001234567890000000000000007026e31");
    assertThatThrownBy(() -> Tag.CODEC.decode(negative)).isInstanceOf(MalformedException.class);
  }
}
