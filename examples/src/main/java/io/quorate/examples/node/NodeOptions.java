package io.quorate.examples.node;

import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a node is told on its command line.
 *
 * @param id this node
 * @param listen where it accepts its peers
 * @param http where it serves users
 * @param directory its own, made if need be
 * @param cluster every member, this one included, as this node dials it; empty for a node that
 *     joins
 * @param join where members of a running cluster serve users; empty for one of its founders
 */
record NodeOptions(
    NodeId id,
    Address listen,
    Address http,
    Path directory,
    SortedMap<NodeId, Address> cluster,
    List<Address> join) {
  NodeOptions {
    join = List.copyOf(join);
    cluster = Collections.unmodifiableSortedMap(new TreeMap<>(cluster));
    if (cluster.isEmpty() == join.isEmpty()) {
      throw new IllegalArgumentException("give either --cluster or --join");
    }
    if (join.isEmpty() && !cluster.containsKey(id)) {
      throw new IllegalArgumentException(
          "--cluster must list this node, " + id + ", was " + cluster.keySet());
    }
  }

  /** Whether this node is to be added to a cluster that runs already. */
  boolean joins() {
    return !join.isEmpty();
  }

  /**
   * Reads {@code host:port,host:port,...}.
   *
   * @throws IllegalArgumentException if it has another form
   */
  static List<Address> parseAddresses(String text) {
    return Arrays.stream(text.split(",", -1)).map(Address::parse).toList();
  }

  /**
   * Reads {@code n1=host:port,n2=host:port,...}.
   *
   * @throws IllegalArgumentException if it has another form, or a node or an address twice
   */
  static SortedMap<NodeId, Address> parseCluster(String text) {
    TreeMap<NodeId, Address> cluster = new TreeMap<>();
    for (String member : text.split(",", -1)) {
      int equals = member.indexOf('=');
      if (equals < 0) {
        throw new IllegalArgumentException(
            "--cluster must be id=host:port,..., was " + text);
      }
      NodeId id = NodeId.of(member.substring(0, equals));
      Address address = Address.parse(member.substring(equals + 1));
      if (cluster.containsValue(address)) {
        throw new IllegalArgumentException("--cluster has the address " + address + " twice");
      }
      if (cluster.put(id, address) != null) {
        throw new IllegalArgumentException("--cluster has the node " + id + " twice");
      }
    }
    return cluster;
  }
}
