package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Named.named;

import io.quorate.core.mutation.Mutant;
import io.quorate.core.mutation.MutantLab;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The tests of the tests: bugs that are put in one by one must each be found. */
class BusMutantTest {
  private static final int SEEDS = Integer.getInteger("mutant.seeds", 40);
  private static final String PACKAGE = BusMutantTest.class.getPackageName() + ".";

  private static Named<Mutant> bug(
      String name, String file, String original, String replacement) {
    return named(name, new Mutant(name, PACKAGE + file, original, replacement));
  }

  private static MutantLab labWith(Mutant mutant) {
    return new MutantLab(mutant, Path.of("src/main/java"), PACKAGE);
  }

  private static Optional<String> failureOfTheCoresTests(MutantLab lab) {
    return lab.firstFailureOf(BrokerCoreTest.class, PlacesTest.class);
  }

  private static Optional<String> failureOfTestsOnTheWay(MutantLab lab, int seeds) {
    return lab.firstFailureOf(AnswersTest.class, DurableBusTest.class, TakingBackTest.class)
        .or(() -> lab.firstFailureOf(BusSimulationTest.class, "storm", seeds));
  }

  static Stream<Named<Mutant>> bugsOfTheCore() {
    return Stream.of(
          bug(
              "no fence by owner and tag",
              "Cursor",
              "return current && owner == from ? message : null;",
              "return message;"),
          bug(
              "a repeated message is stored again",
              "Dedup",
              "if (stored != null) {",
              "if (false) {"),
          bug(
              "an old sequence is taken for a new one",
              "Dedup",
              "if (id.sequence() <= producer.forgotten) {",
              "if (false) {"),
          bug(
              "what retention has dropped is not reported",
              "Cursor",
              "missed(next, log.start(), Gap.Reason.RETENTION);",
              ""),
          bug(
              "what is given up is not reported",
              "Cursor",
              "missed(message.sequence, message.sequence + 1, Gap.Reason.GIVEN_UP);",
              ""),
          bug(
              "what a lost member had is not reported",
              "Cursor",
              "missed(lostFrom, lostTo, Gap.Reason.UNCONFIRMED);",
              ""),
          bug(
              "credits are not taken",
              "Cursor",
              "owner.credits--;",
              ""),
          bug(
              "credits are not given back",
              "BrokerSubscription",
              "credits++;",
              ""),
          bug(
              "a failed message does not hold back its key",
              "Cursor",
              "if (!message.key.isEmpty()) {",
              "if (false) {"),
          bug(
              "a failed message holds back all keys",
              "Cursor",
              "if (later.sequence > message.sequence && later.key.equals(message.key)) {",
              "if (later.sequence > message.sequence) {"),
          bug(
              "a poison message comes for ever",
              "Cursor",
              "if (message.failures >= topic.options.redelivery().maxDeliveries()) {",
              "if (false) {"),
          bug(
              "a message that must not be lost is dropped",
              "Topic",
              "&& log.oldest().sequence() < floor(index)) {",
              ") {"),
          bug(
              "a compacted topic keeps old values",
              "PartitionLog",
              "if (former != null) {",
              "if (false) {"),
          bug(
              "a group forgets where it was",
              "BrokerCore",
              "if (!group.isNamed()) {",
              "if (true) {"),
          bug(
              "a rebalance does not raise the generation",
              "Group",
              "generation++;",
              ""),
          bug(
              "partitions move for nothing",
              "Group",
              "if (load != null &&",
              "if (false &&"),
          bug(
              "a stalled member keeps its partitions",
              "BrokerSubscription",
              "if (!stalled) {",
              "if (false) {"),
          bug(
              "a lost subscription goes on behind what it had not handled",
              "Places",
              "unsettled.stream().mapToLong(Long::longValue).min().orElse(next);",
              "next;"),
          bug(
              "a lost subscription goes on behind what was held back",
              "Places",
              "return Math.min(arrived, heldFrom);",
              "return arrived;"),
          bug(
              "what is held back is not said",
              "Cursor",
              "passedOver.isEmpty() ? next : passedOver.first();",
              "next;"),
          bug(
              "a topic created anew is taken for the former one",
              "Places",
              "if (former != null && former.epoch != message.epoch()) {",
              "if (false) {"),
          bug(
              "of acknowledgements said as one those that do not count are not named",
              "BrokerSubscription",
              "        fenced.add(run.tag() + i);\n",
              ""),
          bug(
              "a lease does not end",
              "BrokerCore",
              "end(session, true, \"lease has run out\");",
              ""));
  }

  @ParameterizedTest
  @MethodSource("bugsOfTheCore")
  void a_bug_of_the_core_is_found_by_its_tests(Mutant mutant) {
    assertThat(failureOfTheCoresTests(labWith(mutant))).isPresent();
  }

  static Stream<Named<Mutant>> bugsOnTheWay() {
    return Stream.of(
          bug(
              "outcomes are told before they are durable",
              "LocalBroker",
              "durable.whenComplete((done, failure) -> release(failure));",
              "release(null);"),
          bug(
              "effects are dropped before they are confirmed",
              "SessionOutbox",
              "while (first <= confirmed && !effects.isEmpty()) {",
              "while (!effects.isEmpty()) {"),
          bug(
              "a lost subscription begins anew",
              "BusSubscription",
              "places.resume();",
              "options.start();"),
          bug(
              "a batch of unknown fate is sent under new sequences",
              "Publisher",
              "loop.schedule(RETRY_NANOS, () -> send(lane, command));",
              "loop.schedule(RETRY_NANOS, () -> send(lane, new"
                  + " BrokerCommand.Publish(lane.topic, Optional.of(new"
                  + " ProducerSequence(producer, nextSequence++)), command.messages())));"),
          bug(
              "later messages of a refused key are handled at once",
              "BusSubscription",
              "return rewinding.get(keyOf(effect));",
              "return null;"),
          bug(
              "a message is called refused although an attempt may have stored it",
              "Publisher",
              "lane.uncertain && !problem.mayHaveTakenEffect()",
              "false"),
          bug(
              "a delivery that comes before the answer to a rewind is given back",
              "BusSubscription",
              "} else if (rewind.pending > 0) {\n        rewind.waiting.add(delivery);",
              "} else if (false) {"),
          bug(
              "what waits behind something given back outlives its session",
              "BusSubscription",
              "if (untilTag < 0 &&",
              "if (false &&"),
          bug(
              "what waits is given back from the front",
              "BusSubscription",
              "for (int i = found.size() - 1; i >= 0; i--) {",
              "for (int i = 0; i < found.size(); i++) {"),
          bug(
              "acknowledgements wait though the credits run out",
              "Settler",
              "queue.size() >= patience",
              "patience == 0"),
          bug(
              "an acknowledgement is said together with one that it does not follow",
              "Settler",
              "          && settlement.tag() == former.tag() + count\n",
              ""),
          bug(
              "a delivery that does not count is acknowledged with its neighbours",
              "Settler",
              "return some.tags().contains(settlement.tag())",
              "return some.tags().isEmpty()"),
          bug(
              "recovery stops at the snapshot",
              "WalJournal",
              "records -> records.forEach(each -> redo(core, each))",
              "records -> {}"));
  }

  @ParameterizedTest
  @MethodSource("bugsOnTheWay")
  void a_bug_on_the_way_is_found_by_a_test_of_answers_and_crashes_or_a_storm(Mutant mutant) {
    assertThat(failureOfTestsOnTheWay(labWith(mutant), SEEDS)).isPresent();
  }

  @Test
  void the_unchanged_sources_pass_what_finds_the_bugs() {
    MutantLab lab =
        labWith(new Mutant("none", PACKAGE + "Places", "class Places {", "class Places {"));

    assertThat(failureOfTheCoresTests(lab)).isEmpty();
    assertThat(failureOfTestsOnTheWay(lab, 4)).isEmpty();
  }
}
