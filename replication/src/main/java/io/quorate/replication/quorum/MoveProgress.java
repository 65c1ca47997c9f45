package io.quorate.replication.quorum;

import io.quorate.core.NodeId;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far a change of the placement has come. Counts are of copies, and about right: keys are
 * written meanwhile.
 *
 * @param state the state in which keys move, or of a change that has ended, the one it ended with
 * @param nodes what each node that is to hold keys has said last
 */
public record MoveProgress(PlacementState state, SortedMap<NodeId, Node> nodes) {
  /**
   * How far one node has come.
   *
   * @param received whether it has all that it is to hold
   * @param problem why it does not come on, such as a full disk or that it does not answer; empty
   *     if it does
   * @param ranges what it is to receive
   */
  public record Node(boolean received, String problem, List<Range> ranges) {
    public Node {
      ranges = List.copyOf(ranges);
    }
  }

  /**
   * The keys that have the same replicas before and after.
   *
   * @param replicas all these, sorted
   * @param keys how many of {@code keysInAll} are there
   * @param bytes about how many of {@code bytesInAll} are there, as log
   */
  public record Range(
      List<NodeId> replicas, long keys, long keysInAll, long bytes, long bytesInAll) {
    public Range {
      replicas = List.copyOf(replicas);
    }
  }

  public MoveProgress {
    nodes = Collections.unmodifiableSortedMap(new TreeMap<>(nodes));
  }

  /** Copies of keys that are where they are to be. */
  public long keys() {
    return ranges().stream().mapToLong(Range::keys).sum();
  }

  /** Copies of keys that are to be there in the end. */
  public long keysInAll() {
    return ranges().stream().mapToLong(Range::keysInAll).sum();
  }

  /** About how many bytes {@link #keys} are. */
  public long bytes() {
    return ranges().stream().mapToLong(Range::bytes).sum();
  }

  /** About how many bytes {@link #keysInAll} are. */
  public long bytesInAll() {
    return ranges().stream().mapToLong(Range::bytesInAll).sum();
  }

  private List<Range> ranges() {
    return nodes.values().stream().flatMap(node -> node.ranges.stream()).toList();
  }

  /** The nodes that do not have all yet. */
  public List<NodeId> waitingFor() {
    return nodes.entrySet().stream()
        .filter(node -> !node.getValue().received)
        .map(java.util.Map.Entry::getKey)
        .toList();
  }
}
