package io.quorate.core.pubsub;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What was published, stored, handled and committed in a {@link BusStorm}, and what must hold. */
final class BusLedger {
  /** Attempts by key, in the order of publishing. */
  private final Map<String, List<String>> published = new TreeMap<>();

  /** Acknowledged: text by place. */
  private final SortedMap<String, String> stored = new TreeMap<>();

  /** Of the models: the newest acknowledged text by key. */
  private final SortedMap<String, String> models = new TreeMap<>();

  private final SortedMap<String, Integer> handled = new TreeMap<>();
  private final SortedMap<String, Long> lastFirstHandled = new TreeMap<>();
  private final SortedSet<String> committed = new TreeSet<>();
  private final SortedMap<String, String> dedupPlaces = new TreeMap<>();
  private final SortedMap<String, SortedSet<String>> missing = new TreeMap<>();
  private final SortedMap<String, SortedSet<String>> seen = new TreeMap<>();
  private final SortedMap<String, SortedSet<Long>> stuck = new TreeMap<>();

  private final List<String> violations = new ArrayList<>();

  /** Noted rather than thrown, since a subscriber that throws has done nothing unheard of. */
  private void violated(String what) {
    violations.add(what);
  }

  void verify() {
    if (!violations.isEmpty()) {
      throw new AssertionError(violations.get(0));
    }
  }

  private static String place(String topic, int partition, long sequence) {
    return topic + "/" + partition + "/" + sequence;
  }

  private static String place(Delivery delivery) {
    return place(delivery.topic(), delivery.partition(), delivery.sequence());
  }

  void published(String key, String text) {
    published.computeIfAbsent(key, k -> new ArrayList<>()).add(text);
  }

  void stored(String topic, String key, String text, Receipt receipt) {
    stored.put(place(topic, receipt.partition(), receipt.sequence()), text);
    if (topic.equals(BusStorm.MODELS)) {
      models.put(key, text);
    }
  }

  /** A member of the group is given a message. */
  void handled(String member, Delivery delivery) {
    String place = place(delivery);
    boolean memory = delivery.topic().equals(BusStorm.MEMORY);
    int times = handled.merge(place, 1, Integer::sum);
    if (memory && times > 1) {
      violated("at most once, but twice: " + place);
    }
    if (times == 1) {
      // A member that was cut off may be late with what only it was given, at most once.
      String order = delivery.topic() + " " + delivery.message().key().orElseThrow()
          + (memory ? " " + member : "");
      Long former = lastFirstHandled.put(order, delivery.sequence());
      if (former != null && former > delivery.sequence()) {
        violated(
            "out of order: " + place + " is first handled after " + former + " of " + order);
      }
    }
    if (delivery.topic().equals(BusStorm.DEDUP)) {
      String former = dedupPlaces.put(delivery.message().text(), place);
      if (former != null && !former.equals(place)) {
        violated(
            "stored twice: " + delivery.message().text() + " at " + former + " and " + place);
      }
    }
  }

  /** The acknowledgement of a member was taken. */
  void committed(Delivery delivery) {
    boolean first = committed.add(place(delivery));
    if (!first && !delivery.topic().equals(BusStorm.MEMORY)) {
      violated("committed by two owners: " + place(delivery));
    }
  }

  /** A subscriber that settles nothing is given something. */
  void stuck(String subscription, Delivery delivery) {
    String session = ((HeldDelivery) delivery).effect().session();
    SortedSet<Long> tags =
        stuck.computeIfAbsent(subscription + " " + session, s -> new TreeSet<>());
    tags.add(((HeldDelivery) delivery).effect().tag());
    if (tags.size() > BusStorm.STUCK_CREDITS) {
      violated("more than its credits: " + subscription);
    }
  }

  /** A subscriber that has the topic to itself, from its beginning. */
  Subscriber alone(String name, TopicKind kind) {
    return new Subscriber() {
      private final SortedMap<Integer, Long> next = new TreeMap<>();

      @Override
      public void onDelivery(Delivery delivery) {
        long expected = next.getOrDefault(delivery.partition(), 0L);
        SortedSet<String> late = missing.computeIfAbsent(name, n -> new TreeSet<>());
        for (long gone = expected; gone < delivery.sequence(); gone++) {
          late.add(place(delivery.topic(), delivery.partition(), gone));
        }
        late.remove(place(delivery));
        if (delivery.sequence() > expected && kind == TopicKind.MEMORY) {
          violated(
              "silent gap from " + expected + " to " + place(delivery) + " at " + name);
        }
        if (delivery.sequence() < expected && kind == TopicKind.MEMORY) {
          violated("at most once, but again: " + place(delivery) + " at " + name);
        }
        next.put(delivery.partition(), Math.max(expected, delivery.sequence() + 1));
        seen.computeIfAbsent(name, n -> new TreeSet<>()).add(delivery.message().text());
      }

      @Override
      public void onGap(Gap gap) {
        next.merge(gap.partition(), gap.toSequence(), Math::max);
      }
    };
  }

  /**
   * Messages that {@code name} was not given though it was given later ones. Where messages come
   * again, those of a key wait for a failed one of theirs; no others do, and not for ever.
   */
  SortedSet<String> missing(String name) {
    return missing.getOrDefault(name, new TreeSet<>());
  }

  boolean hasSeen(String name, String text) {
    return seen.getOrDefault(name, new TreeSet<>()).contains(text);
  }

  /** Whether all that was acknowledged was handled, where that is promised. */
  boolean allHandled() {
    return stored.keySet().stream()
        .filter(place -> place.startsWith(BusStorm.DURABLE) || place.startsWith(BusStorm.DEDUP))
        .allMatch(handled::containsKey);
  }

  /** Whether {@code known} has no value that is older than one that was acknowledged. */
  boolean isCurrent(SortedMap<String, String> known) {
    return models.entrySet().stream()
        .allMatch(
            newest -> {
              List<String> order = published.get(newest.getKey());
              return order.indexOf(known.get(newest.getKey()))
                  >= order.lastIndexOf(newest.getValue());
            });
  }
}
