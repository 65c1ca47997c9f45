package io.quorate.core.sim;

import io.quorate.core.NodeId;
import io.quorate.core.sim.Fault.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Draws plans that differ: each takes its own size of cluster, half of the kinds of faults, and its
 * own intensity of each. A mix of everything all the time would hide what only a few faults in an
 * otherwise quiet run can show.
 *
 * @param minNodes smallest cluster; at least 1
 * @param maxNodes largest cluster; at most 62
 * @param duration of each plan
 * @param operationsPerSecond operations of the test's own, at random times
 * @param meanFaults mean number of faults of one kind, where the kind was chosen
 * @param kinds the kinds to choose from
 * @see <a href="https://users.cs.utah.edu/~regehr/papers/swarm12.pdf">Groce et al., Swarm
 *     testing</a>
 */
public record Swarm(
    int minNodes,
    int maxNodes,
    Duration duration,
    int operationsPerSecond,
    int meanFaults,
    Set<Kind> kinds) {
  private static final long SECOND_NANOS = 1_000_000_000;
  private static final int MAX_NODES = 62;

  public Swarm {
    if (minNodes < 1 || maxNodes < minNodes || maxNodes > MAX_NODES) {
      throw new IllegalArgumentException(
          "nodes must be 1 to 62, were " + minNodes + " to " + maxNodes);
    }
    SimulationOptions.positiveNanos(duration, "duration");
    if (operationsPerSecond < 0 || meanFaults < 0) {
      throw new IllegalArgumentException(
          "rates must not be negative, were " + operationsPerSecond + ", " + meanFaults);
    }
    EnumSet<Kind> copy = EnumSet.noneOf(Kind.class);
    copy.addAll(kinds);
    kinds = Collections.unmodifiableSet(copy);
  }

  /** Three to five nodes, ten seconds, twenty operations a second, all a node must ride out. */
  public static Swarm defaults() {
    return new Swarm(3, 5, Duration.ofSeconds(10), 20, 3, Kind.survivable());
  }

  public Swarm withNodes(int minNodes, int maxNodes) {
    return new Swarm(minNodes, maxNodes, duration, operationsPerSecond, meanFaults, kinds);
  }

  public Swarm withDuration(Duration duration) {
    return new Swarm(minNodes, maxNodes, duration, operationsPerSecond, meanFaults, kinds);
  }

  public Swarm withOperationsPerSecond(int operationsPerSecond) {
    return new Swarm(minNodes, maxNodes, duration, operationsPerSecond, meanFaults, kinds);
  }

  public Swarm withMeanFaults(int meanFaults) {
    return new Swarm(minNodes, maxNodes, duration, operationsPerSecond, meanFaults, kinds);
  }

  public Swarm withKinds(Set<Kind> kinds) {
    return new Swarm(minNodes, maxNodes, duration, operationsPerSecond, meanFaults, kinds);
  }

  /** The plan that belongs to {@code seed}; nodes are called n1, n2 and so on. */
  public FaultPlan draw(long seed) {
    SeededRandom random = SeededRandom.of(seed, "plan");
    List<NodeId> nodes = new ArrayList<>();
    int nodeCount = random.nextInt(minNodes, maxNodes + 1);
    for (int i = 1; i <= nodeCount; i++) {
      nodes.add(NodeId.of("n" + i));
    }
    List<Fault> faults = new ArrayList<>();
    for (Kind kind : kinds) {
      if (kind != Kind.OPERATION && random.nextBoolean()) {
        long count = 1 + random.exponential(Math.max(0, meanFaults - 1));
        for (long i = 0; i < count; i++) {
          faults.add(draw(kind, nodes, random));
        }
      }
    }
    long operations = duration.toNanos() / 1_000_000 * operationsPerSecond / 1_000;
    for (long i = 0; i < operations; i++) {
      faults.add(Fault.operation(moment(random), pick(nodes, random), i));
    }
    return new FaultPlan(nodes, duration, faults);
  }

  private Fault draw(Kind kind, List<NodeId> nodes, SeededRandom random) {
    NodeId node = pick(nodes, random);
    NodeId other = pick(nodes, random);
    long lasts = 1 + random.exponential(meanNanos(kind));
    return new Fault(
        moment(random),
        kind,
        node,
        other,
        Duration.ofNanos(Math.min(lasts, duration.toNanos())),
        amount(kind, random));
  }

  private static long meanNanos(Kind kind) {
    return switch (kind) {
      case CLOG, STALL -> SECOND_NANOS / 2;
      case CRASH, CRASH_AT_CALL, KILL, PAUSE -> SECOND_NANOS;
      default -> 2 * SECOND_NANOS;
    };
  }

  private static long amount(Kind kind, SeededRandom random) {
    return switch (kind) {
      case CRASH_AT_CALL -> random.nextBoolean() ? random.nextInt(1, 20) : -random.nextInt(1, 20);
      case CALL_ERROR -> random.nextInt(1, 20);
      case BAD_NETWORK -> random.nextInt(1, 200);
      case DISK_FULL -> random.nextInt(2_000);
      case WALL_JUMP -> random.nextLong(-3_600_000, 3_600_000);
      case DRIFT -> {
        long most = random.nextBoolean() ? 500 : 50_000;
        yield random.nextLong(-most, most + 1);
      }
      default -> random.nextLong() >>> 1;
    };
  }

  private Duration moment(SeededRandom random) {
    return Duration.ofNanos(random.nextLong(duration.toNanos()));
  }

  private static NodeId pick(List<NodeId> nodes, SeededRandom random) {
    return nodes.get(random.nextInt(nodes.size()));
  }
}
