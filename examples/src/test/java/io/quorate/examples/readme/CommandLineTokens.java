package io.quorate.examples.readme;

import java.util.ArrayList;
import java.util.List;

/** Splits a command as a shell does, as far as quotes and blanks go. */
final class CommandLineTokens {
  private CommandLineTokens() {}

  static List<String> of(String command) {
    List<String> tokens = new ArrayList<>();
    StringBuilder token = new StringBuilder();
    char quote = 0;
    boolean begun = false;
    for (char c : command.toCharArray()) {
      if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
        begun = true;
      } else if (c == quote) {
        quote = 0;
      } else if (quote == 0 && Character.isWhitespace(c)) {
        if (begun) {
          tokens.add(token.toString());
        }
        token.setLength(0);
        begun = false;
      } else {
        token.append(c);
        begun = true;
      }
    }
    if (begun) {
      tokens.add(token.toString());
    }
    return tokens;
  }
}
