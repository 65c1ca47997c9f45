package io.quorate.examples.node;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.quorate.consensus.raft.RaftNode;
import io.quorate.consensus.raft.Read;
import io.quorate.core.NodeId;
import io.quorate.core.transport.Address;
import io.quorate.replication.quorum.MoveProgress;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * {@code /cluster}: who is a member, and how one becomes or ceases to be one.
 *
 * <ul>
 *   <li>{@code GET /cluster}: JSON of the founders, the members with phase and address, the voters
 *       of each group, and the copies of keys that have moved while this node has keys moved
 *   <li>{@code PUT /cluster/ID} with {@code HOST:PORT} as body: has a node added that was started
 *       with {@code --join}, which does this by itself
 *   <li>{@code DELETE /cluster/ID}: has a node taken out, dead or alive, once its keys are with
 *     others
 * </ul>
 *
 * <p>Both are answered once they are agreed on, and come about in the background.
 */
final class ClusterPages {
  private static final Gson JSON = new GsonBuilder().create();
  private static final String PATH = "/cluster";
  private static final long WAIT_SECONDS = 4;

  private final SortedSet<NodeId> founders;
  private final int replicas;
  private final Registry registry;
  private final Map<String, RaftNode<?, ?, ?>> groups;
  private final Steward steward;

  ClusterPages(
      SortedSet<NodeId> founders,
      int replicas,
      Registry registry,
      Map<String, RaftNode<?, ?, ?>> groups,
      Steward steward) {
    this.founders = founders;
    this.replicas = replicas;
    this.registry = registry;
    this.groups = groups;
    this.steward = steward;
  }

  static boolean isFor(HttpRequest request) {
    return request.path().equals(PATH) || request.path().startsWith(PATH + "/");
  }

  /**
   * Answers a request that {@link #isFor} this.
   *
   * @throws BadRequestException if it makes no sense
   */
  HttpReply answer(HttpRequest request) {
    if (request.path().equals(PATH)) {
      if (!request.method().equals("GET")) {
        throw new BadRequestException(405, "method must be GET", "GET");
      }
      return overview();
    }
    NodeId node = node(request.path().substring(PATH.length() + 1));
    return switch (request.method()) {
      case "PUT" -> enter(node, request);
      case "DELETE" -> leave(node);
      default -> throw new BadRequestException(405, "method must be PUT, DELETE", "PUT, DELETE");
    };
  }

  private HttpReply overview() {
    Map<String, Object> members = new LinkedHashMap<>();
    await(registry.entries(Read.LOCAL))
        .forEach(
            (id, entry) ->
                members.put(
                    id.value(),
                    Map.of(
                        "phase", entry.phase().name().toLowerCase(Locale.ROOT),
                        "address", entry.address().toString())));
    Map<String, Object> voters = new LinkedHashMap<>();
    groups.forEach(
        (name, group) ->
            voters.put(
                name,
                group.status().configuration().voters().stream().map(NodeId::value).toList()));
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("founders", founders.stream().map(NodeId::value).toList());
    json.put("members", members);
    json.put("voters", voters);
    Optional<MoveProgress> moved = steward.moved();
    moved.ifPresent(
        is -> json.put("moving", Map.of("keys", is.keys(), "keysInAll", is.keysInAll())));
    return new HttpReply(
        200,
        Map.of("Content-Type", "application/json"),
        JSON.toJson(json).getBytes(StandardCharsets.UTF_8));
  }

  private HttpReply enter(NodeId node, HttpRequest request) {
    Address address;
    try {
      address = Address.parse(new String(request.body(), StandardCharsets.UTF_8).strip());
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(400, e.getMessage());
    }
    if (founders.contains(node)) {
      throw new BadRequestException(412, "a member that the cluster began with has this name");
    }
    return await(registry.enter(node, address))
        ? new HttpReply(204, Map.of(), new byte[0])
        : HttpReply.text(412, "a member at another address has this name");
  }

  private HttpReply leave(NodeId node) {
    SortedMap<NodeId, ClusterEntry> entries = await(registry.entries(Read.LINEARIZABLE));
    ClusterEntry entry = entries.get(node);
    if (entry == null || entry.phase() == ClusterEntry.Phase.REMOVED) {
      throw new BadRequestException(404, "no such member");
    }
    long staying =
        entries.values().stream().filter(is -> is.phase() == ClusterEntry.Phase.MEMBER).count();
    if (entry.phase() == ClusterEntry.Phase.MEMBER && staying - 1 < replicas) {
      throw new BadRequestException(
          412, "too few members would remain to hold " + replicas + " copies of each key");
    }
    if (entry.phase() != ClusterEntry.Phase.LEAVING) {
      await(registry.advance(node, entry.phase(), ClusterEntry.Phase.LEAVING));
    }
    return new HttpReply(204, Map.of(), new byte[0]);
  }

  private static NodeId node(String text) {
    try {
      return NodeId.of(text);
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(400, e.getMessage());
    }
  }

  /** Fails as a store does, also when there is no answer in time: either may take effect later. */
  private static <T> T await(CompletableFuture<T> future) {
    return future.orTimeout(WAIT_SECONDS, TimeUnit.SECONDS).join();
  }
}
