package io.quorate.core.sim;

import io.quorate.core.NodeId;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * Remembers which data were damaged where, and permits damage to the same data on a minority of
 * nodes only: "nothing acknowledged is lost" is a fair demand as long as some majority is whole.
 *
 * @see <a href="https://docs.tigerbeetle.com/concepts/safety/">TigerBeetle, safety</a>
 */
public final class FaultAtlas {
  private final int mostNodes;
  private final Function<String, String> dataOf;
  private final TreeMap<String, TreeSet<NodeId>> damaged = new TreeMap<>();

  private FaultAtlas(int nodeCount, Function<String, String> dataOf) {
    this.mostNodes = (nodeCount - 1) / 2;
    this.dataOf = dataOf;
  }

  /** Any damage to a node counts against all of its data: whole nodes are spared. */
  public static FaultAtlas byNode(int nodeCount) {
    return new FaultAtlas(nodeCount, place -> "");
  }

  /** Nodes hold the same bytes in the same places: each sector of each file counts for itself. */
  public static FaultAtlas bySector(int nodeCount) {
    return new FaultAtlas(nodeCount, place -> place);
  }

  /** Whether damage on {@code node} is permitted; if so, it is noted as done. */
  public boolean permits(NodeId node, String path, long sector) {
    TreeSet<NodeId> nodes =
        damaged.computeIfAbsent(dataOf.apply(path + "#" + sector), place -> new TreeSet<>());
    if (!nodes.contains(node) && nodes.size() >= mostNodes) {
      return false;
    }
    nodes.add(node);
    return true;
  }

  /** Whether anything on {@code node} was damaged. */
  public boolean isDamaged(NodeId node) {
    return damaged.values().stream().anyMatch(nodes -> nodes.contains(node));
  }
}
