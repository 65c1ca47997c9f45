package io.quorate.partitioning;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Keeps the load of ranges even: splits hot ranges where their load halves, merges cold neighbours,
 * and moves ranges from loaded nodes to idle ones.
 *
 * <p>Works in rounds: {@link #record} every access (or a fair sample), then ask for the {@link
 * #round}. The split point is the median of a random sample of the range's keys. A range that is
 * one hot key is left alone. The gap between the thresholds for splitting and merging keeps ranges
 * from going back and forth.
 *
 * <p>Not thread-safe: one thread records and closes rounds.
 */
public final class RangeBalancer<K, N> {
  private final RangeBalancerOptions options;
  private final RandomGenerator random;
  private RangePartitioner<K, N> current;
  private List<RangeLoad<K>> loads;

  /** Begins with a placement; {@code random} chooses the sample. */
  public RangeBalancer(RangePartitioner<K, N> placement, RangeBalancerOptions options,
      RandomGenerator random) {
    this.current = PlacementException.present(placement, "placement");
    this.options = PlacementException.present(options, "options");
    this.random = PlacementException.present(random, "random");
    this.loads = fresh();
  }

  /** The placement after the last round. */
  public RangePartitioner<K, N> current() {
    return current;
  }

  /** Notes one access to a key, which must not be modified afterwards. */
  public void record(K key) {
    loads.get(current.indexOf(key)).add(key, options.sampleKeys(), random);
  }

  /**
   * Ends a round: decides by what was recorded since the last one, and begins anew.
   *
   * @param nodes who may own ranges; ranges of others are moved to them
   * @return the changes in order; the last leads to {@link #current()}
   */
  public List<RangeChange<K, N>> round(List<N> nodes) {
    PlacementException.require(!nodes.isEmpty(), "nodes", "none", "must have one");
    List<RangeChange<K, N>> changes = new ArrayList<>();
    double total = loads.stream().mapToDouble(load -> load.count).sum();
    if (total > 0) {
      NodeLoads nodeLoads = new NodeLoads(nodes);
      double mean = total / nodes.size();
      split(changes, options.splitAbove() * mean);
      move(changes, nodeLoads, mean);
      merge(changes, nodeLoads, options.mergeBelow() * mean, mean);
    }
    loads = fresh();
    return changes;
  }

  private List<RangeLoad<K>> fresh() {
    List<RangeLoad<K>> empty = new ArrayList<>();
    for (int i = 0; i < current.size(); i++) {
      empty.add(new RangeLoad<>());
    }
    return empty;
  }

  private void apply(List<RangeChange<K, N>> changes, RangeChange<K, N> change) {
    changes.add(change);
    current = change.after();
  }

  private void split(List<RangeChange<K, N>> changes, double threshold) {
    for (int i = 0; i < loads.size() && changes.size() < options.maxChanges(); i++) {
      RangeLoad<K> load = loads.get(i);
      if (load.count <= threshold) {
        continue;
      }
      Optional<K> at = load.splitPoint(current);
      if (at.isPresent()) {
        RangeLoad<K> upper = load.splitOff(at.get(), current::compare);
        apply(changes, current.split(at.get(), current.owners.get(i)));
        loads.add(i + 1, upper);
        i++; // halves wait for a sample of their own
      }
    }
  }

  private void move(List<RangeChange<K, N>> changes, NodeLoads nodeLoads, double mean) {
    for (int i = 0; i < loads.size() && changes.size() < options.maxChanges(); i++) {
      if (!nodeLoads.knows(current.owners.get(i))) {
        moveTo(changes, nodeLoads, i, nodeLoads.idlest());
      }
    }
    int best;
    while (changes.size() < options.maxChanges()
        && (best = bestToMove(nodeLoads, options.moveAbove() * mean)) >= 0) {
      moveTo(changes, nodeLoads, best, nodeLoads.idlest());
    }
  }

  /**
   * The range whose move to the idlest node leaves the larger of both nodes' loads smallest, of the
   * most loaded node that has one whose move helps; or -1.
   */
  private int bestToMove(NodeLoads nodeLoads, double threshold) {
    double idlest = nodeLoads.of(nodeLoads.idlest());
    int best = -1;
    double bestOwner = threshold;
    double bestAfter = Double.POSITIVE_INFINITY;
    for (int i = 0; i < loads.size(); i++) {
      double owner = nodeLoads.of(current.owners.get(i));
      double count = loads.get(i).count;
      double after = Math.max(owner - count, idlest + count);
      boolean helps = count > 0 && after < owner;
      if (helps && (owner > bestOwner || owner == bestOwner && after < bestAfter)) {
        best = i;
        bestOwner = owner;
        bestAfter = after;
      }
    }
    return best;
  }

  private void moveTo(
      List<RangeChange<K, N>> changes, NodeLoads nodeLoads, int index, N to) {
    nodeLoads.shift(current.owners.get(index), to, loads.get(index).count);
    apply(changes, current.moveRange(index, to));
  }

  private void merge(List<RangeChange<K, N>> changes, NodeLoads nodeLoads, double threshold,
      double mean) {
    for (int i = 1; i < loads.size() && changes.size() < options.maxChanges(); ) {
      RangeLoad<K> lower = loads.get(i - 1);
      RangeLoad<K> upper = loads.get(i);
      N to = current.owners.get(i - 1);
      double after = nodeLoads.of(to) + upper.count;
      if (lower.count + upper.count < threshold
          && (current.owners.get(i).equals(to) || after <= options.moveAbove() * mean)) {
        nodeLoads.shift(current.owners.get(i), to, upper.count);
        apply(changes, current.merge(current.bounds().get(i - 1)));
        lower.count += upper.count;
        loads.remove(i);
      } else {
        i++;
      }
    }
  }

  /** What each node carries; in the order of the nodes, so that ties fall alike. */
  private final class NodeLoads {
    private final List<N> nodes;
    private final Map<String, Double> byId = new HashMap<>();

    NodeLoads(List<N> nodes) {
      this.nodes = nodes;
      nodes.forEach(node -> byId.put(current.id.apply(node), 0.0));
      for (int i = 0; i < loads.size(); i++) {
        double count = loads.get(i).count;
        byId.computeIfPresent(
            current.id.apply(current.owners.get(i)), (id, load) -> load + count);
      }
    }

    boolean knows(N node) {
      return byId.containsKey(current.id.apply(node));
    }

    double of(N node) {
      return byId.getOrDefault(current.id.apply(node), 0.0);
    }

    N idlest() {
      return nodes.stream().min(Comparator.comparingDouble(this::of)).orElseThrow();
    }

    void shift(N from, N to, double load) {
      byId.computeIfPresent(current.id.apply(from), (id, old) -> old - load);
      byId.computeIfPresent(current.id.apply(to), (id, old) -> old + load);
    }
  }
}
