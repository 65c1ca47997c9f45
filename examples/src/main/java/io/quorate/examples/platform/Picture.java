package io.quorate.examples.platform;

import io.quorate.consensus.raft.RaftStatus;
import io.quorate.core.NodeId;
import io.quorate.partitioning.Partitioner;
import io.quorate.replication.quorum.ReplicaStatus;
import io.quorate.resilience.StaleCache;
import io.quorate.resilience.balance.LoadBalancer;
import io.quorate.resilience.balance.RegionRouter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** A scene as plain maps and lists, to be written as JSON. */
final class Picture {
  private static final int RING_PIECES = 360;

  private final Scene scene;
  private final Pulse pulse;

  Picture(Scene scene, Pulse pulse) {
    this.scene = scene;
    this.pulse = pulse;
  }

  /** All there is to see, with the lines of the chronicle after {@code line}. */
  Map<String, Object> after(long line) {
    Map<String, Object> picture = new LinkedHashMap<>();
    picture.put("seconds", scene.chronicle.seconds());
    picture.put("part", scene.chronicle.part());
    picture.put("prompt", scene.exam.prompt());
    picture.put("lines", scene.chronicle.after(line));
    picture.put("losses", scene.chronicle.losses());
    picture.put("beats", pulse.beats());
    picture.put("score", scene.score());
    Load load = scene.load();
    if (load != null) {
      picture.put(
          "totals",
          Map.of(
              "answered", load.answered(),
              "failed", load.failed(),
              "availability", load.availability()));
    }
    Platform platform = scene.platform();
    if (platform != null) {
      picture.put("serving", platform.front() != null);
      picture.put("ring", ring(platform.ring));
      picture.put("regions", Platform.REGIONS.stream().map(x -> region(platform, x)).toList());
    }
    return picture;
  }

  /** The first owner of each piece of the ring, by index of its members. */
  private static Map<String, Object> ring(Partitioner<NodeId> ring) {
    List<String> members = ring.members().stream().map(x -> x.node().value()).toList();
    List<Integer> owners = new ArrayList<>();
    for (int i = 0; i < RING_PIECES; i++) {
      long hash = (long) (i * (0x1p63 / RING_PIECES)) << 1;
      owners.add(members.indexOf(ring.ownerOfHash(hash).value()));
    }
    return Map.of("members", members, "owners", owners);
  }

  private Map<String, Object> region(Platform platform, String region) {
    Map<String, Object> picture = new LinkedHashMap<>();
    picture.put("name", region);
    Front front = platform.front();
    if (front != null) {
      Map<String, Double> routes = new LinkedHashMap<>();
      for (RegionRouter.RegionStats stats : front.routers().get(region).stats()) {
        routes.put(stats.region(), stats.share());
      }
      picture.put("routes", routes);
    }
    picture.put(
        "nodes",
        platform.nodes()
            .filter(node -> node.region().equals(region))
            .map(node -> node(platform, node))
            .toList());
    return picture;
  }

  private Map<String, Object> node(Platform platform, PlatformNode node) {
    Map<String, Object> picture = new LinkedHashMap<>();
    picture.put("id", node.id().value());
    picture.put("up", node.isUp());
    picture.put("cut", node.isCut());
    if (node instanceof ControlNode control) {
      picture.put("kind", "control");
      if (node.isUp()) {
        addControl(picture, control);
      }
    } else if (node instanceof StoreNode) {
      picture.put("kind", "store");
      ReplicaStatus status = pulse.stores().get(node.id());
      if (node.isUp() && status != null) {
        picture.put("keys", status.keys());
        picture.put("hints", status.hints());
        picture.put("caughtUp", status.caughtUp());
      }
    } else if (node instanceof ServingNode replica) {
      picture.put("kind", "replica");
      addReplica(picture, platform, replica);
    } else {
      throw new AssertionError("unhandled node " + node.id());
    }
    return picture;
  }

  private static void addControl(Map<String, Object> picture, ControlNode control) {
    RaftStatus status = control.facts().node().status();
    picture.put("role", status.role().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    picture.put("term", status.term());
    picture.put("commitIndex", status.commitIndex());
    picture.put("leadsTraining", control.leadsTraining());
    picture.put("version", control.newest().version());
  }

  private static void addReplica(
      Map<String, Object> picture, Platform platform, ServingNode replica) {
    if (replica.isUp()) {
      StaleCache.Stats cache = replica.profiles().stats();
      picture.put("version", replica.version());
      picture.put("mood", replica.mood().name().toLowerCase(Locale.ROOT));
      picture.put("breaker", replica.profiles().breaker().name().toLowerCase(Locale.ROOT));
      picture.put("cacheHits", cache.hits());
      picture.put("staleHits", cache.staleHits());
    }
    Front front = platform.front();
    if (front == null) {
      return;
    }
    Optional<LoadBalancer.ReplicaStats<NodeId>> seen =
        front.balancers().get(replica.region()).stats().replicas().stream()
            .filter(stats -> stats.replica().target().equals(replica.id()))
            .findFirst();
    seen.ifPresent(
        stats -> {
          picture.put("state", stats.state().name().toLowerCase(Locale.ROOT).replace('_', ' '));
          picture.put("picks", stats.picks());
          picture.put("failures", stats.failures());
        });
  }
}
