package io.quorate.core.pubsub;

import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Where a subscription is in topics that it has to itself, so that it can go on there if its broker
 * loses it. Thread-safe.
 */
final class Places {
  /** One partition. */
  private static final class Spot {
    long next;
    final TreeSet<Long> unsettled = new TreeSet<>();

    /** What the broker said last; nothing below it is of interest. */
    long known;

    long floor() {
      return unsettled.isEmpty() ? Math.max(known, next) : unsettled.first();
    }
  }

  /** One topic. */
  private static final class Place {
    final long epoch;
    final SortedMap<Integer, Spot> spots = new TreeMap<>();

    Place(long epoch) {
      this.epoch = epoch;
    }
  }

  private final SortedMap<String, Place> places = new TreeMap<>();

  /** The broker says where the subscription is; what is known already is newer. */
  synchronized void begin(StartPosition.Resume said) {
    said.topics().forEach(
        (topic, place) ->
            place.partitions().forEach(
                (partition, spot) -> {
                  Spot mine = spot(topic, place.epoch(), partition);
                  mine.next = Math.max(mine.next, spot.next());
                  mine.known = Math.max(mine.known, spot.floor());
                }));
  }

  private Spot spot(String topic, long epoch, int partition) {
    Place place = places.get(topic);
    if (place == null || place.epoch != epoch) {
      place = new Place(epoch);
      places.put(topic, place);
    }
    return place.spots.computeIfAbsent(partition, p -> new Spot());
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
    Spot spot = spot(message.topic(), message.epoch(), message.partition());
    spot.next = Math.max(spot.next, message.sequence() + 1);
    spot.unsettled.add(message.sequence());
    return lostFrom;
  }

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
                spot.unsettled.clear();
              });
          topics.put(topic, new StartPosition.Place(place.epoch, spots));
        });
    return new StartPosition.Resume(topics);
  }
}
