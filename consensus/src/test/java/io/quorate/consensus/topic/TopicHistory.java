package io.quorate.consensus.topic;

import io.quorate.core.pubsub.Delivery;
import io.quorate.core.pubsub.Gap;
import io.quorate.core.pubsub.Receipt;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** What clients of replicated topics did and saw, and whether that is what was promised. */
final class TopicHistory {
  /** A place in a topic. */
  record Place(String topic, int partition, long sequence) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int byTopic = topic.compareTo(other.topic);
      int byPartition = Integer.compare(partition, other.partition);
      return byTopic != 0
          ? byTopic
          : byPartition != 0 ? byPartition : Long.compare(sequence, other.sequence);
    }
  }

  /** A message that was published; its text names it. */
  static final class Published {
    final String topic;
    final String key;
    final String text;
    /** Who published it, and as its how-manieth: messages of one keep their order. */
    final String publisher;
    final int number;
    Receipt receipt;
    boolean refused;
    Runnable onAcknowledged = () -> {};

    Published(String topic, String key, String text, String publisher, int number) {
      this.topic = topic;
      this.key = key;
      this.text = text;
      this.publisher = publisher;
      this.number = number;
    }
  }

  /** What one subscriber without a group was given, from its first message on. */
  static final class View {
    final String topic;
    final int node;
    final int incarnation;
    private final String name;
    final Set<Place> seen = new HashSet<>();
    final Map<String, Place> newestOfKey = new HashMap<>();
    private final Map<Integer, Long> firstOf = new HashMap<>();
    final List<Gap> gaps = new ArrayList<>();

    /** Whether it was closed, as one is whose subscribing failed. */
    boolean ended;

    View(String topic, int node, int incarnation) {
      this.topic = topic;
      this.node = node;
      this.incarnation = incarnation;
      this.name = topic + " on node " + node + "." + incarnation;
    }

    /** At least once, and in the order of each key. */
    void delivered(Delivery delivery, TopicHistory history) {
      Place place = place(delivery);
      firstOf.putIfAbsent(place.partition(), place.sequence());
      if (!seen.add(place)) {
        return;
      }
      String key = delivery.partition() + "/" + delivery.message().key().orElse("");
      Place newest = newestOfKey.put(key, place);
      if (newest != null && newest.sequence() > place.sequence()) {
        history.violated(name + " was given " + place + " after " + newest);
      }
    }

    /**
     * What was not seen was told as a gap: all of it if the subscriber is still there, and what is
     * older than a message of the same key that was seen if it is not.
     *
     * @param log the key of each message that there was
     */
    void checkNothingIsSilentlyMissing(SortedMap<Place, String> log, boolean stillThere) {
      log.forEach(
          (place, key) -> {
            Place newest = newestOfKey.get(place.partition() + "/" + key);
            boolean expected =
                place.sequence() >= first(place.partition())
                    && (stillThere || newest != null && place.sequence() < newest.sequence());
            if (expected && !seen.contains(place) && !isInGap(place)) {
              throw new AssertionError(name + " has missed " + place + " and was not told of it");
            }
          });
    }

    /** Where it began: what was dropped before is no gap. */
    private long first(int partition) {
      return firstOf.getOrDefault(partition, Long.MAX_VALUE);
    }

    private boolean isInGap(Place place) {
      return gaps.stream()
          .anyMatch(
              gap ->
                  gap.partition() == place.partition()
                      && gap.fromSequence() <= place.sequence()
                      && place.sequence() < gap.toSequence());
    }
  }

  final Map<String, Published> published = new HashMap<>();
  final List<View> views = new ArrayList<>();

  /** The highest attempt at each message that any member of a group was given. */
  private final Map<String, Integer> attempts = new HashMap<>();

  private final Map<String, Delivery> newestOfGroup = new HashMap<>();

  /** What was given first after a newer one of its key, though handed out before; and which. */
  private final Map<Place, String> late = new HashMap<>();

  private final Set<String> settled = new HashSet<>();
  private final Set<Place> givenToGroups = new HashSet<>();
  private final Consumer<String> violations;

  int acknowledged;
  int fenced;

  /** @param violations is told what must not be */
  TopicHistory(Consumer<String> violations) {
    this.violations = violations;
  }

  private void violated(String violation) {
    violations.accept(violation);
  }

  static Place place(Delivery delivery) {
    return new Place(delivery.topic(), delivery.partition(), delivery.sequence());
  }

  void acknowledged(Published message, Receipt receipt) {
    message.receipt = receipt;
    acknowledged++;
    message.onAcknowledged.run();
  }

  /** A member of {@code group} was given a message: first times come in the order of each key. */
  void given(String group, Delivery delivery) {
    Place place = place(delivery);
    attempts.merge(group + place, delivery.attempt(), Math::max);
    if (givenToGroups.add(place)) {
      String key = group + delivery.partition() + delivery.message().key().orElse("");
      Delivery newest = newestOfGroup.get(key);
      if (newest == null || newest.sequence() < place.sequence()) {
        newestOfGroup.put(key, delivery);
        return;
      }
      String complaint = group + " was given " + place + " after " + place(newest);
      if (delivery.generation() < newest.generation()) {
        late.put(place, complaint);
      } else {
        violated(complaint);
      }
    }
  }

  /**
   * A replica that lags tells its member of an attempt when the message has long been given up, and
   * later ones of its key have gone to members elsewhere. The member is fenced; but only a message
   * that was given up may come so late.
   */
  void checkLateOnesWereGivenUp(Predicate<Place> givenUp) {
    late.forEach(
        (place, complaint) -> {
          if (!givenUp.test(place)) {
            violated(complaint);
          }
        });
  }

  boolean wasGiven(Place place) {
    return givenToGroups.contains(place);
  }

  /** Whether a later attempt at the message is in somebody's hands, so that this one is over. */
  boolean isOver(String group, Delivery delivery) {
    return attempts.get(group + place(delivery)) > delivery.attempt();
  }

  /**
   * The broker has taken a member's word.
   *
   * @param wasOver what {@link #isOver} said when the member spoke
   */
  void settled(String group, Delivery delivery, boolean wasOver) {
    if (wasOver) {
      violated(
          group + ": attempt " + delivery.attempt() + " at " + place(delivery)
              + " was settled after another was handed out");
    }
    if (!settled.add(group + place(delivery))) {
      violated(group + ": " + place(delivery) + " was settled twice");
    }
  }

  /** Every message that was acknowledged is where its receipt says; none is there twice. */
  void checkLog(SortedMap<Place, String> log, Set<String> dropping) {
    Map<String, Place> places = new HashMap<>();
    log.forEach(
        (place, text) -> {
          Place other = places.put(place.topic() + text, place);
          if (other != null) {
            throw new AssertionError(text + " is stored twice: " + other + ", " + place);
          }
        });
    for (Published each : published.values()) {
      Place found = places.get(each.topic + each.text);
      if (each.receipt != null && found == null && !dropping.contains(each.topic)) {
        throw new AssertionError("lost although acknowledged: " + each.text + " of " + each.topic);
      }
      if (each.refused && found != null) {
        throw new AssertionError("stored although refused: " + each.text + " at " + found);
      }
      if (each.receipt != null
          && found != null
          && (found.partition() != each.receipt.partition()
              || found.sequence() != each.receipt.sequence())) {
        throw new AssertionError(each.text + " is at " + found + ", not at " + each.receipt);
      }
    }
    checkOrder(log);
  }

  /** Messages of one publisher with one key are in the order in which it published them. */
  private void checkOrder(SortedMap<Place, String> log) {
    Map<String, Published> newest = new HashMap<>();
    log.forEach(
        (place, text) -> {
          Published message = published.get(place.topic() + text);
          if (message == null) {
            return;
          }
          Published before =
              newest.put(message.topic + message.publisher + message.key, message);
          if (before != null && before.number > message.number) {
            throw new AssertionError(
                "out of order: " + message.text + " is behind " + before.text + " in "
                    + message.topic);
          }
        });
  }
}
