package io.quorate.consensus.raft;

import static io.quorate.consensus.raft.OneCore.A;
import static io.quorate.consensus.raft.OneCore.B;
import static io.quorate.consensus.raft.OneCore.C;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.codec.MalformedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What goes over the wire and onto the disk, byte by byte. */
class FormatTest {
  private static final SnapshotId ID = new SnapshotId(9, 2, 300, 0x01020304);
  private static final List<Entry> ENTRIES =
      Entry.encode(
          List.of(
              Proposal.noop(),
              Proposal.command(new byte[] {1, 2}),
              Proposal.command(5, 300, 290, new byte[] {3}),
              Proposal.openSession()),
          7,
          1_000);

  private static Map<String, Message> messages() {
    Map<String, Message> all = new TreeMap<>();
    all.put("010703ac02", new Message.PreVote(7, 3, 300));
    all.put("02070801", new Message.PreVoteReply(7, 8, true));
    all.put("0307030201", new Message.Vote(7, 3, 2, true));
    all.put("040700", new Message.VoteReply(7, false));
    all.put(
        "05070906080404040007e807070107e80700010209010" + "7e80705ac020a03040307e807",
        new Message.Append(7, 9, 6, 8, 4, ENTRIES));
    all.put("060704000903", new Message.AppendReply(7, 4, false, 9, 3));
    all.put("07070902ac02010203040503010203", new Message.Chunk(7, ID, 5, new byte[] {1, 2, 3}));
    all.put("08070902ac02010203040801", new Message.ChunkReply(7, ID, 8, true));
    all.put("0907", new Message.TimeoutNow(7));
    all.put("0a0704", new Message.ReadIndex(7, 4));
    all.put("0b07040109", new Message.ReadIndexReply(7, 4, true, 9));
    all.put("0c07090000000000000102", new Message.Rest(7, 9, 0x102));
    return all;
  }

  @Test
  void every_message_has_its_bytes() {
    messages()
        .forEach(
            (hex, message) -> {
              byte[] bytes = MessageCodec.INSTANCE.encode(message);
              assertThat(HexFormat.of().formatHex(bytes)).as(message.toString()).isEqualTo(hex);
              assertThat(MessageCodec.INSTANCE.encode(MessageCodec.INSTANCE.decode(bytes)))
                  .isEqualTo(bytes);
            });
  }

  @Test
  void no_kind_of_message_lacks_its_bytes_here() {
    List<Class<?>> known = new ArrayList<>();
    messages().values().forEach(message -> known.add(message.getClass()));

    assertThat(known).containsExactlyInAnyOrder(Message.class.getPermittedSubclasses());
  }

  @Test
  void a_log_unit_has_its_bytes_and_gives_back_what_it_was_made_of() {
    Configuration three = Configuration.of(List.of(A, B, C));
    Effect.Persist unit =
        new Effect.Persist(
            1, 7, Optional.of(B), Optional.of(new SnapshotMark(8, 6, 5, 0, three)), 9,
            ENTRIES.subList(0, 1));
    byte[] bytes = Units.encode(unit);
    Replay replay = new Replay();

    Units.decode(bytes, replay);

    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo("0107016201080605000103016101620163000009" + "01040007e807");
    RaftCore.Recovered recovered =
        replay.finish(new SnapshotMark(8, 6, 5, 0, three), new SnapshotId(8, 6, 1, 1));
    assertThat(recovered.term()).isEqualTo(7);
    assertThat(recovered.vote()).isEqualTo(B);
    assertThat(recovered.entries()).hasSize(1);
    assertThat(replay.mustReset()).isFalse();
  }

  @Test
  void a_configuration_has_its_bytes_and_that_of_a_new_group_those_of_the_first_version() {
    Configuration fresh = Configuration.of(List.of(A, B));
    Configuration known = fresh.withBirths(Map.of(A, 7L));

    assertThat(HexFormat.of().formatHex(Configuration.CODEC.encode(fresh)))
        .isEqualTo("01" + "0201610162" + "00" + "00");
    assertThat(HexFormat.of().formatHex(Configuration.CODEC.encode(known)))
        .isEqualTo("02" + "0201610162" + "00" + "00" + "0101610000000000000007" + "00");
    for (Configuration each : List.of(fresh, known, known.jointWith(fresh))) {
      assertThat(Configuration.CODEC.decode(Configuration.CODEC.encode(each))).isEqualTo(each);
    }
  }

  @Test
  void cut_or_garbled_messages_are_malformed_and_nothing_else() {
    SplittableRandom random = new SplittableRandom(3);
    for (Message message : messages().values()) {
      byte[] bytes = MessageCodec.INSTANCE.encode(message);
      for (int length = 0; length < bytes.length; length++) {
        byte[] cut = Arrays.copyOf(bytes, length);
        assertThatThrownBy(() -> MessageCodec.INSTANCE.decode(cut))
            .isInstanceOf(MalformedException.class);
      }
      for (int i = 0; i < 500; i++) {
        byte[] garbled = bytes.clone();
        garbled[random.nextInt(garbled.length)] ^= (byte) (1 << random.nextInt(8));
        try {
          MessageCodec.INSTANCE.decode(garbled);
        } catch (MalformedException e) {
          assertThat(e).hasMessageContaining("malformed");
        }
      }
    }
  }
}
