package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Where a subscription goes on that its broker has lost. */
class PlacesTest {
  private final Places places = new Places();

  private static BrokerEffect.Deliver delivery(TopicKind kind, long epoch, long sequence) {
    return delivery(kind, epoch, sequence, sequence + 1);
  }

  private static BrokerEffect.Deliver delivery(
      TopicKind kind, long epoch, long sequence, long heldFrom) {
    return new BrokerEffect.Deliver(
        "s", 1, sequence + 1, kind, "t", epoch, 0, sequence, 1, 1, 0, Message.of("m"),
        Optional.empty(), heldFrom);
  }

  private StartPosition.Spot spot() {
    return places.resume().topics().get("t").partitions().get(0);
  }

  @Test
  void it_goes_on_at_the_first_message_that_is_not_handled_however_often_it_is_lost() {
    for (long sequence = 3; sequence < 6; sequence++) {
      places.taken(delivery(TopicKind.DURABLE, 1, sequence));
    }
    places.settled(delivery(TopicKind.DURABLE, 1, 3));

    assertThat(spot()).isEqualTo(new StartPosition.Spot(4, 6));
    assertThat(spot()).isEqualTo(new StartPosition.Spot(4, 4));
  }

  @Test
  void at_most_once_means_that_it_goes_on_behind_what_has_arrived() {
    places.taken(delivery(TopicKind.MEMORY, 1, 3));

    spot();

    assertThat(spot().next()).isEqualTo(4);
  }

  @Test
  void it_begins_where_the_broker_said_if_nothing_has_arrived() {
    StartPosition.Place place =
        new StartPosition.Place(1, new TreeMap<>(Map.of(0, new StartPosition.Spot(7, 7))));

    places.begin(new StartPosition.Resume(new TreeMap<>(Map.of("t", place))));

    assertThat(spot()).isEqualTo(new StartPosition.Spot(7, 7));
  }

  @Test
  void a_topic_that_was_created_anew_is_noticed_and_its_former_end_told() {
    places.taken(delivery(TopicKind.MEMORY, 1, 3));

    assertThat(places.taken(delivery(TopicKind.MEMORY, 2, 0))).isEqualTo(4);
    assertThat(places.taken(delivery(TopicKind.MEMORY, 2, 1))).isEqualTo(-1);
  }

  @Test
  void what_the_broker_holds_back_comes_though_all_that_has_arrived_is_handled() {
    hear(3, 4);
    hear(5, 4);

    assertThat(spot()).isEqualTo(new StartPosition.Spot(4, 6));
    assertThat(spot()).isEqualTo(new StartPosition.Spot(4, 4));
  }

  @Test
  void what_was_held_back_and_has_come_or_is_gone_does_not_come_again() {
    hear(3, 4);
    hear(6, 4);
    hear(4, 5);
    places.passed(new Gap("t", 0, 5, 6, Gap.Reason.GIVEN_UP));

    assertThat(spot().floor()).isEqualTo(6);

    hear(8, 7);
    hear(7, 9);

    assertThat(spot().floor()).isEqualTo(9);
  }

  @Test
  void a_broker_that_does_not_say_what_it_holds_back_is_taken_to_hold_nothing_back() {
    hear(3, BrokerEffect.Deliver.UNKNOWN);

    assertThat(spot()).isEqualTo(new StartPosition.Spot(4, 4));
  }

  private void hear(long sequence, long heldFrom) {
    BrokerEffect.Deliver delivery = delivery(TopicKind.DURABLE, 1, sequence, heldFrom);
    places.taken(delivery);
    places.settled(delivery);
  }

  @Test
  void what_is_in_a_gap_is_not_waited_for() {
    places.taken(delivery(TopicKind.DURABLE, 1, 3));

    places.passed(new Gap("t", 0, 3, 9, Gap.Reason.RETENTION));

    assertThat(spot()).isEqualTo(new StartPosition.Spot(9, 9));
  }
}
