package io.quorate.core.transport;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.Codec;
import io.quorate.core.codec.MalformedException;

/**
 * How one side of a connection introduces itself.
 *
 * <pre>
 * bytes  content
 *     1  lowest protocol version spoken
 *     1  highest protocol version spoken
 *     8  feature bits; unknown ones are ignored
 *   1+n  cluster: length as a varint, UTF-8
 *   1+n  node: length as a varint, UTF-8
 *     8  incarnation: grows when the node restarts
 *     4  largest payload taken
 *     8  nonce, which the other side must send back
 *     8  the other side's nonce sent back; 0 from the dialling side
 *     n  fields of later versions; ignored
 * </pre>
 */
record Hello(
    int minVersion,
    int maxVersion,
    String cluster,
    NodeId node,
    long incarnation,
    int maxPayloadBytes,
    long nonce,
    long echo) {
  /** The one protocol version there is. */
  static final int VERSION = 1;

  /** The most that a frame of the handshake may have. */
  static final int MAX_BYTES = 1_024;

  private static final int MAX_NAME_BYTES = 64;

  static final Codec<Hello> CODEC =
      new Codec<>() {
        @Override
        public void write(ByteWriter out, Hello hello) {
          out.int8(hello.minVersion).int8(hello.maxVersion).int64(0);
          out.text(hello.cluster).text(hello.node.value());
          out.int64(hello.incarnation).int32(hello.maxPayloadBytes);
          out.int64(hello.nonce).int64(hello.echo);
        }

        @Override
        public Hello read(ByteReader in) {
          int minVersion = in.uint8();
          int maxVersion = in.uint8();
          in.int64();
          String cluster = in.text(MAX_NAME_BYTES, "cluster");
          String node = in.text(MAX_NAME_BYTES, "node");
          return new Hello(
              minVersion,
              maxVersion,
              cluster,
              nodeId(node),
              in.int64(),
              in.int32(),
              in.int64(),
              in.int64());
        }

        private NodeId nodeId(String value) {
          try {
            return NodeId.of(value);
          } catch (IllegalArgumentException e) {
            throw new MalformedException(e.getMessage());
          }
        }
      };

  static Hello parse(byte[] payload) {
    return CODEC.read(new ByteReader(payload));
  }

  boolean speaks(int version) {
    return minVersion <= version && version <= maxVersion;
  }
}
