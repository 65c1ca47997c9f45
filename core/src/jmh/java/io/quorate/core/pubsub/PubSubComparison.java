package io.quorate.core.pubsub;

import com.hazelcast.config.Config;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.topic.ITopic;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * Publishing 100 bytes to three subscribers, until all have got them, beside Hazelcast's ITopic and
 * ReliableTopic: within one node, and between four over loopback TCP (the publisher on one, a
 * subscriber on each of three others; Hazelcast's publisher is a member of its own as well).
 *
 * <p>Peers take turns; a ratio is the median over rounds. Arguments: seconds per turn (0.5), rounds
 * (7).
 */
public final class PubSubComparison {
  private static final byte[] PAYLOAD = new byte[100];
  private static final int SUBSCRIBERS = 3;
  private static final int KEYS = 64;

  private PubSubComparison() {}

  /** Something that publishes to three subscribers. */
  private abstract static class Peer {
    final String name;
    final AtomicLong received = new AtomicLong();

    Peer(String name) {
      this.name = name;
    }

    abstract CompletionStage<?> publish(int number) throws Exception;

    abstract void close() throws Exception;

    /** Messages a second that all subscribers got, with at most {@code window} unconfirmed. */
    double run(long nanos, int window) throws Exception {
      Semaphore room = new Semaphore(window);
      long before = received.get();
      long begin = System.nanoTime();
      int sent = 0;
      while (System.nanoTime() - begin < nanos) {
        // Subscribers that fall behind would lose what is not kept, with either library.
        while (sent - (received.get() - before) / SUBSCRIBERS > 5_000) {
          Thread.onSpinWait();
        }
        room.acquire();
        publish(sent++)
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    System.err.println(name + ": " + failure);
                  }
                  room.release();
                });
      }
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (received.get() - before < (long) SUBSCRIBERS * sent
          && System.nanoTime() < deadline) {
        Thread.sleep(1);
      }
      if (received.get() - before != (long) SUBSCRIBERS * sent) {
        System.err.printf(
            "%s: %d of %d arrived%n", name, received.get() - before, SUBSCRIBERS * sent);
      }
      return sent * 1e9 / (System.nanoTime() - begin);
    }
  }

  private static final class Quorate extends Peer {
    private final List<AutoCloseable> closing = new ArrayList<>();
    private final MessageBus publisher;
    private final Message[] messages = new Message[KEYS];

    Quorate(String name, TopicKind kind, boolean remote, Path durable) throws Exception {
      super(name);
      Environment host = environment("host", durable);
      Broker broker = durable == null ? Broker.inProcess(host, "main") : open(host);
      closing.add(0, broker);
      Function<String, MessageBus> buses =
          node -> MessageBus.on(host, broker, BusOptions.defaults().withName(node));
      if (remote) {
        BrokerHost.open(host, broker, "main");
        buses = node -> remoteBus(host, node);
      }
      publisher = buses.apply("publisher");
      closing.add(0, publisher);
      publisher.create("t", TopicOptions.of(kind).withMaxMessageBytes(1_000)).get();
      for (int i = 0; i < SUBSCRIBERS; i++) {
        MessageBus bus = buses.apply("subscriber" + i);
        closing.add(0, bus);
        SubscribeOptions options = SubscribeOptions.defaults().withCredits(4_096);
        bus.subscribe("t", options, delivery -> received.incrementAndGet()).get();
      }
      for (int i = 0; i < KEYS; i++) {
        messages[i] = Message.of(PAYLOAD).withKey("key" + i);
      }
    }

    private Environment environment(String node, Path directory) {
      EnvironmentOptions options = EnvironmentOptions.of(NodeId.of(node), "bench").withLoops(1);
      Environment made =
          Environment.real(directory == null ? options : options.withDataDirectory(directory));
      closing.add(0, made);
      return made;
    }

    private MessageBus remoteBus(Environment host, String node) {
      Environment made = environment(node, null);
      made.transport().setPeer(NodeId.of("host"), host.transport().address());
      Broker broker =
          Broker.remote(made, NodeId.of("host"), "main", Duration.ofSeconds(10));
      closing.add(0, broker);
      return MessageBus.on(made, broker, BusOptions.defaults().withName(node));
    }

    private static Broker open(Environment host) throws Exception {
      WriteAheadLog wal =
          WriteAheadLog.open(
                  host, "wal", host.eventLoop("broker-main"), WalOptions.of("bench"))
              .get();
      return Broker.durable(host, "main", wal, 1, 256 << 20).get();
    }

    @Override
    CompletionStage<?> publish(int number) {
      return publisher.publish("t", messages[number % KEYS]);
    }

    @Override
    void close() throws Exception {
      for (AutoCloseable each : closing) {
        each.close();
      }
    }
  }

  private static final class HazelcastTopic extends Peer {
    private final List<HazelcastInstance> members = new ArrayList<>();
    private final ITopic<byte[]> topic;

    HazelcastTopic(String name, boolean reliable, boolean remote) {
      super(name);
      int base = reliable ? 5801 : 5701;
      for (int i = 0; i < (remote ? SUBSCRIBERS + 1 : 1); i++) {
        members.add(Hazelcast.newHazelcastInstance(config(name, base, remote)));
      }
      topic = topic(members.get(0), reliable);
      for (int i = 0; i < SUBSCRIBERS; i++) {
        HazelcastInstance member = members.get(remote ? i + 1 : 0);
        topic(member, reliable).addMessageListener(message -> received.incrementAndGet());
      }
    }

    private static Config config(String name, int base, boolean remote) {
      Config config = new Config();
      config.setClusterName(name);
      config.setProperty("hazelcast.phone.home.enabled", "false");
      config.getNetworkConfig().setPort(base + (remote ? 50 : 0)).setPortAutoIncrement(true);
      config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
      var join = config.getNetworkConfig().getJoin();
      join.getAutoDetectionConfig().setEnabled(false);
      join.getMulticastConfig().setEnabled(false);
      join.getTcpIpConfig().setEnabled(remote);
      for (int i = 0; i <= SUBSCRIBERS; i++) {
        join.getTcpIpConfig().addMember("127.0.0.1:" + (base + 50 + i));
      }
      return config;
    }

    private static ITopic<byte[]> topic(HazelcastInstance member, boolean reliable) {
      return reliable ? member.getReliableTopic("t") : member.getTopic("t");
    }

    @Override
    CompletionStage<?> publish(int number) {
      return topic.publishAsync(PAYLOAD);
    }

    @Override
    void close() {
      members.forEach(HazelcastInstance::shutdown);
    }
  }

  /** Prints a table. */
  public static void main(String[] args) throws Exception {
    long nanos = (long) (Double.parseDouble(args.length > 0 ? args[0] : "0.5") * 1e9);
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 7;
    Path directory = Files.createTempDirectory(Path.of("target"), "pubsub-bench");
    for (boolean remote : new boolean[] {false, true}) {
      String where = remote ? "tcp" : "process";
      List<Peer> peers = new ArrayList<>();
      peers.add(new Quorate("memory", TopicKind.MEMORY, remote, null));
      peers.add(new Quorate("acknowledged", TopicKind.DURABLE, remote, null));
      Path own = Files.createDirectory(directory.resolve(where));
      peers.add(new Quorate("fsynced", TopicKind.DURABLE, remote, own));
      peers.add(new HazelcastTopic("itopic", false, remote));
      peers.add(new HazelcastTopic("reliable", true, remote));
      for (int window : new int[] {1, 1_024}) {
        compare(peers, where, window, nanos, rounds);
      }
      for (Peer peer : peers) {
        peer.close();
      }
    }
    System.exit(0);
  }

  private static void compare(List<Peer> peers, String where, int window, long nanos, int rounds)
      throws Exception {
    double[][] rates = new double[peers.size()][rounds];
    for (int round = -1; round < rounds; round++) {
      for (int i = 0; i < peers.size(); i++) {
        double rate = peers.get(i).run(nanos, window);
        if (round >= 0) {
          rates[i][round] = rate;
        }
      }
    }
    System.out.printf("%s, %d in flight, load %s%n", where, window, load());
    for (int i = 0; i < peers.size(); i++) {
      System.out.printf(
          Locale.ROOT,
          "  %-14s %,10.0f/s  %7.2fx itopic  %7.2fx reliable%n",
          peers.get(i).name,
          median(rates[i]),
          ratio(rates[i], rates[peers.size() - 2]),
          ratio(rates[i], rates[peers.size() - 1]));
    }
  }

  private static double ratio(double[] ours, double[] theirs) {
    double[] ratios = new double[ours.length];
    Arrays.setAll(ratios, i -> ours[i] / theirs[i]);
    return median(ratios);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  private static String load() throws Exception {
    return Files.readString(Path.of("/proc/loadavg")).split(" ")[0];
  }
}
