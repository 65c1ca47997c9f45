package io.quorate.examples.node;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Reads the requests of one connection. Whatever a client sends is read to its end before it is
 * answered, as far as {@link #MAX_DRAINED_BYTES}: who is still sending would find the connection
 * reset instead of the answer. Belongs to the connection's thread.
 */
final class HttpInput {
  /** The request is no HTTP: it can be answered, but where the next one begins is not known. */
  static final class UnreadableException extends Exception {
    private static final long serialVersionUID = 1;

    private final int status;

    UnreadableException(int status, String message) {
      super(message);
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  private static final int MAX_LINE_BYTES = 1 << 20;
  private static final int MAX_HEADER_BYTES = 64 << 10;
  private static final long MAX_DRAINED_BYTES = 32L << 20;
  private static final int IDLE_MILLIS = 120_000;
  private static final int SILENCE_MILLIS = 15_000;
  private static final long REQUEST_NANOS = 60_000_000_000L;

  private final Socket socket;
  private final InputStream in;
  private final Runnable onAsked;
  private final int maxBodyBytes;
  private final byte[] buffer = new byte[16 << 10];
  private int position;
  private int limit;
  private long deadlineNanos;

  /**
   * Reads from {@code socket}.
   *
   * @param onAsked tells the client to go on, if it asks before it sends a body
   */
  HttpInput(Socket socket, int maxBodyBytes, Runnable onAsked) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
    this.maxBodyBytes = maxBodyBytes;
    this.onAsked = onAsked;
  }

  /** Waits for the next request to begin; returns false if the client will send none. */
  boolean awaitRequest() throws IOException {
    if (position < limit) {
      return true;
    }
    socket.setSoTimeout(IDLE_MILLIS);
    try {
      limit = in.read(buffer);
    } catch (SocketTimeoutException e) {
      return false;
    }
    position = 0;
    return limit > 0;
  }

  /**
   * Reads the request that has begun.
   *
   * @throws IOException if the client goes away, or takes too long
   */
  HttpRequest read() throws IOException, UnreadableException {
    deadlineNanos = System.nanoTime() + REQUEST_NANOS;
    socket.setSoTimeout(SILENCE_MILLIS);
    String first = line(MAX_LINE_BYTES, 414);
    if (first.isEmpty()) {
      // Some clients end the request before with a line too many.
      first = line(MAX_LINE_BYTES, 414);
    }
    int methodEnd = first.indexOf(' ');
    int targetEnd = first.lastIndexOf(' ');
    if (methodEnd <= 0 || targetEnd <= methodEnd) {
      throw new UnreadableException(400, "request must begin with METHOD TARGET HTTP/1.1");
    }
    String version = first.substring(targetEnd + 1);
    if (!version.equals("HTTP/1.1") && !version.equals("HTTP/1.0")) {
      boolean http = version.startsWith("HTTP/");
      throw new UnreadableException(http ? 505 : 400, "version must be HTTP/1.1");
    }
    Map<String, List<String>> headers = headers();
    String target = originForm(first.substring(methodEnd + 1, targetEnd));
    int question = target.indexOf('?');
    Optional<byte[]> body = body(headers);
    return new HttpRequest(
        first.substring(0, methodEnd),
        question < 0 ? target : target.substring(0, question),
        question < 0 ? "" : target.substring(question + 1),
        headers,
        body.orElse(new byte[0]),
        body.isEmpty(),
        keepAlive(version, headers));
  }

  private static String originForm(String target) {
    int authority = target.startsWith("http://") ? "http://".length() : -1;
    if (authority < 0) {
      return target;
    }
    int path = target.indexOf('/', authority);
    return path < 0 ? "/" : target.substring(path);
  }

  private static boolean keepAlive(String version, Map<String, List<String>> headers) {
    String connection =
        String.join(",", headers.getOrDefault("connection", List.of())).toLowerCase(Locale.ROOT);
    return version.equals("HTTP/1.1")
        ? !connection.contains("close")
        : connection.contains("keep-alive");
  }

  private Map<String, List<String>> headers() throws IOException, UnreadableException {
    Map<String, List<String>> headers = new TreeMap<>();
    int left = MAX_HEADER_BYTES;
    for (String line = line(left, 431); !line.isEmpty(); line = line(left, 431)) {
      left -= line.length();
      int colon = line.indexOf(':');
      if (colon <= 0 || line.charAt(0) <= ' ' || line.charAt(colon - 1) <= ' ') {
        throw new UnreadableException(400, "header must be NAME: VALUE");
      }
      String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
      headers
          .computeIfAbsent(name, any -> new ArrayList<>())
          .add(line.substring(colon + 1).trim());
    }
    return headers;
  }

  /** The body; empty if it is larger than what is taken. */
  private Optional<byte[]> body(Map<String, List<String>> headers)
      throws IOException, UnreadableException {
    List<String> encodings = headers.getOrDefault("transfer-encoding", List.of());
    List<String> lengths = headers.getOrDefault("content-length", List.of());
    if (!encodings.isEmpty() && !lengths.isEmpty() || lengths.size() > 1) {
      throw new UnreadableException(400, "the length of the body must be said once");
    }
    if (encodings.isEmpty() && lengths.isEmpty()) {
      return Optional.of(new byte[0]);
    }
    boolean chunked = encodings.size() == 1 && encodings.get(0).equalsIgnoreCase("chunked");
    if (!encodings.isEmpty() && !chunked) {
      throw new UnreadableException(501, "Transfer-Encoding must be chunked");
    }
    long length = chunked ? 0 : number(lengths.get(0), 10);
    if (headers.containsKey("expect")) {
      onAsked.run();
    }
    Body body = new Body();
    if (!chunked) {
      body.take(length);
      return body.whole();
    }
    for (long chunk = chunk(); chunk > 0; chunk = chunk()) {
      body.take(chunk);
      if (!line(2, 400).isEmpty()) {
        throw new UnreadableException(400, "chunk is longer than announced");
      }
    }
    headers();
    return body.whole();
  }

  private long chunk() throws IOException, UnreadableException {
    String line = line(MAX_HEADER_BYTES, 400);
    int extension = line.indexOf(';');
    return number((extension < 0 ? line : line.substring(0, extension)).trim(), 16);
  }

  private static long number(String text, int radix) throws UnreadableException {
    boolean digits =
        !text.isEmpty() && text.chars().allMatch(c -> c < 0x80 && Character.digit(c, radix) >= 0);
    if (!digits || text.length() > 15) {
      throw new UnreadableException(400, "length must be a number");
    }
    return Long.parseLong(text, radix);
  }

  /** The next line, without its end; each byte is a char. */
  private String line(int maxBytes, int statusIfLonger) throws IOException, UnreadableException {
    StringBuilder line = new StringBuilder();
    for (int c = next(); c != '\n'; c = next()) {
      if (line.length() >= maxBytes) {
        throw new UnreadableException(statusIfLonger, "a line of the request is too long");
      }
      line.append((char) c);
    }
    int length = line.length();
    if (length > 0 && line.charAt(length - 1) == '\r') {
      line.setLength(length - 1);
    }
    return line.toString();
  }

  private int next() throws IOException {
    if (position == limit) {
      fill();
    }
    return buffer[position++] & 0xff;
  }

  private void fill() throws IOException {
    if (System.nanoTime() - deadlineNanos > 0) {
      throw new SocketTimeoutException("the request takes too long to arrive");
    }
    limit = in.read(buffer);
    position = 0;
    if (limit < 0) {
      limit = 0;
      throw new EOFException("the client went away in the middle of a request");
    }
  }

  /** What has been kept of a body, and how much was not. */
  private final class Body {
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private long size;

    void take(long count) throws IOException, UnreadableException {
      size += count;
      if (size > MAX_DRAINED_BYTES) {
        throw new UnreadableException(413, "body is too large");
      }
      for (long left = count; left > 0; ) {
        if (position == limit) {
          fill();
        }
        int part = (int) Math.min(left, limit - position);
        if (size <= maxBodyBytes) {
          kept.write(buffer, position, part);
        }
        position += part;
        left -= part;
      }
    }

    Optional<byte[]> whole() {
      return size > maxBodyBytes ? Optional.empty() : Optional.of(kept.toByteArray());
    }
  }
}
