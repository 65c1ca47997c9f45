package io.quorate.examples.recommender;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An answer: what, where from, and how old. On the wire it is text: source, age, items.
 *
 * @param ageMillis since it was computed
 */
record Recommendation(List<Integer> items, Source source, long ageMillis) {
  /** Where an answer comes from, the best first. */
  enum Source {
    /** Computed a moment ago. */
    CACHE,
    /** Computed for this request. */
    INFERENCE,
    /** Computed long ago; a new one could not be had. */
    STALE,
    /** The same for everybody; nothing better could be had. */
    POPULARITY
  }

  byte[] encode() {
    String list = items.stream().map(String::valueOf).collect(Collectors.joining(","));
    return (source + " " + ageMillis + " " + list).getBytes(StandardCharsets.UTF_8);
  }

  static Recommendation decode(byte[] bytes) {
    String[] parts = new String(bytes, StandardCharsets.UTF_8).split(" ", -1);
    return new Recommendation(
        Profile.items(parts[2]), Source.valueOf(parts[0]), Long.parseLong(parts[1]));
  }

  /** A user's history as it is kept in the store: items with commas between. */
  static final class Profile {
    private Profile() {}

    static String text(int[] history) {
      return Arrays.stream(history).mapToObj(String::valueOf).collect(Collectors.joining(","));
    }

    static List<Integer> items(String text) {
      return text.isEmpty()
          ? List.of()
          : Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
    }
  }
}
