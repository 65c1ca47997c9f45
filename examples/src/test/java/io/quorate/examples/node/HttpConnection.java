package io.quorate.examples.node;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** One connection of HTTP/1.1 to a node, on which a test may say what no client would. */
final class HttpConnection implements AutoCloseable {
  /** An answer; names of headers in lower case. */
  record Reply(int status, Map<String, String> headers, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }

    String tag() {
      return headers.getOrDefault("etag", "none");
    }
  }

  private final Socket socket;
  private final InputStream in;

  HttpConnection(int port) throws IOException {
    this.socket = new Socket("127.0.0.1", port);
    this.in = new BufferedInputStream(socket.getInputStream());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(20_000);
  }

  void write(String text) throws IOException {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  void write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  /** Says that nothing more will come, and still listens. */
  void endOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** A request with a body of known length, and its answer. */
  Reply send(String method, String path, byte[] body, String... headers) throws IOException {
    writeRequest(method, path, body, headers);
    return read(method.equals("HEAD"));
  }

  Reply send(String method, String path, String body, String... headers) throws IOException {
    return send(method, path, body.getBytes(StandardCharsets.UTF_8), headers);
  }

  void writeRequest(String method, String path, byte[] body, String... headers)
      throws IOException {
    StringBuilder head = head(method, path, headers);
    if (body.length > 0 || method.equals("PUT")) {
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    write(head.append("\r\n").toString());
    write(body);
  }

  /** A request whose body comes in chunks of {@code chunkBytes}, and its answer. */
  Reply sendChunked(String method, String path, byte[] body, int chunkBytes) throws IOException {
    write(head(method, path).append("Transfer-Encoding: chunked\r\n\r\n").toString());
    for (int from = 0; from < body.length; from += chunkBytes) {
      int count = Math.min(chunkBytes, body.length - from);
      write(Integer.toHexString(count) + "\r\n");
      socket.getOutputStream().write(body, from, count);
      write("\r\n");
    }
    write("0\r\n\r\n");
    return read(false);
  }

  static StringBuilder head(String method, String path, String... headers) {
    StringBuilder head =
        new StringBuilder(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: node\r\n");
    for (int i = 0; i < headers.length; i += 2) {
      head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
    }
    return head;
  }

  /** The next answer; those of 1xx are passed over. */
  Reply read(boolean bare) throws IOException {
    String[] first = line().split(" ", 3);
    Map<String, String> headers = new TreeMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      headers.put(
          line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
    }
    int status = Integer.parseInt(first[1]);
    if (status < 200) {
      return read(bare);
    }
    byte[] body = bare || status == 204 || status == 304 ? new byte[0] : body(headers);
    return new Reply(status, headers, body);
  }

  /** Whether the node answers with {@code status}, or ends the connection without an answer. */
  boolean isEndedOr(int status) throws IOException {
    try {
      return read(false).status() == status;
    } catch (EOFException | SocketException e) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  private byte[] body(Map<String, String> headers) throws IOException {
    if (!headers.containsKey("transfer-encoding")) {
      return in.readNBytes(Integer.parseInt(headers.getOrDefault("content-length", "0")));
    }
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (int count = chunk(); count > 0; count = chunk()) {
      body.write(in.readNBytes(count));
      line();
    }
    line();
    return body.toByteArray();
  }

  private int chunk() throws IOException {
    return Integer.parseInt(line().trim(), 16);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("connection ended after " + line);
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }
}
