package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.mutation.Mutant;
import io.quorate.core.mutation.MutantLab;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * The test of the campaign: bugs put into one source file, compiled in memory, must be found by
 * {@link TopicCampaign}, and for the promise that they break. The build
 * tries the first of them, {@code -Dtopic.mutants.all=true} all.
 */
class TopicMutantTest {
  private static final int SEEDS = Integer.getInteger("topic.mutants.seeds", 40);

  /** With it all bugs are put in, and the table of what found them is printed; takes minutes. */
  private static final boolean ALL = Boolean.getBoolean("topic.mutants.all");

  private static final String HERE = "io.quorate.consensus.topic.";
  private static final String BUS = "io.quorate.core.pubsub.";

  /**
   * A bug, and words of which the campaign must find one.
   *
   * @param type the class that is edited
   */
  private record Bug(
      String name, String type, String original, String replacement, List<String> complaint) {
    MutantLab laboratory() {
      String module = type.startsWith(BUS) ? "../core" : ".";
      return new MutantLab(
          new Mutant(name, type, original, replacement), Path.of(module, "src/main/java"), HERE,
          BUS);
    }

    boolean isFoundBy(String complaint) {
      return this.complaint.stream().anyMatch(complaint::contains);
    }
  }

  private record Found(Bug bug, String complaint) {
    static Found of(Bug bug) {
      return new Found(
          bug,
          bug.laboratory()
              .firstFailureOf(TopicCampaign.class, "run", SEEDS, bug::isFoundBy)
              .map(words -> words.replaceFirst("[^ ]*AssertionError: seed .*?AssertionError: ", ""))
              .orElse("none of " + SEEDS + " seeds"));
    }

    boolean survived() {
      return !bug.isFoundBy(complaint);
    }

    @Override
    public String toString() {
      return "| " + bug.name() + " | " + complaint + " |";
    }
  }

  private static final List<Bug> BUGS =
      List.of(
          new Bug(
              "acknowledged before it is committed",
              HERE + "Outbound",
              "    if (result instanceof TopicResult.OutOfOrder) {",
              """
                  if (error instanceof io.quorate.core.IndeterminateException) {
                    java.util.function.Function<Pending, List<Outcome>> guess =
                        pending -> io.quorate.core.pubsub.BrokerCommand.CODEC
                                .decode(pending.command)
                            instanceof io.quorate.core.pubsub.BrokerCommand.Publish p
                        ? java.util.Collections.nCopies(p.messages().size(),
                            (Outcome) new Outcome.Stored(
                                new io.quorate.core.pubsub.Receipt(0, 0, false)))
                        : List.of(Outcome.DONE);
                    underWay.remove(batch);
                    batch.content.forEach(
                        pending -> release(pending).complete(guess.apply(pending)));
                    drain();
                    return;
                  }
                  if (result instanceof TopicResult.OutOfOrder) {
              """,
              List.of("lost although acknowledged")),
          new Bug(
              "recognised producers are forgotten when the leader changes",
              HERE + "TopicMachine",
              "outcomes.add(step(at, BrokerCommand.CODEC.decode(command)));",
              """
              BrokerCommand each = BrokerCommand.CODEC.decode(command);
              if (each instanceof BrokerCommand.Publish p) {
                each = new BrokerCommand.Publish(p.topic(),
                    p.stamp().map(s -> new io.quorate.core.pubsub.ProducerSequence(
                        s.producer() + "-" + at.term(), s.sequence())),
                    p.messages().stream().map(m -> m.producer().isEmpty() ? m
                        : m.withProducer(m.producer().get().producer() + "-" + at.term(),
                            m.producer().get().sequence())).toList());
              }
              outcomes.add(step(at, each));
              """,
              List.of("stored twice")),
          new Bug(
              "no fence: whoever had a message may settle it",
              BUS + "Cursor",
              "    return current && owner == from ? message : null;",
              "    return message;",
              List.of("settled after another was handed out", "settled twice")),
          new Bug(
              "recognised producers are not in the snapshot",
              BUS + "BrokerStateCodec",
              "    out.varint(topic.dedup.producers().size());\n"
                  + "    topic.dedup.producers().forEach(",
              "    out.varint(0);\n"
                  + "    new TreeMap<String, Dedup.Producer>().forEach(",
              List.of("stored twice")),
          new Bug(
              "a subscriber is not told what was dropped",
              BUS + "Cursor",
              "        missed(next, log.start(), Gap.Reason.RETENTION);\n",
              "",
              List.of("was not told")),
          new Bug(
              "sessions do not learn that the replica has skipped part of the log",
              HERE + "TopicMachine",
              "    listeners.jumped(before, core.sessions());\n",
              "",
              List.of("was not told", "has missed", "no member", "was given", "replicas differ")),
          new Bug(
              "later messages of a key do not wait for a failed one",
              BUS + "Cursor",
              "later.key.equals(message.key)",
              "later.key.isEmpty()",
              List.of("was given", "settled")));

  @Test
  void the_campaign_finds_every_bug_by_the_promise_that_it_breaks() {
    List<Bug> bugs = ALL ? BUGS : BUGS.subList(0, 3);
    List<Found> found = bugs.parallelStream().map(Found::of).toList();
    if (ALL) {
      found.forEach(System.out::println);
    }

    assertThat(found.stream().filter(Found::survived)).isEmpty();
  }

  @Test
  void a_batch_that_was_given_up_and_comes_late_is_found_by_the_test_of_the_order() {
    Bug late =
        new Bug(
            "a batch that was given up is applied behind the next one",
            HERE + "Streams",
            "    if (batch.number() <= last) {",
            "    if (batch.number() < 0) {",
            List.of());

    Optional<String> failure =
        late.laboratory()
            .failureOf(
                OutboundTest.class,
                "a_batch_given_up_as_indeterminate_is_not_applied_behind_the_next_one");

    assertThat(failure).isPresent().get().asString().contains("AssertionError");
  }

  /** In a campaign any command brings the time as well, so that it goes unnoticed there. */
  @Test
  void time_that_does_not_pass_by_itself_is_found_by_the_test_of_the_machine() {
    Bug still =
        new Bug(
            "time is not replicated: a replica's deadlines do not count",
            HERE + "TopicMachine",
            "    step(at, new BrokerCommand.Tick());",
            "    if (at.timeMillis() < 0) { step(at, new BrokerCommand.Tick()); }",
            List.of());

    Optional<String> failure =
        still
            .laboratory()
            .failureOf(TopicMachineTest.class, "log_time_alone_brings_a_message_again");

    assertThat(failure).isPresent().get().asString().contains("expected: 2L");
  }

  @Test
  void the_unchanged_sources_pass_in_the_same_laboratory() {
    Bug none = new Bug("none", HERE + "Streams", "LOAD = 0.75f", "LOAD = 0.75f", List.of());

    assertThat(none.laboratory().firstFailureOf(TopicCampaign.class, "run", 3)).isEmpty();
  }
}
