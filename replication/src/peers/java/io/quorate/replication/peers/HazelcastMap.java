package io.quorate.replication.peers;

import com.hazelcast.config.Config;
import com.hazelcast.config.MapConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.map.IMap;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Hazelcast's IMap in memory with two synchronous backups. */
final class HazelcastMap implements Candidate {
  private final List<HazelcastInstance> instances = new ArrayList<>();
  private final List<IMap<String, byte[]>> maps = new ArrayList<>();

  HazelcastMap() {
    for (int i = 0; i < 3; i++) {
      instances.add(member());
    }
    instances.forEach(instance -> maps.add(mapOf(instance)));
  }

  /** Starts one of three members, on the first of their ports that is free. */
  static HazelcastInstance member() {
    Config config = new Config();
    config.setClusterName("peers");
    config.setProperty("hazelcast.phone.home.enabled", "false");
    config.getNetworkConfig().setPort(25_701).setPortAutoIncrement(true);
    config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
    config.getNetworkConfig().getJoin().getMulticastConfig().setEnabled(false);
    config.getNetworkConfig().getJoin().getAutoDetectionConfig().setEnabled(false);
    config
        .getNetworkConfig()
        .getJoin()
        .getTcpIpConfig()
        .setEnabled(true)
        .addMember("127.0.0.1:25701")
        .addMember("127.0.0.1:25702")
        .addMember("127.0.0.1:25703");
    config.addMapConfig(new MapConfig("map").setBackupCount(2));
    return Hazelcast.newHazelcastInstance(config);
  }

  static IMap<String, byte[]> mapOf(HazelcastInstance instance) {
    return instance.getMap("map");
  }

  @Override
  public String name() {
    return "Hazelcast 5.5.0 IMap, 2 sync backups, memory";
  }

  @Override
  public CompletionStage<?> put(int operation, String key, byte[] value) {
    return maps.get(operation % 3).setAsync(key, value);
  }

  @Override
  public CompletionStage<?> get(int operation, String key) {
    return maps.get(operation % 3).getAsync(key);
  }

  @Override
  public void close() {
    instances.forEach(HazelcastInstance::shutdown);
  }
}
