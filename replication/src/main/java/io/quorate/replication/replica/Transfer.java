package io.quorate.replication.replica;

import io.quorate.core.EventLoop;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Endpoint;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Brings here what the peers hold for this replica, one peer after the other, until enough were
 * compared with: when a disk is new, and when keys move. Begun again after a crash it costs only
 * what is still missing. Belongs to the table's event loop.
 */
final class Transfer {
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final CellTable table;
  private final CatchUp catchUp;
  private final Arrival arrival;
  private final Endpoint endpoint;
  private final EventLoop loop;
  private final NodeId self;
  private final Pace pace;
  private final Consumer<RepairExchange.Result> exchanged;
  /** What the peer that has most says there is to share, by set. */
  private final Map<String, RepairMessage.Group> expected = new TreeMap<>();
  private long lastSequence;
  private int turn;
  private boolean running;
  private String problem = "";

  Transfer(
      CellTable table,
      CatchUp catchUp,
      Arrival arrival,
      Endpoint endpoint,
      EventLoop loop,
      NodeId self,
      Pace pace,
      Consumer<RepairExchange.Result> exchanged) {
    this.table = table;
    this.catchUp = catchUp;
    this.arrival = arrival;
    this.endpoint = endpoint;
    this.loop = loop;
    this.self = self;
    this.pace = pace;
    this.exchanged = exchanged;
  }

  /** Forgets how far it was: keys move otherwise now. */
  void begin() {
    expected.clear();
    problem = "";
  }

  /** Why it does not come on; empty if it does. */
  String problem() {
    return problem;
  }

  /**
   * Asks all peers that are not known to serve what they are like, and goes on with one of the
   * rest.
   */
  void next() {
    List<NodeId> peers =
        table.topology().sources().stream()
            .flatMap(List::stream)
            .distinct()
            .filter(peer -> !peer.equals(self))
            .sorted()
            .toList();
    for (NodeId peer : peers) {
      if (!catchUp.hasHeard(peer)) {
        hear(peer);
      }
    }
    List<NodeId> left =
        peers.stream()
            .filter(peer -> catchUp.hasHeard(peer) && !catchUp.hasCompared(peer))
            .toList();
    if (!running && !left.isEmpty()) {
      running = true;
      bring(left.get(turn++ % left.size())).whenComplete((v, failure) -> running = false);
    }
  }

  private CompletableFuture<RepairMessage.Shared> hear(NodeId peer) {
    long epoch = table.topology().epoch();
    byte[] question =
        RepairMessage.CODEC.encode(
            new RepairMessage.Groups(new RepairMessage.Scope(epoch, List.of())));
    CompletableFuture<RepairMessage.Shared> heard = new CompletableFuture<>();
    endpoint
        .request(peer, question, PATIENCE)
        .whenCompleteAsync(
            (answer, failure) -> {
              if (failure != null) {
                heard.completeExceptionally(failure);
                return;
              }
              try {
                heard.complete(take(peer, epoch, RepairMessage.CODEC.decode(answer)));
              } catch (RuntimeException e) {
                heard.completeExceptionally(e);
              }
            },
            loop);
    return heard;
  }

  private RepairMessage.Shared take(NodeId peer, long epoch, RepairMessage message) {
    if (!(message instanceof RepairMessage.Shared shared)
        || table.topology().epoch() != epoch) {
      throw new RefusedException("peer " + peer + " is of another epoch: " + message);
    }
    // What the peer has forgotten is known here before the peer counts for anything.
    lastSequence = Math.max(lastSequence, table.raiseFloor(shared.standing().floor()));
    for (RepairMessage.Group group : shared.groups()) {
      expected.merge(
          group.set().toString(), group, (old, now) -> now.keys() > old.keys() ? now : old);
    }
    catchUp.heard(peer, shared.standing());
    return shared;
  }

  /** Compares all that is shared with one peer. */
  private CompletableFuture<Void> bring(NodeId peer) {
    long epoch = table.topology().epoch();
    return hear(peer)
        .thenCompose(shared -> groups(peer, new ArrayDeque<>(shared.groups())))
        // Its disk may have been replaced meanwhile; then it does not serve any more.
        .thenCompose(v -> hear(peer))
        .thenCompose(shared -> durable())
        .whenComplete(
            (v, failure) -> {
              if (failure != null) {
                problem = peer + ": " + failure;
              } else if (table.topology().epoch() == epoch) {
                problem = "";
                catchUp.compared(peer);
              }
            });
  }

  private CompletableFuture<Void> groups(NodeId peer, Deque<RepairMessage.Group> left) {
    RepairMessage.Group group = left.poll();
    if (group == null) {
      return CompletableFuture.completedFuture(null);
    }
    return new RepairExchange(table, arrival, endpoint, loop, peer, group.set(), pace)
        .run()
        .thenCompose(
            result -> {
              exchanged.accept(result);
              if (result.missing() > 0) {
                throw new RefusedException(result.missing() + " cells did not come");
              }
              return groups(peer, left);
            });
  }

  private CompletableFuture<Void> durable() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    table.store().whenDurable(lastSequence, () -> done.complete(null));
    return done;
  }

  /** How far each set of nodes has come, as far as this replica is concerned. */
  List<Progress> progress() {
    List<Progress> progress = new ArrayList<>();
    for (RepairMessage.Group group : expected.values()) {
      long keys = Math.min(group.keys(), table.sizeOf(group.set()));
      long bytes = group.keys() == 0 ? 0 : (long) ((double) group.bytes() * keys / group.keys());
      progress.add(new Progress(group.set(), keys, group.keys(), bytes, group.bytes()));
    }
    return progress;
  }
}
