package io.quorate.core.transport;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** The wire format once more, written from its description alone, to speak to the real one. */
final class Wire {
  static final byte[] MAGIC = {'Q', 'U', 'O', 'R', 'A', 'T', 'E', 1};

  private Wire() {}

  /** A frame around {@code body}. */
  static byte[] frame(byte[] body) {
    return frame(body.length, body);
  }

  /** A frame that announces {@code length} bytes and has {@code body}; its checksum is right. */
  static byte[] frame(int length, byte[] body) {
    byte[] covered = ByteBuffer.allocate(4 + body.length).putInt(length).put(body).array();
    CRC32C crc = new CRC32C();
    crc.update(covered);
    return ByteBuffer.allocate(4 + covered.length)
        .putInt((int) crc.getValue())
        .put(covered)
        .array();
  }

  static byte[] hello(String cluster, String node, long incarnation, long nonce, long echo) {
    return hello(1, 1, 0, cluster, node, incarnation, 1 << 20, nonce, echo);
  }

  static byte[] hello(
      int minVersion,
      int maxVersion,
      long features,
      String cluster,
      String node,
      long incarnation,
      int maxPayload,
      long nonce,
      long echo) {
    return frame(
        body(
            out -> {
              out.writeByte(0x01);
              out.writeByte(minVersion);
              out.writeByte(maxVersion);
              out.writeLong(features);
              text(out, cluster);
              text(out, node);
              out.writeLong(incarnation);
              out.writeInt(maxPayload);
              out.writeLong(nonce);
              out.writeLong(echo);
            }));
  }

  static byte[] ready(long nonce) {
    return frame(body(out -> out.writeByte(0x02), out -> out.writeLong(nonce)));
  }

  static byte[] service(int number, String name) {
    return frame(
        body(
            out -> {
              out.writeByte(0x06);
              out.writeShort(number);
              out.write(name.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }));
  }

  static byte[] message(int service, byte[] payload) {
    return frame(
        body(
            out -> {
              out.writeByte(0x07);
              out.writeShort(service);
              out.write(payload);
            }));
  }

  static byte[] request(long id, int service, long nanos, byte[] payload) {
    return frame(
        body(
            out -> {
              out.writeByte(0x81);
              out.writeLong(id);
              out.writeShort(service);
              out.writeLong(nanos);
              out.write(payload);
            }));
  }

  /** A frame of {@code kind} that begins with a request id. */
  static byte[] about(int kind, long id, byte[] payload) {
    return frame(
        body(
            out -> {
              out.writeByte(kind);
              out.writeLong(id);
              out.write(payload);
            }));
  }

  /** A frame of {@code kind} without fields. */
  static byte[] plain(int kind, byte... payload) {
    return frame(
        body(
            out -> {
              out.writeByte(kind);
              out.write(payload);
            }));
  }

  static byte[] concat(byte[]... parts) {
    return body(
        out -> {
          for (byte[] part : parts) {
            out.write(part);
          }
        });
  }

  interface Writing {
    void to(DataOutputStream out) throws IOException;
  }

  static byte[] body(Writing... writings) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      for (Writing writing : writings) {
        writing.to(out);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void text(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    out.writeByte(utf8.length);
    out.write(utf8);
  }
}
