package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;

/** One end of a connection that says whatever a test wants said. */
final class RawPeer implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 20_000;

  private final Socket socket;
  private final DataInputStream in;

  RawPeer(Socket socket) throws IOException {
    this.socket = socket;
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(PATIENCE_MILLIS);
    this.in = new DataInputStream(socket.getInputStream());
  }

  /** A frame as it was read. */
  record Frame(int kind, byte[] rest) {
    long id() {
      return ByteBuffer.wrap(rest).getLong();
    }

    String text(int from) {
      return new String(rest, from, rest.length - from, java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  static RawPeer connect(Address address) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(address.host(), address.port()), PATIENCE_MILLIS);
    return new RawPeer(socket);
  }

  /** Connects and shakes hands as {@code node}; service number 0 is {@code svc}. */
  static RawPeer established(Address address, String node) throws IOException {
    RawPeer peer = connect(address);
    peer.send(Wire.MAGIC, Wire.hello("test", node, 1, 7, 0));
    peer.send(Wire.ready(peer.readHelloNonce()), Wire.service(0, "svc"));
    return peer;
  }

  /** Accepts a connection of node {@code a} and shakes hands as {@code node}. */
  static RawPeer accept(ServerSocket server, String node) throws IOException {
    RawPeer peer = new RawPeer(server.accept());
    long nonce = peer.readHelloNonce();
    peer.send(Wire.MAGIC, Wire.hello("test", node, 1, 9, nonce));
    assertThat(peer.read().kind()).isEqualTo(0x02);
    return peer;
  }

  static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
  }

  /** Reads magic and HELLO; returns its nonce. */
  long readHelloNonce() throws IOException {
    assertThat(in.readNBytes(8)).isEqualTo(Wire.MAGIC);
    Frame hello = read();
    assertThat(hello.kind()).isEqualTo(0x01);
    return ByteBuffer.wrap(hello.rest()).getLong(hello.rest().length - 16);
  }

  void send(byte[]... parts) throws IOException {
    socket.getOutputStream().write(Wire.concat(parts));
  }

  Frame read() throws IOException {
    in.readInt();
    byte[] body = in.readNBytes(in.readInt());
    return new Frame(body[0] & 0xff, java.util.Arrays.copyOfRange(body, 1, body.length));
  }

  /** Reads on to the next frame of {@code kind}. */
  Frame read(int kind) throws IOException {
    while (true) {
      Frame frame = read();
      if (frame.kind() == kind) {
        return frame;
      }
    }
  }

  /** Reads to the end, which must come; returns how many bytes came before. */
  int readToEnd() throws IOException {
    int count = 0;
    try {
      while (in.read() >= 0) {
        count++;
      }
    } catch (SocketException e) {
      // A reset is an end, too.
    } catch (EOFException e) {
      throw new AssertionError(e);
    }
    return count;
  }

  /** Sends {@code bytes} one by one, {@code pauseMillis} apart, until the other side closes. */
  int trickle(byte[] bytes, int pauseMillis) throws IOException {
    socket.setSoTimeout(pauseMillis);
    for (int i = 0; i < bytes.length; i++) {
      try {
        send(new byte[] {bytes[i]});
        if (in.read() < 0) {
          return i;
        }
      } catch (SocketTimeoutException e) {
        // Nothing came meanwhile: the connection is open.
      } catch (SocketException e) {
        return i;
      }
    }
    throw new AssertionError("still open after " + bytes.length + " bytes");
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** Closes with RST instead of FIN. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  Socket socket() {
    return socket;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
