package io.quorate.core.transport;

import io.quorate.core.Text;

/**
 * Where a node can be reached. Not its identity: a node keeps its id when its address changes.
 *
 * @param host a host name or a literal IP address; not resolved here
 * @param port 0 to 65535; 0 asks for any free port when binding
 */
public record Address(String host, int port) {
  public Address {
    if (host == null || host.isBlank()) {
      throw new IllegalArgumentException("host must not be blank, was " + Text.quote(host));
    }
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be 0 to 65535, was " + port);
    }
  }

  /**
   * Reads {@code host:port} or {@code [ipv6]:port}.
   *
   * @throws IllegalArgumentException if {@code text} has another form
   */
  public static Address parse(String text) {
    int colon = text == null ? -1 : text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("address must be host:port, was " + Text.quote(text));
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw new IllegalArgumentException(
          "IPv6 address must be [host]:port, was " + Text.quote(text));
    }
    int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("port must be a number, was " + Text.quote(text), e);
    }
    return new Address(host, port);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
