package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Address;
import java.util.Map;
import java.util.TreeMap;

/**
 * Something said about a member, as it travels.
 *
 * <pre>
 *  text    id            at most 64 bytes
 *  int8    state         0 ALIVE, 1 SUSPECT, 2 DEAD, 3 LEFT
 *  varint  incarnation
 *  int64   boot
 *  text    accuser       the node that says so; the member itself for ALIVE and LEFT
 *  text    host          ALIVE only, from here on; at most 255 bytes
 *  varint  port
 *  varint  entries       of the metadata, then each: text name, text value
 * </pre>
 *
 * @param member address and metadata mean something for ALIVE only
 */
record Rumor(Member member, NodeId accuser) {
  private static final MemberState[] STATES = MemberState.values();
  private static final int MAX_ID_BYTES = 64;
  private static final int MAX_HOST_BYTES = 255;
  private static final Address NOWHERE = new Address("0.0.0.0", 0);

  static Rumor alive(Member member) {
    return new Rumor(member.with(MemberState.ALIVE), member.id());
  }

  /** Length of what {@link #write} writes, in bytes. */
  int size() {
    ByteWriter out = new ByteWriter();
    write(out);
    return out.size();
  }

  void write(ByteWriter out) {
    out.text(member.id().value()).int8(member.state().ordinal());
    out.varint(member.incarnation()).int64(member.boot()).text(accuser.value());
    if (member.state() == MemberState.ALIVE) {
      out.text(member.address().host()).varint(member.address().port());
      out.varint(member.metadata().size());
      member.metadata().forEach((name, value) -> out.text(name).text(value));
    }
  }

  static Rumor read(ByteReader in) {
    try {
      NodeId id = NodeId.of(in.text(MAX_ID_BYTES, "id"));
      int state = in.uint8();
      if (state >= STATES.length) {
        throw in.malformed("a member state of " + state);
      }
      long incarnation = in.varint();
      long boot = in.int64();
      NodeId accuser = NodeId.of(in.text(MAX_ID_BYTES, "accuser"));
      Address address = NOWHERE;
      Map<String, String> metadata = new TreeMap<>();
      if (STATES[state] == MemberState.ALIVE) {
        address = new Address(in.text(MAX_HOST_BYTES, "host"), in.varint(65_535, "port"));
        int entries = in.count(2, "metadata entries");
        for (int i = 0; i < entries; i++) {
          metadata.put(
              in.text(Member.MAX_METADATA_BYTES, "metadata name"),
              in.text(Member.MAX_METADATA_BYTES, "metadata value"));
        }
      }
      Member member =
          new Member(id, address, incarnation, boot, STATES[state], Member.checked(metadata));
      return new Rumor(member, accuser);
    } catch (IllegalArgumentException e) {
      // Well-formed, but not a member that could exist.
      throw new MalformedException("malformed rumor: " + e.getMessage());
    }
  }
}
