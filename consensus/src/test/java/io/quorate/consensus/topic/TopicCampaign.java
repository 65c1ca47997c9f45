package io.quorate.consensus.topic;

import io.quorate.consensus.StormyGroup;
import io.quorate.consensus.raft.Raft;
import io.quorate.consensus.raft.RaftOptions;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.BusOptions;
import io.quorate.core.sim.SimNode;
import io.quorate.core.sim.Simulation;
import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * One seed of replicated topics on three nodes: publishers and subscribers on each of them, leaders
 * killed, nodes crashed with what they had not synced, partitions, pauses, slow and failing disks,
 * snapshots. Then everything heals, and what was promised must be there; see {@link TopicChecks}.
 */
final class TopicCampaign implements AutoCloseable {
  /**
   * How a seed is played.
   *
   * @param storm how long there are faults, or at most until there were enough leader kills
   * @param durable whether nodes sync what they write
   * @param leaderKills how many leaders are killed, without other faults; 0 for all sorts of them
   */
  record Style(Duration storm, boolean durable, int leaderKills) {
    static final Style STORM = new Style(Duration.ofSeconds(6), true, 0);

    static Style ofLeaderKills(int count) {
      return new Style(Duration.ofSeconds(2).multipliedBy(count), true, count);
    }

    Style withoutSync() {
      return new Style(storm, false, leaderKills);
    }

    boolean onlyKillsLeaders() {
      return leaderKills > 0;
    }
  }

  /** What runs on a node. */
  record Service(Raft raft, ReplicatedTopics topics) {}

  private final StormyGroup<Service> group;
  private final Simulation simulation;
  private final RandomGenerator random;
  private final Style style;
  private final List<NodeId> ids =
      IntStream.range(0, 3).mapToObj(i -> NodeId.of("n" + i)).toList();
  private final TopicHistory history;
  private final TopicClients clients;
  private int leaderKills;

  TopicCampaign(long seed, Style style) {
    this.style = style;
    group = new StormyGroup<>(seed, service -> service.topics().node());
    simulation = group.simulation();
    random = group.random();
    history = new TopicHistory(group::violated);
    clients = new TopicClients(group, history, style.onlyKillsLeaders());
    RaftOptions raft =
        RaftOptions.defaults()
            .withOperationTimeout(Duration.ofSeconds(2))
            .withMaxCommandBytes(64 << 10)
            .withSnapshotLogBytes(random.nextBoolean() ? 8_000 : 1 << 20);
    RaftOptions kept = style.durable() ? raft : raft.unsafeInMemory();
    TopicsOptions options =
        TopicsOptions.defaults()
            .withMaxCommandBytes(32 << 10)
            .withBatches(1 + random.nextInt(2_000), 1 + random.nextInt(4));
    ids.forEach(id -> group.add(id, env -> open(env, kept, options)));
  }

  /** Runs the seed; a failure names it. */
  static TopicCampaign run(long seed, Style style) {
    TopicCampaign campaign = new TopicCampaign(seed, style);
    try {
      campaign.play();
      return campaign;
    } catch (Throwable e) {
      campaign.close();
      throw new AssertionError(
          "seed " + seed + " (TopicCampaign.run(" + seed + ", " + style + ")): " + e, e);
    }
  }

  /** For who has the class from another loader. */
  static void run(long seed) {
    run(seed, Style.STORM).close();
  }

  int acknowledged() {
    return history.acknowledged;
  }

  int fenced() {
    return history.fenced;
  }

  int leaderKills() {
    return leaderKills;
  }

  long virtualSeconds() {
    return simulation.nowNanos() / 1_000_000_000;
  }

  long digest() {
    return simulation.digest();
  }

  @Override
  public void close() {
    group.close();
  }

  private Service open(Environment environment, RaftOptions raftOptions, TopicsOptions options) {
    StormyGroup.connect(environment, ids);
    Raft raft = Raft.open(environment, raftOptions);
    BusOptions bus =
        ReplicatedTopics.busDefaults()
            .withTimeout(Duration.ofSeconds(3))
            .withLease(Duration.ofSeconds(2))
            .withBatch(1 + random.nextInt(64), 16 << 10);
    ReplicatedTopics topics = ReplicatedTopics.open(raft, "topics", ids, options, bus);
    group.watchLeaders(environment.self(), topics.node());
    return new Service(raft, topics);
  }

  private void play() {
    clients.begin();
    group.storm(Duration.ofMillis(600), 100, 600, this::disturb);
    if (style.onlyKillsLeaders()) {
      simulation.runUntil(() -> leaderKills >= style.leaderKills(), style.storm());
    } else {
      simulation.run(style.storm());
    }
    group.heal();
    clients.publishOnEachNode();
    new TopicChecks(group, history).check();
  }

  private void disturb(SimNode<Service> node, SimNode<Service> other) {
    if (style.onlyKillsLeaders()) {
      killLeader();
      group.nodes().forEach(SimNode::restart);
      return;
    }
    int dice = random.nextInt(16);
    switch (dice) {
      case 0, 1, 2 -> killLeader();
      case 3 -> node.crash();
      case 13 -> {
        if (random.nextInt(4) == 0) {
          group.nodes().forEach(SimNode::crash);
        }
      }
      case 14, 15 -> simulation.network().heal();
      default -> group.strike(dice - 4, node, other);
    }
  }

  private void killLeader() {
    group
        .leader()
        .ifPresent(
            leader -> {
              leaderKills++;
              leader.crash();
            });
  }
}
