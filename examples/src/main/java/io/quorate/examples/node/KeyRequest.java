package io.quorate.examples.node;

import io.quorate.core.Text;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The key and the consistency that a request's target names.
 *
 * @param key 1 to 1,024 bytes of UTF-8
 * @param consistency the query's {@code consistency}, or empty
 */
record KeyRequest(String key, String consistency) {
  private static final int MAX_KEY_BYTES = 1_024;

  /** What may stand in a path for itself, beside letters and digits; and the slash. */
  private static final String LITERAL = "-._~!$&'()*+,;=:@/%?";

  /**
   * Reads the last segment of a path, and the query.
   *
   * @throws BadRequestException 400 if it is not one well-encoded segment, 414 if it is too long
   */
  static KeyRequest of(String segment, String query) {
    return new KeyRequest(key(segment), consistency(query));
  }

  private static String key(String segment) {
    if (segment.isEmpty()) {
      throw new BadRequestException(400, "key must not be empty");
    }
    if (segment.indexOf('/') >= 0) {
      throw new BadRequestException(400, "key must be one path segment, / in it written as %2F");
    }
    byte[] bytes = percentDecoded(segment);
    if (bytes.length > MAX_KEY_BYTES) {
      throw new BadRequestException(
          414, "key must be at most " + MAX_KEY_BYTES + " bytes, was " + bytes.length);
    }
    return utf8(bytes, "key");
  }

  private static String consistency(String query) {
    if (query.isEmpty()) {
      return "";
    }
    String name = "consistency=";
    if (!query.startsWith(name) || query.indexOf('&') >= 0) {
      throw new BadRequestException(
          400, "query must be consistency=..., was " + Text.quote(query));
    }
    String value = utf8(percentDecoded(query.substring(name.length())), "consistency");
    if (value.isEmpty()) {
      throw new BadRequestException(400, "consistency must not be empty");
    }
    return value;
  }

  private static byte[] percentDecoded(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        boolean whole = i + 2 < text.length();
        int high = whole ? hexDigit(text.charAt(i + 1)) : -1;
        int low = whole ? hexDigit(text.charAt(i + 2)) : -1;
        if (high < 0 || low < 0) {
          throw badEncoding(text);
        }
        out.write(high << 4 | low);
        i += 2;
      } else if (isLiteral(c)) {
        out.write(c);
      } else {
        throw badEncoding(text);
      }
    }
    return out.toByteArray();
  }

  private static boolean isLiteral(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || LITERAL.indexOf(c) >= 0;
  }

  /** Character.digit would take the digits of other scripts too. */
  private static int hexDigit(char c) {
    return c < 0x80 ? Character.digit(c, 16) : -1;
  }

  private static String utf8(byte[] bytes, String what) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new BadRequestException(400, what + " is not UTF-8 after percent-decoding");
    }
  }

  private static BadRequestException badEncoding(String text) {
    return new BadRequestException(400, "bad percent-encoding in " + Text.quote(text));
  }
}
