package io.quorate.consensus.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.consensus.mutation.MutantLoader;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
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
   * A bug.
   *
   * @param name what it does
   * @param type the class that is edited
   * @param original text that occurs in it once
   * @param replacement what stands there instead
   * @param complaint words of which the campaign must find one
   */
  private record Mutant(
      String name, String type, String original, String replacement, List<String> complaint) {}

  private static final List<Mutant> MUTANTS =
      List.of(
          new Mutant(
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
          new Mutant(
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
          new Mutant(
              "no fence: whoever had a message may settle it",
              BUS + "Cursor",
              "    return current && owner == from ? message : null;",
              "    return message;",
              List.of("settled after another was handed out", "settled twice")),
          new Mutant(
              "recognised producers are not in the snapshot",
              BUS + "BrokerStateCodec",
              "    out.varint(topic.dedup.producers().size());\n"
                  + "    topic.dedup.producers().forEach(",
              "    out.varint(0);\n"
                  + "    new TreeMap<String, Dedup.Producer>().forEach(",
              List.of("stored twice")),
          new Mutant(
              "a subscriber is not told what was dropped",
              BUS + "Cursor",
              "        missed(next, log.start(), Gap.Reason.RETENTION);\n",
              "",
              List.of("was not told")),
          new Mutant(
              "sessions do not learn that the replica has skipped part of the log",
              HERE + "TopicMachine",
              "    listeners.jumped(before, core.sessions());\n",
              "",
              List.of("was not told", "has missed", "no member", "was given", "replicas differ")),
          new Mutant(
              "later messages of a key do not wait for a failed one",
              BUS + "Cursor",
              "        if (later.key.equals(message.key)) {",
              "        if (later.key.isEmpty()) {",
              List.of("was given", "settled")),
          new Mutant(
              "time is not replicated: a replica's deadlines do not count",
              HERE + "TopicMachine",
              "    step(at, new BrokerCommand.Tick());",
              "    if (at.timeMillis() < 0) { step(at, new BrokerCommand.Tick()); }",
              List.of("no member", "no dead letters", "was not told", "has missed")));

  @Test
  void the_campaign_finds_every_bug_by_the_promise_that_it_breaks() throws Exception {
    List<String> survivors = new ArrayList<>();
    StringBuilder table = new StringBuilder();
    for (Mutant mutant : ALL ? MUTANTS : MUTANTS.subList(0, 3)) {
      String found = firstComplaint(mutant);
      table.append("| ").append(mutant.name()).append(" | ").append(found).append(" |\n");
      if (mutant.complaint().stream().noneMatch(found::contains)) {
        survivors.add(mutant.name() + ": " + found);
      }
    }
    if (ALL) {
      System.out.print(table);
    }

    assertThat(survivors).isEmpty();
  }

  @Test
  void a_batch_that_was_given_up_and_comes_late_is_found_by_the_test_of_the_order()
      throws Exception {
    Mutant late =
        new Mutant(
            "a batch that was given up is applied behind the next one",
            HERE + "Streams",
            "    if (batch.number() <= last) {",
            "    if (batch.number() < 0) {",
            List.of());
    Class<?> tests = loaderOf(late).loadClass(HERE + "OutboundTest");
    Method test =
        tests.getDeclaredMethod(
            "a_batch_given_up_as_indeterminate_is_not_applied_behind_the_next_one");
    test.setAccessible(true);
    Constructor<?> constructor = tests.getDeclaredConstructor();
    constructor.setAccessible(true);

    assertThatThrownBy(() -> test.invoke(constructor.newInstance()))
        .hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void the_unchanged_sources_pass_in_the_same_laboratory() throws Exception {
    Mutant none = new Mutant("none", HERE + "Streams", "LOAD = 0.75f", "LOAD = 0.75f", List.of());

    Method run = campaign(none);
    for (long seed = 1; seed <= 3; seed++) {
      run.invoke(null, seed);
    }
  }

  private static String firstComplaint(Mutant mutant) throws Exception {
    Method run = campaign(mutant);
    String other = "none of " + SEEDS + " seeds";
    for (long seed = 1; seed <= SEEDS; seed++) {
      try {
        run.invoke(null, seed);
      } catch (InvocationTargetException e) {
        String complaint = e.getCause().getMessage();
        if (mutant.complaint().stream().anyMatch(complaint::contains)) {
          return complaint.replaceFirst(" \\(.*?\\)\\): java.lang.AssertionError", "");
        }
        other = complaint;
      }
    }
    return other;
  }

  private static Method campaign(Mutant mutant) throws Exception {
    Class<?> campaign = loaderOf(mutant).loadClass(HERE + "TopicCampaign");
    Method run = campaign.getDeclaredMethod("run", long.class);
    run.setAccessible(true);
    return run;
  }

  private static ClassLoader loaderOf(Mutant mutant) throws IOException {
    String module = mutant.type().startsWith(BUS) ? "../core" : ".";
    return new MutantLoader(
        mutant.name(), Path.of(module, "src/main/java"), mutant.type(), mutant.original(),
        mutant.replacement(), List.of(HERE, BUS));
  }
}
