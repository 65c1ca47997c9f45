package io.quorate.core.pubsub;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Where a subscription is in topics that it has to itself, so that it can go on there if its broker
 * loses it. Thread-safe.
 */
final class Places {
  /** Refused messages that are remembered; those beyond it have long been dead letters. */
  private static final int MAX_UNSETTLED = 2 * (SubscribeOptions.MAX_CREDITS + 4_096);

  /** One partition. */
  private static final class Spot {
    long next;

    /** Nothing below it is held back at the broker. */
    long heldFrom = BrokerEffect.Deliver.UNKNOWN;

    /** Below {@link #next}, and not handled; in the order of arrival. */
    final Set<Long> unsettled = new LinkedHashSet<>();

    Spot(long next) {
      this.next = next;
    }

    long floor() {
      long arrived = unsettled.stream().mapToLong(Long::longValue).min().orElse(next);
      return Math.min(arrived, heldFrom);
    }
  }

  /** One topic. */
  private static final class Place {
    final long epoch;
    boolean atMostOnce;
    final SortedMap<Integer, Spot> spots = new TreeMap<>();

    Place(long epoch) {
      this.epoch = epoch;
    }
  }

  private final SortedMap<String, Place> places = new TreeMap<>();

  /** The broker says where the subscription has begun; what has arrived meanwhile is newer. */
  synchronized void begin(StartPosition.Resume said) {
    said.topics().forEach(
        (topic, place) ->
            place.partitions().forEach(
                (partition, spot) -> spot(topic, place.epoch(), partition, spot.floor())));
  }

  private Spot spot(String topic, long epoch, int partition, long next) {
    Place place = places.get(topic);
    if (place == null || place.epoch != epoch) {
      place = new Place(epoch);
      places.put(topic, place);
    }
    Spot spot = place.spots.get(partition);
    if (spot == null) {
      spot = new Spot(next);
      place.spots.put(partition, spot);
    }
    return spot;
  }

  /**
   * A message has arrived for the subscriber.
   *
   * @return the first sequence after those of the topic's former life, if this is the first message
   *     of a topic that was created anew; -1 otherwise
   */
  synchronized long taken(BrokerEffect.Deliver message) {
    Place former = places.get(message.topic());
    long lostFrom = -1;
    if (former != null && former.epoch != message.epoch()) {
      Spot spot = former.spots.get(message.partition());
      lostFrom = spot == null ? 0 : spot.next;
    }
    Spot spot =
        spot(message.topic(), message.epoch(), message.partition(), message.sequence());
    places.get(message.topic()).atMostOnce = message.kind() == TopicKind.MEMORY;
    spot.next = Math.max(spot.next, message.sequence() + 1);
    spot.heldFrom = message.heldFrom();
    if (message.kind() != TopicKind.MEMORY) {
      spot.unsettled.add(message.sequence());
    }
    if (spot.unsettled.size() > MAX_UNSETTLED) {
      spot.unsettled.remove(spot.unsettled.iterator().next());
    }
    return lostFrom;
  }

  /** The subscriber is told of {@code gap}, and will not get what is in it. */
  synchronized void passed(Gap gap) {
    Place place = places.get(gap.topic());
    Spot spot = place == null ? null : place.spots.get(gap.partition());
    if (spot != null) {
      spot.unsettled.removeIf(each -> gap.fromSequence() <= each && each < gap.toSequence());
      if (gap.fromSequence() <= spot.heldFrom && spot.heldFrom < gap.toSequence()) {
        spot.heldFrom = gap.toSequence();
      }
      if (gap.fromSequence() <= spot.next) {
        spot.next = Math.max(spot.next, gap.toSequence());
      }
    }
  }

  /** The subscriber is done with {@code message}. */
  synchronized void settled(BrokerEffect.Deliver message) {
    Place place = places.get(message.topic());
    if (place != null && place.epoch == message.epoch()) {
      Spot spot = place.spots.get(message.partition());
      if (spot != null) {
        spot.unsettled.remove(message.sequence());
      }
    }
  }

  /** Where to go on. What was not settled then comes again. */
  synchronized StartPosition.Resume resume() {
    SortedMap<String, StartPosition.Place> topics = new TreeMap<>();
    places.forEach(
        (topic, place) -> {
          SortedMap<Integer, StartPosition.Spot> spots = new TreeMap<>();
          place.spots.forEach(
              (partition, spot) -> {
                spots.put(partition, new StartPosition.Spot(spot.floor(), spot.next));
                spot.next = place.atMostOnce ? spot.next : spot.floor();
                spot.heldFrom = BrokerEffect.Deliver.UNKNOWN;
                spot.unsettled.clear();
              });
          topics.put(topic, new StartPosition.Place(place.epoch, spots));
        });
    return new StartPosition.Resume(topics);
  }
}
