package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.wal.WalOptions;
import io.quorate.core.wal.WriteAheadLog;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Buses on real sockets, threads and files. */
class RealBusTest {
  private static final NodeId HOST = NodeId.of("host");

  @TempDir Path directory;

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private static long busThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && thread.getName().contains("subscriber-"))
        .count();
  }

  private Environment environment(String node) {
    return Environment.real(
        EnvironmentOptions.of(NodeId.of(node), "test")
            .withDataDirectory(directory.resolve(node)));
  }

  @Test
  void a_subscriber_that_blocks_or_throws_holds_up_nobody_else() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch all = new CountDownLatch(2_000);
    AtomicInteger calls = new AtomicInteger();
    try (Environment host = environment("host");
        Environment client = environment("client")) {
      Broker local = Broker.inProcess(host, "main");
      BrokerHost.open(host, local, "main");
      client.transport().setPeer(HOST, host.transport().address());
      Broker remote = Broker.remote(client, HOST, "main", Duration.ofSeconds(30));
      MessageBus bus = MessageBus.on(client, remote, BusOptions.defaults());
      get(bus.create("t", TopicOptions.of(TopicKind.MEMORY)));
      SubscribeOptions options = SubscribeOptions.defaults().withCredits(10);
      get(
          bus.subscribe(
              "t",
              options,
              delivery -> {
                calls.incrementAndGet();
                blocked.await();
              }));
      get(
          bus.subscribe(
              "t",
              options,
              delivery -> {
                throw new IllegalStateException("always");
              }));
      get(bus.subscribe("t", SubscribeOptions.defaults(), delivery -> all.countDown()));

      List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        receipts.add(bus.publish("t", Message.of("m" + i).withKey("k" + i % 7)));
      }
      for (CompletableFuture<Receipt> receipt : receipts) {
        get(receipt);
      }

      assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(calls).hasValue(1);
      blocked.countDown();
      bus.close();
      remote.close();
      local.close();
    }
    assertThat(busThreads()).isZero();
  }

  @Test
  void what_was_acknowledged_is_there_after_a_restart_on_a_real_disk() throws Exception {
    try (Environment node = environment("host")) {
      WriteAheadLog wal = wal(node);
      Broker broker = get(Broker.durable(node, "main", wal, 1, 1 << 20));
      MessageBus bus = MessageBus.on(node, broker, BusOptions.defaults());
      get(bus.create("t", TopicOptions.of(TopicKind.DURABLE)));
      for (int i = 0; i < 20; i++) {
        get(bus.publish("t", Message.of("m" + i).withKey("k")));
      }
      bus.close();
      broker.close();
      get(wal.shutdown());
    }
    CountDownLatch all = new CountDownLatch(20);
    try (Environment node = environment("host")) {
      WriteAheadLog wal = wal(node);
      Broker broker = get(Broker.durable(node, "main", wal, 1, 1 << 20));
      MessageBus bus = MessageBus.on(node, broker, BusOptions.defaults());
      get(bus.subscribe("t", SubscribeOptions.group("g"), delivery -> all.countDown()));

      assertThat(all.await(60, TimeUnit.SECONDS)).isTrue();
      bus.close();
      broker.close();
      get(wal.shutdown());
    }
  }

  private static WriteAheadLog wal(Environment node) throws Exception {
    WalOptions options = WalOptions.of("test").withSegmentBytes(1 << 20);
    return get(WriteAheadLog.open(node, "wal", node.eventLoop("broker-main"), options));
  }
}
