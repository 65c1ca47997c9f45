package io.quorate.core;

/** Makes text from outside safe to show in one line of a log or an error. */
public final class Text {
  private static final int MAX_SHOWN = 80;

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
}
