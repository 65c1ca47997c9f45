package io.quorate.consensus.topic;

import static io.quorate.consensus.topic.TopicClients.BOUNDED;
import static io.quorate.consensus.topic.TopicClients.DEAD;
import static io.quorate.consensus.topic.TopicClients.MODELS;
import static io.quorate.consensus.topic.TopicClients.ORDERS;
import static io.quorate.consensus.topic.TopicClients.POISON;

import io.quorate.consensus.StormyGroup;
import io.quorate.consensus.topic.TopicCampaign.Service;
import io.quorate.core.pubsub.DeadLetterReason;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.Subscription;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** What must hold of topics that have healed; see {@link TopicHistory} for what clients saw. */
final class TopicChecks {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int ROUNDS_TO_CONVERGE = 120;

  private final StormyGroup<Service> group;
  private final Simulation simulation;
  private final TopicHistory history;

  TopicChecks(StormyGroup<Service> group, TopicHistory history) {
    this.group = group;
    this.simulation = group.simulation();
    this.history = history;
  }

  void check() {
    List<SortedMap<TopicHistory.Place, String>> early = readEverywhere();
    converge(early, List.of(early.get(0)));
    // Whatever comes late would be too much; and who begins now sees what all have in the end.
    simulation.run(Duration.ofSeconds(1));
    List<SortedMap<TopicHistory.Place, String>> logs = readEverywhere();
    converge(logs, early);
    SortedMap<TopicHistory.Place, String> log = logs.get(0);
    Set<String> letters = letters(log);
    history.checkLateOnesWereGivenUp(
        place -> place.topic().equals(POISON) && letters.contains(log.get(place)));
    group.checkNothingWasViolated();
    history.checkLog(log, Set.of(BOUNDED, MODELS));
    for (SortedMap<TopicHistory.Place, String> other : logs) {
      if (!other.equals(log)) {
        throw new AssertionError("replicas differ: " + log.size() + " and " + other.size());
      }
    }
    if (!unhandled(log).isEmpty()) {
      throw new AssertionError("no member of the group was given " + unhandled(log));
    }
    checkModels(log);
    checkDeadLetters(log);
    checkViews(log);
  }

  private List<SortedMap<TopicHistory.Place, String>> readEverywhere() {
    return group.nodes().stream().map(this::readAll).toList();
  }

  private void converge(
      List<SortedMap<TopicHistory.Place, String>> logs,
      List<SortedMap<TopicHistory.Place, String>> atLeast) {
    for (int i = 0; i < ROUNDS_TO_CONVERGE; i++) {
      boolean complete =
          atLeast.stream()
              .allMatch(log -> kept(logs.get(0)).keySet().containsAll(kept(log).keySet()));
      if (complete && hasConverged(logs)) {
        return;
      }
      simulation.run(Duration.ofMillis(500));
    }
  }

  /** Without what later messages may have taken the place of. */
  private static SortedMap<TopicHistory.Place, String> kept(
      SortedMap<TopicHistory.Place, String> log) {
    SortedMap<TopicHistory.Place, String> kept = new TreeMap<>(log);
    kept.keySet().removeIf(p -> p.topic().equals(BOUNDED) || p.topic().equals(MODELS));
    return kept;
  }

  /** Everything that a subscriber on {@code node} is given, from the beginning. */
  private SortedMap<TopicHistory.Place, String> readAll(SimNode<Service> node) {
    SortedMap<TopicHistory.Place, String> log = new TreeMap<>();
    CompletableFuture<Subscription> subscribed =
        node.service()
            .topics()
            .subscribe(
                "**",
                SubscribeOptions.defaults().withStart(StartPosition.EARLIEST),
                delivery -> {
                  if (isOfTheGroup(delivery.message())) {
                    log.put(TopicHistory.place(delivery), delivery.message().text());
                  }
                });
    simulation.await(subscribed, PATIENCE);
    return log;
  }

  /** Readers without a group may have given up messages as well: those letters do not count. */
  private static boolean isOfTheGroup(Message message) {
    return DeadLetterReason.of(message).map(why -> why.group().equals("g")).orElse(true);
  }

  private boolean hasConverged(List<SortedMap<TopicHistory.Place, String>> logs) {
    SortedMap<TopicHistory.Place, String> log = logs.get(0);
    return logs.stream().allMatch(other -> kept(other).equals(kept(log)))
        && unhandled(log).isEmpty()
        && withoutDeadLetter(log).isEmpty();
  }

  /** What was neither given to a member of the group nor given up on the way there. */
  private List<TopicHistory.Place> unhandled(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = letters(log);
    return log.keySet().stream()
        .filter(place -> place.topic().equals(ORDERS) || place.topic().equals(POISON))
        .filter(place -> !history.wasGiven(place))
        .filter(place -> place.topic().equals(ORDERS) || !letters.contains(log.get(place)))
        .toList();
  }

  /** A late subscriber knows of each key the newest value, or one that nobody was told of. */
  private void checkModels(SortedMap<TopicHistory.Place, String> log) {
    Map<String, Long> newest = new HashMap<>();
    log.forEach(
        (place, text) -> {
          if (place.topic().equals(MODELS)) {
            TopicHistory.Published message = history.published.get(MODELS + text);
            if (newest.put(message.key, place.sequence()) != null) {
              throw new AssertionError("two values of " + message.key);
            }
          }
        });
    for (TopicHistory.Published each : history.published.values()) {
      if (each.topic.equals(MODELS)
          && each.receipt != null
          && newest.getOrDefault(each.key, -1L) < each.receipt.sequence()) {
        throw new AssertionError("the newest value of " + each.key + " is older than " + each.text);
      }
    }
  }

  private void checkDeadLetters(SortedMap<TopicHistory.Place, String> log) {
    List<String> missing = withoutDeadLetter(log);
    if (!missing.isEmpty()) {
      throw new AssertionError("no dead letters of " + missing);
    }
  }

  private static Set<String> letters(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = new HashSet<>();
    log.forEach(
        (place, text) -> {
          if (place.topic().equals(DEAD)) {
            letters.add(text);
          }
        });
    return letters;
  }

  /** What nobody can handle, was acknowledged, and is not among the dead letters. */
  private List<String> withoutDeadLetter(SortedMap<TopicHistory.Place, String> log) {
    Set<String> letters = letters(log);
    return history.published.values().stream()
        .filter(each -> each.receipt != null && each.topic.equals(POISON))
        .map(each -> each.text)
        .filter(text -> text.endsWith("!") && !letters.contains(text))
        .toList();
  }

  private void checkViews(SortedMap<TopicHistory.Place, String> log) {
    Map<String, SortedMap<TopicHistory.Place, String>> keys = new HashMap<>();
    log.forEach(
        (place, text) -> {
          TopicHistory.Published message = history.published.get(place.topic() + text);
          if (message != null) {
            keys.computeIfAbsent(place.topic(), topic -> new TreeMap<>()).put(place, message.key);
          }
        });
    // What was dropped since is known by its receipt.
    for (TopicHistory.Published each : history.published.values()) {
      if (each.topic.equals(BOUNDED) && each.receipt != null) {
        keys.computeIfAbsent(BOUNDED, topic -> new TreeMap<>())
            .put(new TopicHistory.Place(BOUNDED, 0, each.receipt.sequence()), each.key);
      }
    }
    for (TopicHistory.View view : history.views) {
      boolean stillThere =
          !view.ended && group.service(view.node, view.incarnation).isPresent();
      view.checkNothingIsSilentlyMissing(keys.get(view.topic), stillThere);
    }
  }
}
