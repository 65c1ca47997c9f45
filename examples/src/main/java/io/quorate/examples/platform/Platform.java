package io.quorate.examples.platform;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.partitioning.Partitioner;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Three regions in one JVM, over real sockets and real files: in each a control node, two nodes of
 * the feature store and two serving replicas; and a node in front that the users come through.
 */
final class Platform implements AutoCloseable {
  static final List<String> REGIONS = List.of("eu", "us", "ap");

  private static final int STORES = 2;
  private static final int REPLICAS = 2;

  final Wiring wiring = new Wiring();
  final Partitioner<NodeId> ring;
  private final List<ControlNode> controls = new ArrayList<>();
  private final List<StoreNode> stores = new ArrayList<>();
  private final List<ServingNode> replicas = new ArrayList<>();
  private final Environment users;
  private final Chronicle chronicle;
  private volatile Front front;

  /** All nodes, none of them up; their files are below {@code root}. */
  Platform(Exam exam, Path root, Chronicle chronicle) {
    Map<NodeId, String> controlIds = ids("control", 1);
    Map<NodeId, String> storeIds = ids("store", STORES);
    Map<NodeId, String> replicaIds = ids("serve", REPLICAS);
    ring = StoreNode.ring(storeIds);
    List<NodeId> voters = List.copyOf(controlIds.keySet());
    controlIds.forEach(
        (id, region) -> controls.add(new ControlNode(id, region, voters, wiring, root)));
    storeIds.forEach(
        (id, region) -> stores.add(new StoreNode(id, region, ring, storeIds, wiring, root)));
    replicaIds.forEach(
        (id, region) ->
            replicas.add(new ServingNode(id, region, exam, controlIds, storeIds, wiring, root)));
    users = PlatformNode.environment(NodeId.of("users"), root.resolve("users"));
    wiring.add(users);
    this.chronicle = chronicle;
  }

  private static Map<NodeId, String> ids(String kind, int perRegion) {
    Map<NodeId, String> ids = new LinkedHashMap<>();
    for (String region : REGIONS) {
      for (int i = 1; i <= perRegion; i++) {
        ids.put(NodeId.of(region + "-" + kind + (perRegion == 1 ? "" : "-" + i)), region);
      }
    }
    return ids;
  }

  /** Starts what trains and stores. */
  void start() throws Exception {
    for (PlatformNode node : Stream.of(controls, stores).flatMap(List::stream).toList()) {
      node.start();
    }
  }

  /** Starts the replicas, which load the newest model, and opens the front to users. */
  void serve() throws Exception {
    Map<NodeId, String> ids = new LinkedHashMap<>();
    for (ServingNode replica : replicas) {
      replica.start();
      ids.put(replica.id(), replica.region());
    }
    front = new Front(users, ids, chronicle);
  }

  Stream<PlatformNode> nodes() {
    return Stream.of(controls, stores, replicas).flatMap(List::stream);
  }

  List<ControlNode> controls() {
    return controls;
  }

  List<StoreNode> stores() {
    return stores;
  }

  List<ServingNode> replicas() {
    return replicas;
  }

  /** The users' way in; null before {@link #serve}. */
  Front front() {
    return front;
  }

  /** The node called {@code id}; empty if there is none. */
  Optional<PlatformNode> node(String id) {
    return nodes().filter(node -> node.id().value().equals(id)).findFirst();
  }

  /** The nodes of {@code region}. */
  List<NodeId> nodesOf(String region) {
    return nodes().filter(node -> node.region().equals(region)).map(PlatformNode::id).toList();
  }

  /** Control nodes that are up and can reach the others. */
  Stream<ControlNode> liveControls() {
    return controls.stream().filter(node -> node.isUp() && !node.isCut());
  }

  /** Store nodes that are up and can reach the others. */
  Stream<StoreNode> liveStores() {
    return stores.stream().filter(node -> node.isUp() && !node.isCut());
  }

  @Override
  public void close() {
    if (front != null) {
      front.close();
    }
    nodes().forEach(PlatformNode::kill);
    users.close();
  }
}
