package io.quorate.core.pubsub;

import io.quorate.core.Text;
import java.util.List;

/**
 * Names one topic, or many by wildcards. Segments are separated by dots; {@code *} stands for
 * exactly one segment, {@code **} for any number, none included: {@code model.*.updated}, {@code
 * metrics.**}.
 *
 * @param value the pattern; 1 to 200 characters, segments of {@code a-z A-Z 0-9 _ -} or a wildcard
 */
public record TopicPattern(String value) {
  private static final int MAX_LENGTH = 200;
  private static final String ONE = "*";
  private static final String MANY = "**";

  public TopicPattern {
    check("topic pattern", value, true);
  }

  /** The pattern {@code value}. */
  public static TopicPattern of(String value) {
    return new TopicPattern(value);
  }

  /** Whether it may match more than one topic. */
  public boolean isWildcard() {
    return value.indexOf('*') >= 0;
  }

  /** Whether it matches {@code topic}. Costs at most the product of the segments of both. */
  public boolean matches(String topic) {
    if (!isWildcard()) {
      return value.equals(topic);
    }
    List<String> pattern = List.of(value.split("\\."));
    List<String> name = List.of(topic.split("\\."));
    // reachable[i]: the pattern's first segments, up to the one at hand, match the name's first i.
    boolean[] reachable = new boolean[name.size() + 1];
    reachable[0] = true;
    for (String segment : pattern) {
      boolean[] next = new boolean[reachable.length];
      for (int i = 0; i < reachable.length; i++) {
        if (segment.equals(MANY)) {
          next[i] = reachable[i] || (i > 0 && next[i - 1]);
        } else if (i > 0 && reachable[i - 1]) {
          next[i] = segment.equals(ONE) || segment.equals(name.get(i - 1));
        }
      }
      reachable = next;
    }
    return reachable[name.size()];
  }

  /**
   * {@code topic}, if it names one topic.
   *
   * @throws IllegalArgumentException if it does not, saying what is wrong with it
   */
  public static String requireTopic(String topic) {
    check("topic", topic, false);
    return topic;
  }

  private static void check(String what, String value, boolean wildcards) {
    if (value == null || value.isEmpty() || value.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          what + " must have 1 to " + MAX_LENGTH + " characters, was " + Text.quote(value));
    }
    String former = "";
    for (String segment : value.split("\\.", -1)) {
      boolean wildcard = segment.equals(ONE) || segment.equals(MANY);
      if (wildcard && !wildcards) {
        throw new IllegalArgumentException(what + " must not have wildcards, was "
            + Text.quote(value));
      }
      if (!wildcard && !isPlain(segment)) {
        throw new IllegalArgumentException(
            what
                + " must be segments of a-z A-Z 0-9 _ -"
                + (wildcards ? ", * or **," : "")
                + " separated by dots, was "
                + Text.quote(value)
                + " with segment "
                + Text.quote(segment));
      }
      if (segment.equals(MANY) && former.equals(MANY)) {
        throw new IllegalArgumentException(what + " has ** twice in a row: " + Text.quote(value));
      }
      former = segment;
    }
  }

  private static boolean isPlain(String segment) {
    for (int i = 0; i < segment.length(); i++) {
      char c = segment.charAt(i);
      boolean plain =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_'
              || c == '-';
      if (!plain) {
        return false;
      }
    }
    return !segment.isEmpty();
  }

  @Override
  public String toString() {
    return value;
  }
}
