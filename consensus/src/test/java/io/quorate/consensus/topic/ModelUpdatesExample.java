package io.quorate.consensus.topic;

import io.quorate.consensus.raft.Raft;
import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import io.quorate.core.pubsub.Message;
import io.quorate.core.pubsub.MessageBus;
import io.quorate.core.pubsub.StartPosition;
import io.quorate.core.pubsub.SubscribeOptions;
import io.quorate.core.pubsub.TopicKind;
import io.quorate.core.pubsub.TopicOptions;
import java.util.Collection;
import java.util.function.BiConsumer;

/** Shown in the README: a replica that starts late learns which model to serve. */
final class ModelUpdatesExample {
  final MessageBus bus;

  ModelUpdatesExample(Environment environment, Collection<NodeId> members) {
    bus = ReplicatedTopics.open(Raft.open(environment), "updates", members);
    bus.create("model.updated", TopicOptions.of(TopicKind.DURABLE).asCompacted());
  }

  void announce(String model, String version) {
    bus.publish("model.updated", Message.of(version).withKey(model));
  }

  void follow(BiConsumer<String, String> reload) {
    bus.subscribe(
        "model.updated",
        SubscribeOptions.defaults().withStart(StartPosition.RETAINED),
        update -> reload.accept(update.message().key().orElseThrow(), update.message().text()));
  }
}
