package io.quorate.consensus.bench;

import java.util.List;

/** The products that {@link TopicBench} compares with. */
final class TopicPeers {
  private TopicPeers() {}

  /** Kafka only if {@code arguments} begin with the directory of its jars. */
  static void addTo(List<TopicBench.Entry> entries, List<String> arguments) {
    entries.add(
        new TopicBench.Entry("hazelcast-reliable-topic", at -> new HazelcastTopicPeer()));
    if (!arguments.isEmpty()) {
      entries.add(
          new TopicBench.Entry("kafka-acks-all", at -> new KafkaPeer(arguments.get(0), at)));
    }
  }
}
