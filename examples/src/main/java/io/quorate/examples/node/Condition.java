package io.quorate.examples.node;

import io.quorate.core.Text;
import java.util.List;

/** What must hold for a write to take place. */
sealed interface Condition {
  /** Nothing. */
  record None() implements Condition {}

  /** The key's current version is this one. */
  record VersionIs(String version) implements Condition {}

  /** The key is absent. */
  record IsAbsent() implements Condition {}

  /**
   * Reads the conditional headers of a request.
   *
   * @param ifMatch the values of {@code If-Match}; at most one, a quoted version
   * @param ifNoneMatch the values of {@code If-None-Match}; at most one, {@code *}
   * @throws BadRequestException if they have another form or are combined
   */
  static Condition of(List<String> ifMatch, List<String> ifNoneMatch) {
    if (ifMatch.size() + ifNoneMatch.size() > 1) {
      throw new BadRequestException(400, "at most one of If-Match and If-None-Match");
    }
    if (!ifMatch.isEmpty()) {
      return new VersionIs(unquoted(ifMatch.get(0).trim()));
    }
    if (ifNoneMatch.isEmpty()) {
      return new None();
    }
    if (!ifNoneMatch.get(0).trim().equals("*")) {
      throw new BadRequestException(
          400, "If-None-Match must be *, was " + Text.quote(ifNoneMatch.get(0)));
    }
    return new IsAbsent();
  }

  private static String unquoted(String tag) {
    boolean quoted = tag.length() > 2 && tag.startsWith("\"") && tag.endsWith("\"");
    if (!quoted || tag.indexOf('"', 1) != tag.length() - 1) {
      throw new BadRequestException(
          400, "If-Match must be one version in quotes, was " + Text.quote(tag));
    }
    return tag.substring(1, tag.length() - 1);
  }
}
