package io.quorate.replication.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.NodeId;
import io.quorate.core.codec.MalformedException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bytes by which replicas learn what they share, and how far they may rely on each other. */
class RepairMessageTest {
  private static final List<NodeId> SET = List.of(NodeId.of("a"), NodeId.of("b"));
  private static final RepairMessage.Standing STANDING =
      new RepairMessage.Standing(true, false, 5);

  @Test
  void the_bytes_of_what_is_asked_and_told_of_groups_do_not_change() {
    assertBytes(new RepairMessage.Root(new RepairMessage.Scope(300, SET)), "0101ac020201610162");
    assertBytes(
        new RepairMessage.Summary(STANDING, 7), "0106" + "01000000000000000005" + "0000000000000007");
    assertBytes(new RepairMessage.Groups(new RepairMessage.Scope(300, List.of())), "010cac0200");
    assertBytes(
        new RepairMessage.Shared(STANDING, List.of(new RepairMessage.Group(SET, 3, 300))),
        "010d" + "01000000000000000005" + "01" + "0201610162" + "03ac02");
    assertBytes(new RepairMessage.Elsewhere(4), "010b04");
  }

  private static void assertBytes(RepairMessage message, String hex) {
    byte[] bytes = RepairMessage.CODEC.encode(message);
    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(hex);
    assertThat(RepairMessage.CODEC.decode(bytes)).isEqualTo(message);
  }

  @Test
  void truncated_messages_are_malformed() {
    byte[] bytes =
        RepairMessage.CODEC.encode(
            new RepairMessage.Shared(STANDING, List.of(new RepairMessage.Group(SET, 3, 300))));
    for (int length = 0; length < bytes.length; length++) {
      byte[] shorter = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> RepairMessage.CODEC.decode(shorter))
          .isInstanceOf(MalformedException.class);
    }
  }
}
