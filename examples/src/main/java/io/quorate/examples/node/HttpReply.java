package io.quorate.examples.node;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a request is answered with.
 *
 * @param status of HTTP
 * @param headers by name, without those of the connection and the length
 * @param body its bytes, not copied
 */
record HttpReply(int status, Map<String, String> headers, byte[] body) {
  private static final Map<Integer, String> REASONS =
      Map.ofEntries(
          Map.entry(200, "OK"),
          Map.entry(204, "No Content"),
          Map.entry(400, "Bad Request"),
          Map.entry(404, "Not Found"),
          Map.entry(405, "Method Not Allowed"),
          Map.entry(412, "Precondition Failed"),
          Map.entry(413, "Content Too Large"),
          Map.entry(414, "URI Too Long"),
          Map.entry(431, "Request Header Fields Too Large"),
          Map.entry(501, "Not Implemented"),
          Map.entry(503, "Service Unavailable"),
          Map.entry(505, "HTTP Version Not Supported"));

  static HttpReply text(int status, String text) {
    return new HttpReply(
        status,
        Map.of("Content-Type", "text/plain; charset=utf-8"),
        (text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  HttpReply with(String header, String value) {
    Map<String, String> more = new TreeMap<>(headers);
    more.put(header, value);
    return new HttpReply(status, more, body);
  }

  /** The bytes that go out, without the body if {@code bare}. */
  byte[] encoded(boolean keepAlive, boolean bare) {
    StringBuilder head = new StringBuilder(128);
    head.append("HTTP/1.1 ").append(status).append(' ').append(REASONS.getOrDefault(status, "-"));
    head.append("\r\n");
    headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    if (status != 204) {
      head.append("Content-Length: ").append(body.length).append("\r\n");
    }
    if (!keepAlive) {
      head.append("Connection: close\r\n");
    }
    head.append("\r\n");
    int bodyLength = status == 204 || bare ? 0 : body.length;
    byte[] bytes =
        Arrays.copyOf(
            head.toString().getBytes(StandardCharsets.ISO_8859_1), head.length() + bodyLength);
    System.arraycopy(body, 0, bytes, head.length(), bodyLength);
    return bytes;
  }
}
