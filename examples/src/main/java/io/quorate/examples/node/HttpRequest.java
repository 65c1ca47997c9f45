package io.quorate.examples.node;

import java.util.List;
import java.util.Map;

/**
 * A request as it arrived.
 *
 * @param method as written
 * @param path what the target has before its first question mark, not decoded
 * @param query what follows it, empty if there is none
 * @param headers values by name in lower case, in their order
 * @param body whole, or empty if it was larger than taken
 * @param bodyTooLarge whether it was
 * @param keepAlive whether another request may follow
 */
record HttpRequest(
    String method,
    String path,
    String query,
    Map<String, List<String>> headers,
    byte[] body,
    boolean bodyTooLarge,
    boolean keepAlive) {
  List<String> values(String header) {
    return headers.getOrDefault(header, List.of());
  }
}
