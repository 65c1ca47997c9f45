package io.quorate.replication.eventual;

import io.quorate.core.OperationException;
import io.quorate.core.codec.Codec;
import io.quorate.core.sim.SimNode;
import io.quorate.replication.Tag;
import io.quorate.replication.Versioned;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.random.RandomGenerator;

/**
 * Three members under load and faults, from one seed. Held against what was acknowledged: a member
 * answers with the last write it has acknowledged or a newer version; versions on one member never go
 * back; one version names one value; ten seconds after the last fault and write all answer alike, and
 * with the newest version that was acknowledged anywhere or one newer.
 */
public final class EventualCampaign {
  private static final int KEYS = 4;
  private static final Duration LOAD = Duration.ofSeconds(12);

  private final EventualCluster<EventualStore<String, String>> cluster;
  private final RandomGenerator random;
  private final Map<Tag, Optional<String>> named = new HashMap<>();
  /** For each member and key, the newest version that it has shown or acknowledged. */
  private final Map<String, Tag> shown = new TreeMap<>();
  private final Map<String, Tag> newest = new TreeMap<>();
  private int values;
  private int acknowledged;

  private EventualCampaign(long seed) {
    cluster =
        new EventualCluster<>(
            seed,
            (environment, members) ->
                EventualStore.open(
                    environment, members, Codec.STRING, Codec.STRING, EventualCluster.OPTIONS));
    random = cluster.simulation.random("campaign");
  }

  /** Runs the seeds from the first argument on, as many as the second says. */
  public static void main(String[] arguments) {
    long first = Long.parseLong(arguments[0]);
    long count = Long.parseLong(arguments[1]);
    long acknowledged = 0;
    for (long seed = first; seed < first + count; seed++) {
      acknowledged += run(seed);
    }
    System.out.println(count + " seeds, " + acknowledged + " writes acknowledged");
  }

  /** Runs one seed; throws an {@link AssertionError} if a promise was broken. */
  public static int run(long seed) {
    EventualCampaign campaign = new EventualCampaign(seed);
    try {
      campaign.run();
      return campaign.acknowledged;
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    } finally {
      campaign.cluster.close();
    }
  }

  private void run() {
    long endNanos = cluster.simulation.nowNanos() + LOAD.toNanos();
    load(endNanos);
    load(endNanos);
    harm(endNanos);
    cluster.simulation.run(LOAD.plusSeconds(2));
    cluster.healAll();
    cluster.simulation.run(Duration.ofSeconds(10));
    for (int key = 0; key < KEYS; key++) {
      String name = "k" + key;
      List<Versioned<String>> found =
          List.of(read(0, name), read(1, name), read(2, name));
      if (found.stream().distinct().count() != 1) {
        throw new AssertionError("members differ in " + name + ": " + found);
      }
      Tag atLeast = newest.getOrDefault(name, Tag.NONE);
      if (found.get(0).tag().compareTo(atLeast) < 0) {
        throw new AssertionError("acknowledged " + atLeast + " of " + name + " is lost: " + found);
      }
    }
  }

  private Versioned<String> read(int node, String key) {
    return cluster.await(cluster.store(node).get(key));
  }

  private void load(long endNanos) {
    cluster.simulation.at(
        Duration.ofNanos(1 + random.nextLong(30_000_000)),
        () -> {
          if (cluster.simulation.nowNanos() >= endNanos) {
            return;
          }
          int node = random.nextInt(3);
          if (cluster.isOpen(node)) {
            operate(node, "k" + random.nextInt(KEYS));
          }
          load(endNanos);
        });
  }

  private void operate(int node, String key) {
    EventualStore<String, String> store = cluster.nodes.get(node).service().join();
    int life = cluster.nodes.get(node).incarnation();
    String place = node + "/" + key;
    Tag before = shown.getOrDefault(place, Tag.NONE);
    int what = random.nextInt(8);
    if (what < 4) {
      store
          .get(key)
          .whenComplete(
              (found, failure) -> {
                if (failure == null && life == cluster.nodes.get(node).incarnation()) {
                  name(found.tag(), found.value());
                  if (found.tag().compareTo(before) < 0) {
                    throw new AssertionError(
                        "member " + node + " had shown " + before + " of " + key + ", now " + found);
                  }
                  shown.merge(place, found.tag(), EventualCampaign::larger);
                } else {
                  expected(failure);
                }
              });
    } else if (what < 7) {
      String value = "v" + values++;
      store.put(key, value)
          .whenComplete((tag, failure) -> written(place, key, Optional.of(value), tag, failure));
    } else {
      store
          .delete(key)
          .whenComplete(
              (tag, failure) -> {
                if (failure != null) {
                  expected(failure);
                } else {
                  tag.ifPresent(its -> written(place, key, Optional.empty(), its, null));
                }
              });
    }
  }

  private void written(
      String place, String key, Optional<String> value, Tag tag, Throwable failure) {
    if (failure != null) {
      expected(failure);
      return;
    }
    acknowledged++;
    name(tag, value);
    shown.merge(place, tag, EventualCampaign::larger);
    newest.merge(key, tag, EventualCampaign::larger);
  }

  private static Tag larger(Tag a, Tag b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  private static void expected(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause != null && !(cause instanceof OperationException)) {
      throw new AssertionError("an operation failed in another way", cause);
    }
  }

  private void name(Tag tag, Optional<String> value) {
    Optional<String> before = tag.isNone() ? null : named.put(tag, value);
    if (before != null && !before.equals(value)) {
      throw new AssertionError("version " + tag + " names " + before + " and " + value);
    }
  }

  private void harm(long endNanos) {
    cluster.simulation.at(
        Duration.ofMillis(50 + random.nextInt(600)),
        () -> {
          if (cluster.simulation.nowNanos() >= endNanos) {
            return;
          }
          int node = random.nextInt(3);
          SimNode<?> its = cluster.nodes.get(node);
          switch (random.nextInt(10)) {
            case 0, 1 -> cluster.simulation.network().isolate(cluster.ids.get(node));
            case 2 -> cluster.simulation.network().majoritiesRing();
            case 3 -> its.crash();
            case 4 -> its.disk().crashBefore(1 + random.nextInt(40));
            case 5 -> its.kill();
            case 6 -> its.pause(Duration.ofMillis(1 + random.nextInt(1_500)));
            case 7 -> {
              its.clock().correctWall();
              its.clock().jumpWall(Duration.ofMillis(random.nextInt(20_000) - 10_000));
            }
            case 8 -> cluster.nodes.forEach(SimNode::crash);
            default -> cluster.simulation.network().heal();
          }
          cluster.simulation.at(
              Duration.ofMillis(random.nextInt(1_000)),
              () -> cluster.nodes.forEach(SimNode::restart));
          harm(endNanos);
        });
  }
}
