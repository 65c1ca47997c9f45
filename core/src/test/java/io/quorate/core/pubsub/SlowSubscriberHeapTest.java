package io.quorate.core.pubsub;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * P32 on a process of its own with a heap of 64 MiB: four times as much is published to a topic
 * while one subscriber on another node settles nothing.
 */
class SlowSubscriberHeapTest {
  private static final int MESSAGE_BYTES = 16 << 10;
  private static final int MESSAGES = (256 << 20) / MESSAGE_BYTES;

  /** What {@code -XX:+ExitOnOutOfMemoryError} ends a process with. */
  private static final int OUT_OF_MEMORY = 3;

  private record Ended(int status, String output) {}

  private static Ended child(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xmx64m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-ea", "-cp",
            System.getProperty("java.class.path"), Publishing.class.getName()));
    command.addAll(List.of(arguments));
    Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(child.waitFor(), output);
  }

  @Test
  void p32_the_heap_is_bounded_whatever_the_kind_and_the_policy_and_all_others_get_everything()
      throws Exception {
    Ended ended = child("bounded");

    assertThat(ended.status).as(ended.output).isZero();
    assertThat(ended.output.lines().filter(line -> line.startsWith("held ")))
        .as(ended.output)
        .hasSize(TopicKind.values().length * Overflow.values().length);
  }

  @Test
  void without_a_bound_the_same_messages_do_not_fit_into_the_heap() throws Exception {
    Ended ended = child("unbounded");

    assertThat(ended.status).as(ended.output).isEqualTo(OUT_OF_MEMORY);
    assertThat(ended.output).contains("OutOfMemoryError").doesNotContain("held ");
  }

  /** The process. */
  static final class Publishing {
    private static final NodeId HOST = NodeId.of("host");

    /** Messages that the quick subscriber does not have yet. */
    private static final int WINDOW = 64;

    private Publishing() {}

    public static void main(String[] arguments) throws Exception {
      boolean bounded = arguments[0].equals("bounded");
      for (TopicKind kind : TopicKind.values()) {
        for (Overflow overflow : Overflow.values()) {
          Retention retention =
              bounded
                  ? Retention.defaults().withMaxBytes(4 << 20)
                  : Retention.defaults()
                      .withMaxBytes(Long.MAX_VALUE)
                      .withMaxMessages(Integer.MAX_VALUE);
          run(
              TopicOptions.of(kind)
                  .withPartitions(2)
                  .withMaxMessageBytes(1 << 20)
                  .withRetention(retention)
                  .withOverflow(overflow));
        }
      }
      System.exit(0);
    }

    /** Counts what it gets; settles when it is told to. */
    private static final class Counting implements Subscriber {
      final AtomicLong received = new AtomicLong();
      final AtomicLong missed = new AtomicLong();
      final ConcurrentLinkedQueue<Delivery> unsettled = new ConcurrentLinkedQueue<>();
      final Semaphore arrivals = new Semaphore(0);
      volatile boolean settling;

      Counting(boolean settling) {
        this.settling = settling;
      }

      @Override
      public void onDelivery(Delivery delivery) {
        received.incrementAndGet();
        unsettled.add(delivery);
        settleIfTold();
        arrivals.release();
      }

      void settleIfTold() {
        while (settling && !unsettled.isEmpty()) {
          unsettled.poll().ack();
        }
      }

      @Override
      public void onGap(Gap gap) {
        missed.addAndGet(gap.toSequence() - gap.fromSequence());
        arrivals.release();
      }

      void awaitUntilItHasHeardOf(long messages) throws InterruptedException {
        while (received.get() + missed.get() < messages) {
          check(arrivals.tryAcquire(60, TimeUnit.SECONDS), "only " + this + " of " + messages);
        }
      }

      @Override
      public String toString() {
        return received + " received and " + missed + " missed";
      }
    }

    private static void check(boolean holds, String problem) {
      if (!holds) {
        System.out.println(problem);
        System.exit(1);
      }
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
      return future.get(60, TimeUnit.SECONDS);
    }

    private static Environment environment(NodeId node) {
      return Environment.real(EnvironmentOptions.of(node, "test"));
    }

    private static void run(TopicOptions topic) throws Exception {
      try (Environment host = environment(HOST);
          Environment client = environment(NodeId.of("client"));
          Broker local = Broker.inProcess(host, "main");
          MessageBus bus = MessageBus.on(host, local, BusOptions.defaults())) {
        BrokerHost offered = BrokerHost.open(host, local, "main");
        client.transport().setPeer(HOST, host.transport().address());
        Broker remote = Broker.remote(client, HOST, "main", Duration.ofSeconds(60));
        MessageBus far = MessageBus.on(client, remote, BusOptions.defaults());
        get(bus.create("t", topic));
        SubscribeOptions byHand = SubscribeOptions.defaults().acknowledgedByHand().withCredits(64);
        Counting slow = new Counting(false);
        Counting quick = new Counting(true);
        get(far.subscribe("t", byHand, slow));
        get(bus.subscribe("t", byHand, quick));

        long stored = publish(bus, quick);
        quick.awaitUntilItHasHeardOf(stored);
        check(slow.received.get() <= 64, "more than its credits: " + slow);
        check(quick.missed.get() == 0, "the quick one: " + quick);
        slow.settling = true;
        slow.settleIfTold();
        slow.awaitUntilItHasHeardOf(stored);

        boolean drops = topic.overflow() == Overflow.DROP_OLDEST;
        check(drops == slow.missed.get() > 0, topic + " missed: " + slow);
        check(drops == (stored == MESSAGES), topic + " stored: " + stored);
        System.out.println(
            "held " + topic.kind() + " " + topic.overflow() + " stored " + stored + ", slow one: "
                + slow);
        far.close();
        remote.close();
        offered.close();
      }
    }

    /** How many were stored; never runs far ahead of {@code quick}. */
    private static long publish(MessageBus bus, Counting quick) throws Exception {
      byte[] payload = new byte[MESSAGE_BYTES];
      AtomicLong stored = new AtomicLong();
      Semaphore answered = new Semaphore(WINDOW);
      for (int i = 0; i < MESSAGES; i++) {
        check(answered.tryAcquire(60, TimeUnit.SECONDS), "no answer from the broker");
        while (stored.get() - quick.received.get() > WINDOW) {
          check(quick.arrivals.tryAcquire(60, TimeUnit.SECONDS), "quick one stands: " + quick);
        }
        bus.publish("t", Message.of(payload).withKey("k" + i % 5))
            .whenComplete(
                (receipt, failure) -> {
                  if (failure == null) {
                    stored.incrementAndGet();
                  } else if (((OperationException) failure).mayHaveTakenEffect()) {
                    check(false, "indeterminate: " + failure);
                  }
                  answered.release();
                });
      }
      check(answered.tryAcquire(WINDOW, 60, TimeUnit.SECONDS), "no answer from the broker");
      return stored.get();
    }
  }
}
