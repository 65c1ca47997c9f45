package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who can reach whom. A cut closes the connections between its two sides and lets no new ones be
 * made until it heals. Safe for use by many threads.
 */
final class Wiring {
  private static final int MAINLAND = 0;

  private final Map<NodeId, Environment> up = new TreeMap<>();
  /** The island that a node is on; who is not named is on the mainland. */
  private final Map<NodeId, Integer> islands = new TreeMap<>();
  private int lastIsland = MAINLAND;

  /** Introduces a node that has started to all that it can reach. */
  synchronized void add(Environment environment) {
    up.put(environment.self(), environment);
    wire();
  }

  /** Forgets a node that has been killed. */
  synchronized void remove(NodeId node) {
    up.remove(node);
  }

  /** Lets {@code nodes} reach each other and nobody else, nor be reached. */
  synchronized void cut(Collection<NodeId> nodes) {
    int island = ++lastIsland;
    nodes.forEach(node -> islands.put(node, island));
    wire();
  }

  /** Takes {@code nodes} back to all others. */
  synchronized void heal(Collection<NodeId> nodes) {
    islands.keySet().removeAll(nodes);
    wire();
  }

  synchronized boolean isCut(NodeId node) {
    return islands.containsKey(node);
  }

  private void wire() {
    for (Environment one : up.values()) {
      for (Environment other : up.values()) {
        if (one == other) {
          continue;
        }
        if (island(one).equals(island(other))) {
          one.transport().setPeer(other.self(), other.transport().address());
        } else {
          one.transport().removePeer(other.self());
        }
      }
    }
  }

  private Integer island(Environment environment) {
    return islands.getOrDefault(environment.self(), MAINLAND);
  }
}
