package io.quorate.replication.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.infinispan.AdvancedCache;
import org.infinispan.configuration.cache.CacheMode;
import org.infinispan.configuration.cache.ConfigurationBuilder;
import org.infinispan.configuration.global.GlobalConfigurationBuilder;
import org.infinispan.context.Flag;
import org.infinispan.manager.DefaultCacheManager;
import org.infinispan.remoting.transport.jgroups.JGroupsTransport;

/** Infinispan in memory, every entry on all three members, written synchronously, read locally. */
final class InfinispanCache implements Candidate {
  private final List<DefaultCacheManager> managers = new ArrayList<>();
  private final List<AdvancedCache<String, byte[]>> caches = new ArrayList<>();

  InfinispanCache() throws Exception {
    for (int i = 0; i < 3; i++) {
      GlobalConfigurationBuilder global = GlobalConfigurationBuilder.defaultClusteredBuilder();
      global
          .transport()
          .transport(new JGroupsTransport(Stacks.channel(25_711, i)))
          .clusterName("peers-infinispan")
          .nodeName("member-" + i);
      global.metrics().gauges(false).histograms(false);
      DefaultCacheManager manager = new DefaultCacheManager(global.build());
      manager.defineConfiguration(
          "map",
          new ConfigurationBuilder().clustering().cacheMode(CacheMode.REPL_SYNC).build());
      managers.add(manager);
    }
    for (DefaultCacheManager manager : managers) {
      AdvancedCache<String, byte[]> cache =
          manager.<String, byte[]>getCache("map").getAdvancedCache();
      caches.add(cache.withFlags(Flag.IGNORE_RETURN_VALUES));
    }
    while (managers.get(0).getMembers().size() < 3) {
      Thread.sleep(20);
    }
  }

  @Override
  public String name() {
    return "Infinispan 16.1.4 REPL_SYNC, memory, reads local";
  }

  @Override
  public CompletionStage<?> put(int operation, String key, byte[] value) {
    return caches.get(operation % 3).putAsync(key, value);
  }

  @Override
  public CompletionStage<?> get(int operation, String key) {
    return caches.get(operation % 3).getAsync(key);
  }

  @Override
  public void close() {
    managers.forEach(DefaultCacheManager::stop);
  }
}
