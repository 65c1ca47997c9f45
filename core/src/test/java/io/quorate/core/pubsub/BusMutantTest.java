package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The tests of the tests: bugs that are put in one by one must each be found. */
class BusMutantTest {
  private static final int SEEDS = Integer.getInteger("mutant.seeds", 40);

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "no fence by owner and tag | Cursor | return current && owner == from ? message : null;"
            + " | return message;",
        "a repeated message is stored again | Dedup | if (stored != null) { | if (false) {",
        "an old sequence is taken for a new one | Dedup"
            + " | if (id.sequence() <= producer.forgotten) { | if (false) {",
        "what retention has dropped is not reported | Cursor"
            + " | missed(next, log.start(), Gap.Reason.RETENTION); | ",
        "what is given up is not reported | Cursor"
            + " | missed(message.sequence, message.sequence + 1, Gap.Reason.GIVEN_UP); | ",
        "what a lost member had is not reported | Cursor"
            + " | missed(lostFrom, lostTo, Gap.Reason.UNCONFIRMED); | ",
        "credits are not taken | Cursor | owner.credits--; | ",
        "credits are not given back | BrokerSubscription | credits++; | ",
        "a failed message does not hold back its key | Cursor"
            + " | if (!message.key.isEmpty()) { | if (false) {",
        "a failed message holds back all keys | Cursor"
            + " | if (later.key.equals(message.key)) { | if (true) {",
        "a poison message comes for ever | Cursor"
            + " | if (message.failures >= topic.options.redelivery().maxDeliveries()) {"
            + " | if (false) {",
        "a message that must not be lost is dropped | Topic"
            + " | && log.oldest().sequence() < floor(index)) { | ) {",
        "a compacted topic keeps old values | PartitionLog | if (former != null) { | if (false) {",
        "a group forgets where it was | BrokerCore | if (!group.isNamed()) { | if (true) {",
        "a rebalance does not raise the generation | Group | generation++; | ",
        "partitions move for nothing | Group | if (load != null && | if (false &&",
        "a stalled member keeps its partitions | BrokerSubscription | if (!stalled) {"
            + " | if (false) {",
        "a lost subscription goes on behind what it had not handled | Places"
            + " | return unsettled.isEmpty() ? next : unsettled.first(); | return next;",
        "a topic created anew is taken for the former one | Places"
            + " | if (former != null && former.epoch != message.epoch()) { | if (false) {",
        "a lease does not end | BrokerCore | end(session, true, \"lease has run out\"); | "
      })
  void a_bug_of_the_core_is_found_by_its_tests(
      String name, String file, String original, String replacement) throws Exception {
    MutantLab lab = new MutantLab(file, original, replacement == null ? "" : replacement);

    assertThat(lab.firstFailureOf(BrokerCoreTest.class, PlacesTest.class)).as(name).isPresent();
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      value = {
        "outcomes are told before they are durable | LocalBroker"
            + " | durable.whenComplete((done, failure) -> release(failure)); | release(null);",
        "effects are dropped before they are confirmed | SessionOutbox"
            + " | while (first <= confirmed && !effects.isEmpty()) {"
            + " | while (!effects.isEmpty()) {",
        "a lost subscription begins anew | BusSubscription"
            + " | places.resume(); | options.start();",
        "a batch of unknown fate is sent under new sequences | Publisher"
            + " | loop.schedule(RETRY_NANOS, () -> send(lane, command));"
            + " | loop.schedule(RETRY_NANOS, () -> send(lane, new BrokerCommand.Publish("
            + "lane.topic, Optional.of(new ProducerSequence(producer, nextSequence++)),"
            + " command.messages())));",
        "later messages of a refused key are handled at once | BusSubscription"
            + " | return rewinding.get(keyOf(effect)); | return null;",
        "recovery stops at the snapshot | WalJournal"
            + " | records -> records.forEach(each -> redo(core, each)) | records -> {}"
      })
  void a_bug_on_the_way_is_found_by_a_test_of_crashes_or_a_storm(
      String name, String file, String original, String replacement) throws Exception {
    MutantLab lab = new MutantLab(file, original, replacement == null ? "" : replacement);

    Optional<String> found = lab.firstFailureOf(DurableBusTest.class);
    assertThat(found.isPresent() ? found : lab.firstStormThatFails(SEEDS)).as(name).isPresent();
  }
}
