package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.mutation.Mutant;
import io.quorate.core.mutation.MutantLab;
import io.quorate.core.transport.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Buses on real sockets are opened, used, and closed or killed again and again; {@code
 * -Dbus.cycles=N} for more.
 */
@ExtendWith(LeakCheck.class)
class BusLeakTest {
  private static final int CYCLES = Integer.getInteger("bus.cycles", 12);
  private static final int MESSAGES = 200;
  private static final byte[] PAYLOAD = new byte[4_096];
  private static final NodeId HOST = NodeId.of("leak-host");

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(60, TimeUnit.SECONDS);
  }

  private static Environment start(String node) {
    return Environment.real(EnvironmentOptions.of(NodeId.of(node), "test"));
  }

  /** Threads of this test's nodes. */
  private static List<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && thread.getName().startsWith("quorate-leak-"))
        .toList();
  }

  private static List<Thread> threadsThatDoNotEnd() throws InterruptedException {
    for (Thread thread : threads()) {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    }
    return threads();
  }

  /** A client's node, its broker and its bus. */
  private record Client(Environment environment, Broker broker, MessageBus bus) {
    static Client of(String name, Environment host) {
      Environment environment = start(name);
      environment.transport().setPeer(HOST, host.transport().address());
      Broker broker = Broker.remote(environment, HOST, "main", Duration.ofSeconds(5));
      return new Client(environment, broker, MessageBus.on(environment, broker,
          BusOptions.defaults()));
    }

    void close() {
      bus.close();
      broker.close();
      environment.close();
    }
  }

  /** How a cycle ends. */
  private enum End {
    IN_ORDER,
    /** A client's node goes without a word, with messages on their way. */
    CLIENT_KILLED,
    /** The host's node goes without a word. */
    HOST_KILLED
  }

  private static void cycle(End end, TopicKind kind) throws Exception {
    Environment host = start("leak-host");
    Broker broker = Broker.inProcess(host, "main");
    BrokerHost offered = BrokerHost.open(host, broker, "main");
    Client one = Client.of("leak-one", host);
    Client two = Client.of("leak-two", host);
    assertThat(threads()).hasSizeGreaterThanOrEqualTo(3);
    get(one.bus.create("t", TopicOptions.of(kind)));
    CountDownLatch some = new CountDownLatch(MESSAGES);
    get(one.bus.subscribe("t", SubscribeOptions.group("g"), delivery -> some.countDown()));
    get(two.bus.subscribe("t", SubscribeOptions.group("g"), delivery -> some.countDown()));
    List<CompletableFuture<?>> futures = new ArrayList<>();
    for (int i = 0; i < 2 * MESSAGES; i++) {
      MessageBus bus = i % 2 == 0 ? one.bus : two.bus;
      futures.add(bus.publish("t", Message.of(PAYLOAD).withKey("k" + i % 7)));
    }
    futures.add(one.bus.request("t", Message.of("?"), Duration.ofSeconds(20)));
    assertThat(some.await(60, TimeUnit.SECONDS)).isTrue();

    if (end == End.CLIENT_KILLED) {
      two.environment.close();
    } else if (end == End.HOST_KILLED) {
      host.close();
    }
    one.close();
    two.close();
    offered.close();
    broker.close();
    host.close();

    assertThat(threadsThatDoNotEnd()).isEmpty();
    assertThat(futures).allMatch(CompletableFuture::isDone);
  }

  @Test
  void nothing_is_left_of_buses_that_were_closed_or_killed() throws Exception {
    for (int i = 0; i < CYCLES; i++) {
      cycle(End.values()[i % 3], TopicKind.values()[i / 3 % 3]);
    }

    assertThat(LeakCheck.leaks()).isEmpty();
  }

  /** For the control: as many messages, and a check that must complain. */
  static final class OneCycle {
    @Test
    void nothing_is_left_of_one_cycle() throws Exception {
      LeakCheck.begin();

      cycle(End.IN_ORDER, TopicKind.DURABLE);

      assertThat(LeakCheck.leaks()).isEmpty();
    }
  }

  private static Optional<String> failureWith(String type, String original, String replacement) {
    Mutant mutant = new Mutant("leak", "io.quorate.core." + type, original, replacement);
    MutantLab lab = new MutantLab(mutant, Path.of("src/main/java"), "io.quorate.core.");
    return LeakCheck.expectingLeaks(
        () -> lab.failureOf(OneCycle.class, "nothing_is_left_of_one_cycle"));
  }

  @Test
  void a_buffer_that_a_connection_does_not_release_is_found() {
    assertThat(failureWith("transport.Connection", "      in.release();\n", ""))
        .hasValueSatisfying(failure -> assertThat(failure).contains("AdvancedLeakAwareByteBuf"));
    assertThat(failureWith("transport.Connection", "      in.release();\n", "in.release();"))
        .isEmpty();
  }
}
