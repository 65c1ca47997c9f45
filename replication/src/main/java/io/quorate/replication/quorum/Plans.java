package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Plans operations; remembers the plans, of which there are few. Belongs to the loop. */
final class Plans implements CoordinatorCore.Planner {
  private static final int MAX_KNOWN = 4_096;

  private final Supplier<PlacementTopology> topology;
  private final QuorumOptions options;
  private final NodeId self;
  private final Map<Subject, Plan> known = new HashMap<>();
  /** Under which the known ones were made. */
  private PlacementTopology placed;
  private Map<NodeId, String> zones;

  /** What a plan depends on. */
  private record Subject(Consistency level, List<List<NodeId>> sets) {}

  /** Plans under whichever placement {@code topology} gives at the time. */
  Plans(Supplier<PlacementTopology> topology, QuorumOptions options, NodeId self) {
    this.topology = topology;
    this.options = options;
    this.self = self;
  }

  @Override
  public Plan plan(Operation operation) {
    PlacementTopology now = topology.get();
    if (now != placed) {
      known.clear();
      zones = now.zones(options.zones());
      placed = now;
    }
    Subject subject = new Subject(operation.level, now.quorumSetsOf(operation.key.bytes()));
    Plan plan = known.get(subject);
    if (plan == null) {
      if (known.size() == MAX_KNOWN) {
        known.clear();
      }
      plan = Plan.of(subject.level, subject.sets, options, self, zones);
      known.put(subject, plan);
    }
    return plan;
  }
}
