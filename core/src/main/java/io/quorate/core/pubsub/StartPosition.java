package io.quorate.core.pubsub;

import java.time.Duration;
import java.util.Collections;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where a subscription begins in topics that exist when it is made; topics that appear later are
 * read from their beginning. A group that exists goes on where it was, whatever a member says.
 */
public sealed interface StartPosition {
  /** What is published from now on. */
  record Latest() implements StartPosition {}

  /** All that the topic holds. */
  record Earliest() implements StartPosition {}

  /**
   * What a late subscriber must know, then all that follows: the newest value of each key of a
   * compacted topic, the newest message of each partition of any other.
   */
  record Retained() implements StartPosition {}

  /**
   * Each partition from {@code sequence} on.
   *
   * @param sequence at least 0
   */
  record FromSequence(long sequence) implements StartPosition {
    public FromSequence {
      if (sequence < 0) {
        throw new IllegalArgumentException("sequence must be at least 0, was " + sequence);
      }
    }
  }

  /**
   * What was published in the last {@code age}, by the broker's time, and what follows.
   *
   * @param age 0 to 36,500 days
   */
  record Since(Duration age) implements StartPosition {
    public Since {
      Objects.requireNonNull(age, "age");
      if (age.isNegative() || age.compareTo(Duration.ofDays(36_500)) > 0) {
        throw new IllegalArgumentException("age must be 0 to 36,500 days, was " + age);
      }
    }
  }

  /**
   * Where a subscription was that its broker has lost. Topics that it names but that have been
   * created anew since, and topics that it does not name, are read from their beginning.
   *
   * @param topics by name
   */
  record Resume(SortedMap<String, Place> topics) implements StartPosition {
    public Resume {
      topics = Collections.unmodifiableSortedMap(new TreeMap<>(topics));
    }
  }

  /**
   * Where a subscription was in one topic.
   *
   * @param epoch of the topic, as in its deliveries
   * @param partitions by number
   */
  record Place(long epoch, SortedMap<Integer, Spot> partitions) {
    public Place {
      partitions = Collections.unmodifiableSortedMap(new TreeMap<>(partitions));
    }
  }

  /**
   * Where a subscription was in one partition.
   *
   * @param floor all below it is settled; where topics begin that deliver at least once
   * @param next all below it was delivered; where topics begin that deliver at most once
   */
  record Spot(long floor, long next) {}

  /** What is published from now on. */
  StartPosition LATEST = new Latest();

  /** All that the topic holds. */
  StartPosition EARLIEST = new Earliest();

  /** The newest values, then all that follows. */
  StartPosition RETAINED = new Retained();
}
