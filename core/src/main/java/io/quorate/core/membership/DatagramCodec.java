package io.quorate.core.membership;

import io.quorate.core.NodeId;
import io.quorate.core.codec.ByteReader;
import io.quorate.core.codec.ByteWriter;
import io.quorate.core.codec.MalformedException;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Datagrams;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Datagrams as bytes.
 *
 * <pre>
 *  int8    version       1
 *  16 or 4 bytes         with a key: HMAC-SHA256, first 16 bytes; without: CRC32C; of all that follows
 *  text    cluster
 *  text    from
 *  int64   boot
 *  int8    kind          0 ping, 1 ack, 2 nack, 3 ping request, 4 gossip, 5 sync request, 6 sync reply
 *  varint  sequence      kinds 0 to 3
 *  int64   digest        kind 5
 *  text    target        kinds 0 and 3
 *  text    host, varint port   kind 3
 *  rumors                until the end, see {@link Rumor}
 * </pre>
 *
 * <p>A replayed datagram passes, and does no harm: old rumors lose against newer incarnations, and an
 * old answer matches no open question. Not safe for use by several threads.
 */
final class DatagramCodec {
  private static final int VERSION = 1;
  private static final int VERSION_BYTES = 1;
  private static final int MAC_BYTES = 16;
  private static final int CRC_BYTES = 4;
  private static final int MAX_NAME_BYTES = 256;

  private final String cluster;
  private final Optional<Mac> mac;
  private final ByteWriter body = new ByteWriter();

  DatagramCodec(String cluster, Optional<byte[]> key) {
    this.cluster = cluster;
    this.mac = key.map(DatagramCodec::mac);
  }

  /** The bytes of {@code datagram}, whose rumors must fit, see {@link #room}. */
  byte[] encode(Datagram datagram) {
    body.clear();
    writeHead(datagram.from(), datagram.boot(), datagram.message());
    datagram.rumors().forEach(rumor -> rumor.write(body));
    ByteWriter out = new ByteWriter(VERSION_BYTES + sealBytes() + body.size());
    out.int8(VERSION).bytes(seal(body.array(), 0, body.size()));
    return out.bytes(body.array(), 0, body.size()).toByteArray();
  }

  /** Bytes left for rumors beside {@code message}. */
  int room(NodeId from, long boot, Message message) {
    body.clear();
    writeHead(from, boot, message);
    return Datagrams.MAX_PAYLOAD_BYTES - VERSION_BYTES - sealBytes() - body.size();
  }

  /**
   * Reads a datagram.
   *
   * @throws MalformedException if it is of another cluster, version or key, damaged, or nonsense
   */
  Datagram decode(byte[] bytes) {
    ByteReader in = new ByteReader(bytes);
    int version = in.uint8();
    if (version != VERSION) {
      throw in.malformed("protocol version " + version + ", expected " + VERSION);
    }
    byte[] seal = in.bytes(sealBytes());
    if (!MessageDigest.isEqual(seal, seal(bytes, in.position(), in.remaining()))) {
      throw in.malformed("wrong key or damaged");
    }
    if (!in.text(MAX_NAME_BYTES, "cluster").equals(cluster)) {
      throw in.malformed("another cluster");
    }
    NodeId from = nodeId(in);
    long boot = in.int64();
    Message message = readMessage(in);
    List<Rumor> rumors = new ArrayList<>();
    while (in.remaining() > 0) {
      rumors.add(Rumor.read(in));
    }
    return new Datagram(from, boot, message, rumors);
  }

  private int sealBytes() {
    return mac.isPresent() ? MAC_BYTES : CRC_BYTES;
  }

  private void writeHead(NodeId from, long boot, Message message) {
    body.text(cluster).text(from.value()).int64(boot);
    if (message instanceof Message.Ping ping) {
      body.int8(0).varint(ping.sequence()).text(ping.target().value());
    } else if (message instanceof Message.Ack ack) {
      body.int8(1).varint(ack.sequence());
    } else if (message instanceof Message.Nack nack) {
      body.int8(2).varint(nack.sequence());
    } else if (message instanceof Message.PingRequest request) {
      body.int8(3).varint(request.sequence()).text(request.target().value());
      body.text(request.address().host()).varint(request.address().port());
    } else if (message instanceof Message.Gossip) {
      body.int8(4);
    } else if (message instanceof Message.SyncRequest request) {
      body.int8(5).int64(request.digest());
    } else if (message instanceof Message.SyncReply) {
      body.int8(6);
    } else {
      throw new AssertionError("unhandled message " + message);
    }
  }

  private static Message readMessage(ByteReader in) {
    int kind = in.uint8();
    return switch (kind) {
      case 0 -> new Message.Ping(in.varint(), nodeId(in));
      case 1 -> new Message.Ack(in.varint());
      case 2 -> new Message.Nack(in.varint());
      case 3 -> new Message.PingRequest(in.varint(), nodeId(in), address(in));
      case 4 -> new Message.Gossip();
      case 5 -> new Message.SyncRequest(in.int64());
      case 6 -> new Message.SyncReply();
      default -> throw in.malformed("message kind " + kind);
    };
  }

  private static NodeId nodeId(ByteReader in) {
    try {
      return NodeId.of(in.text(MAX_NAME_BYTES, "node id"));
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  private static Address address(ByteReader in) {
    try {
      return new Address(in.text(MAX_NAME_BYTES, "host"), in.varint(65_535, "port"));
    } catch (IllegalArgumentException e) {
      throw in.malformed(e.getMessage());
    }
  }

  private byte[] seal(byte[] bytes, int from, int length) {
    if (mac.isPresent()) {
      mac.get().update(bytes, from, length);
      return Arrays.copyOf(mac.get().doFinal(), MAC_BYTES);
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, from, length);
    return new ByteWriter(CRC_BYTES).int32((int) crc.getValue()).toByteArray();
  }

  private static Mac mac(byte[] key) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has HmacSHA256", e);
    }
  }
}
