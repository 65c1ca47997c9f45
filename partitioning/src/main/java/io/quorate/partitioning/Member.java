package io.quorate.partitioning;

import java.util.Collection;
import java.util.List;
import java.util.function.Function;

/**
 * A node as placement sees it.
 *
 * <p>The {@code id} alone decides where a node stands: it must be stable across restarts and equal
 * on every machine. A renamed node is another node. The node value itself is only handed back.
 *
 * @param node what a lookup returns: an address, a connection pool, a name
 * @param id 1 to 256 characters, unique among the members
 * @param weight share of the load relative to the other members, 0 to {@value #MAX_WEIGHT}; a
 *     member of weight 0 stays a member but owns nothing (it is being drained)
 * @param zone the failure domain; empty for none, then the node is a zone of its own
 */
public record Member<N>(N node, String id, double weight, String zone) {
  /** The largest weight. */
  public static final double MAX_WEIGHT = 1e6;

  private static final int MAX_ID_LENGTH = 256;

  public Member {
    PlacementException.present(node, "node");
    PlacementException.present(id, "id");
    PlacementException.present(zone, "zone");
    PlacementException.require(!id.isEmpty() && id.length() <= MAX_ID_LENGTH, "id", id,
        "must have 1 to " + MAX_ID_LENGTH + " characters");
    PlacementException.require(zone.length() <= MAX_ID_LENGTH, "zone", zone,
        "must have at most " + MAX_ID_LENGTH + " characters");
    requireWeight(weight);
    weight += 0.0; // -0.0 becomes 0.0, so that equal weights have equal bytes
  }

  /** A member of weight 1 without a zone, named by itself. */
  public static Member<String> of(String id) {
    return of(id, id);
  }

  /** A member of weight 1 without a zone. */
  public static <N> Member<N> of(N node, String id) {
    return new Member<>(node, id, 1, "");
  }

  /** The nodes as members of weight 1 without zones. */
  public static <N> List<Member<N>> all(Collection<N> nodes, Function<? super N, String> id) {
    return nodes.stream().map(node -> of(node, id.apply(node))).toList();
  }

  /** The names as members of weight 1 without zones. */
  public static List<Member<String>> all(Collection<String> ids) {
    return all(ids, Function.identity());
  }

  /** This member with another weight. */
  public Member<N> withWeight(double weight) {
    return new Member<>(node, id, weight, zone);
  }

  /** This member in another zone. */
  public Member<N> withZone(String zone) {
    return new Member<>(node, id, weight, zone);
  }

  static void requireWeight(double weight) {
    PlacementException.require(weight >= 0 && weight <= MAX_WEIGHT, "weight", weight,
        "must be between 0 and " + MAX_WEIGHT);
  }
}
