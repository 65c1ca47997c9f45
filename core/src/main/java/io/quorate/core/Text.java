package io.quorate.core;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/** Text from outside: names are checked, anything else is made safe to show in one line. */
public final class Text {
  private static final int MAX_SHOWN = 80;
  private static final int MAX_NAME_LENGTH = 64;
  private static final int MAX_PATH_NAME_LENGTH = 48;

  private Text() {}

  /**
   * {@code text} in quotes, with control and non-ASCII characters escaped, cut after 80 characters;
   * {@code null} without quotes.
   */
  public static String quote(String text) {
    if (text == null) {
      return "null";
    }
    StringBuilder out = new StringBuilder("\"");
    int shown = Math.min(text.length(), MAX_SHOWN);
    for (int i = 0; i < shown; i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20 || c > 0x7e) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
    if (shown < text.length()) {
      out.append("... (").append(text.length()).append(" characters)");
    }
    return out.toString();
  }

  /**
   * {@code value}, if it is a name: 1 to 64 of the characters {@code a-z A-Z 0-9 . _ -}, the first
   * a letter or digit, and so safe in file names, metrics and logs.
   *
   * @param what names the value in the error
   * @throws IllegalArgumentException if it is not
   */
  public static String requireName(String what, String value) {
    if (!isName(value)) {
      throw new IllegalArgumentException(
          what
              + " must be 1 to 64 of a-z A-Z 0-9 . _ - and begin with a letter or digit, was "
              + quote(value));
    }
    return value;
  }

  /**
   * A {@linkplain #requireName name} for what belongs to a path, such as an executor: slashes become
   * dots, and of a long path a digest is kept. At most 48 characters, so that a use may be added.
   */
  public static String nameOfPath(String path) {
    String name = path.replace('/', '.');
    if (name.length() <= MAX_PATH_NAME_LENGTH) {
      return name;
    }
    CRC32C crc = new CRC32C();
    crc.update(path.getBytes(StandardCharsets.UTF_8));
    String digest = String.format("-%08x", crc.getValue());
    return name.substring(0, MAX_PATH_NAME_LENGTH - digest.length()) + digest;
  }

  private static boolean isName(String value) {
    if (value == null || value.isEmpty() || value.length() > MAX_NAME_LENGTH) {
      return false;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      boolean mark = i > 0 && (c == '.' || c == '_' || c == '-');
      if (!letterOrDigit && !mark) {
        return false;
      }
    }
    return true;
  }
}
