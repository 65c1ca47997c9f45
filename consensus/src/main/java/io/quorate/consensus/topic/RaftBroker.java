package io.quorate.consensus.topic;

import io.quorate.consensus.raft.RaftNode;
import io.quorate.core.pubsub.Broker;
import io.quorate.core.pubsub.BrokerCommand;
import io.quorate.core.pubsub.Outcome;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A node's door to the replicated broker: commands go to the leader, effects come from here. */
final class RaftBroker implements Broker {
  private final RaftNode<TopicCommand, TopicResult, TopicMachine> node;
  private final Outbound outbound;
  private final Listeners listeners;

  RaftBroker(
      RaftNode<TopicCommand, TopicResult, TopicMachine> node,
      Outbound outbound,
      Listeners listeners) {
    this.node = node;
    this.outbound = outbound;
    this.listeners = listeners;
  }

  @Override
  public CompletableFuture<List<Outcome>> submit(BrokerCommand command) {
    CompletableFuture<List<Outcome>> future =
        outbound.submit(BrokerCommand.CODEC.encode(command));
    future.whenComplete(
        (outcomes, error) -> {
          if (error != null) {
            node.failure().ifPresent(cause -> listeners.end(cause.getMessage()));
          }
        });
    return future;
  }

  @Override
  public void listen(String session, Listener listener) {
    listeners.add(session, listener);
  }

  @Override
  public void forget(String session) {
    listeners.remove(session);
  }

  /** Closes this node's sessions, so that others need not wait for their leases, and leaves. */
  @Override
  public void close() {
    listeners.sessions().forEach(session -> submit(new BrokerCommand.CloseSession(session)));
    outbound.close(
        () -> {
          node.close();
          listeners.end("the topics are closed");
        });
  }
}
