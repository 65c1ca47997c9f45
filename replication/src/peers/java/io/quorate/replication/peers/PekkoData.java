package io.quorate.replication.peers;

import static org.apache.pekko.pattern.Patterns.ask;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.ActorRef;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.Terminated;
import org.apache.pekko.cluster.Cluster;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.ddata.DistributedData;
import org.apache.pekko.cluster.ddata.Key;
import org.apache.pekko.cluster.ddata.LWWRegister;
import org.apache.pekko.cluster.ddata.LWWRegisterKey;
import org.apache.pekko.cluster.ddata.Replicator;
import org.apache.pekko.cluster.ddata.SelfUniqueAddress;

/** Pekko's distributed data in memory: a last-writer register for each key, majorities. */
final class PekkoData implements Candidate {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private final List<ActorSystem> systems = new ArrayList<>();
  private final List<ActorRef> replicators = new ArrayList<>();
  private final List<SelfUniqueAddress> addresses = new ArrayList<>();

  PekkoData() throws Exception {
    for (int i = 0; i < 3; i++) {
      Config config =
          ConfigFactory.parseString(
                  """
                  pekko.actor.provider = cluster
                  pekko.actor.warn-about-java-serializer-usage = off
                  pekko.actor.allow-java-serialization = off
                  pekko.remote.artery.transport = tcp
                  pekko.remote.artery.canonical.hostname = "127.0.0.1"
                  pekko.remote.artery.canonical.port = %d
                  pekko.cluster.seed-nodes = ["pekko://peers@127.0.0.1:25731"]
                  pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
                  pekko.loglevel = ERROR
                  pekko.stdout-loglevel = ERROR
                  """
                      .formatted(25_731 + i))
              .withFallback(ConfigFactory.load());
      systems.add(ActorSystem.create("peers", config));
    }
    for (ActorSystem system : systems) {
      DistributedData data = DistributedData.get(system);
      replicators.add(data.replicator());
      addresses.add(data.selfUniqueAddress());
    }
    for (ActorSystem system : systems) {
      while (upMembers(system) < 3) {
        Thread.sleep(20);
      }
    }
  }

  private static int upMembers(ActorSystem system) {
    int up = 0;
    for (var member : Cluster.get(system).state().getMembers()) {
      up += member.status().equals(MemberStatus.up()) ? 1 : 0;
    }
    return up;
  }

  @Override
  public String name() {
    return "Pekko 1.7.0 distributed data, majorities, memory";
  }

  @Override
  public CompletionStage<?> put(int operation, String key, byte[] value) {
    int member = operation % 3;
    SelfUniqueAddress self = addresses.get(member);
    Replicator.Update<LWWRegister<byte[]>> update =
        new Replicator.Update<>(
            keyOf(key),
            LWWRegister.create(self, value),
            new Replicator.WriteMajority(TIMEOUT),
            before -> before.withValue(self, value));
    return ask(replicators.get(member), update, TIMEOUT)
        .thenAccept(answer -> require(answer instanceof Replicator.UpdateSuccess<?>, answer));
  }

  @Override
  public CompletionStage<?> get(int operation, String key) {
    Replicator.Get<LWWRegister<byte[]>> get =
        new Replicator.Get<>(keyOf(key), new Replicator.ReadMajority(TIMEOUT));
    return ask(replicators.get(operation % 3), get, TIMEOUT)
        .thenAccept(
            answer ->
                require(
                    answer instanceof Replicator.GetSuccess<?>
                        || answer instanceof Replicator.NotFound<?>,
                    answer));
  }

  private static Key<LWWRegister<byte[]>> keyOf(String key) {
    return LWWRegisterKey.create(key);
  }

  private static void require(boolean good, Object answer) {
    if (!good) {
      throw new IllegalStateException("answered " + answer);
    }
  }

  @Override
  public void close() {
    systems.forEach(ActorSystem::terminate);
    for (ActorSystem system : systems) {
      CompletionStage<Terminated> terminated = system.getWhenTerminated();
      terminated.toCompletableFuture().join();
    }
  }
}
