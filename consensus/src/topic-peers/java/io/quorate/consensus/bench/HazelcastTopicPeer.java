package io.quorate.consensus.bench;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.topic.ITopic;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Hazelcast's ReliableTopic on three members in this JVM, in memory, two synchronous backups. */
final class HazelcastTopicPeer implements TopicPeer {
  private static final String TOPIC = "bench";

  private final List<HazelcastInstance> members = new ArrayList<>();
  private final AtomicLong delivered = new AtomicLong();
  private final ITopic<byte[]> topic;

  HazelcastTopicPeer() {
    int port = 21_000 + (int) (ProcessHandle.current().pid() % 1_000) * 4;
    for (int i = 0; i < 3; i++) {
      Config config = new Config("bench-" + (port + i));
      config.setClusterName("bench-" + port);
      config.setProperty("hazelcast.logging.type", "none");
      config.setProperty("hazelcast.phone.home.enabled", "false");
      config.getRingbufferConfig(TOPIC).setBackupCount(2);
      config.getNetworkConfig().setPort(port + i).setPortAutoIncrement(false);
      config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
      JoinConfig join = config.getNetworkConfig().getJoin();
      join.getMulticastConfig().setEnabled(false);
      join.getAutoDetectionConfig().setEnabled(false);
      join.getTcpIpConfig().setEnabled(true);
      for (int j = 0; j < 3; j++) {
        join.getTcpIpConfig().addMember("127.0.0.1:" + (port + j));
      }
      members.add(Hazelcast.newHazelcastInstance(config));
    }
    for (HazelcastInstance member : members) {
      member
          .<byte[]>getReliableTopic(TOPIC)
          .addMessageListener(message -> delivered.incrementAndGet());
    }
    topic = members.get(0).getReliableTopic(TOPIC);
  }

  @Override
  public CompletableFuture<?> publish(byte[] payload) {
    return topic.publishAsync(payload).toCompletableFuture();
  }

  @Override
  public long delivered() {
    return delivered.get();
  }

  @Override
  public void close() {
    members.forEach(HazelcastInstance::shutdown);
  }
}
