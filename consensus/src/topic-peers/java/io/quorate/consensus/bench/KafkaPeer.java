package io.quorate.consensus.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** One Kafka broker (KRaft) in a JVM of its own, acks=all, three consumers; it does not fsync. */
final class KafkaPeer implements TopicPeer {
  private static final String TOPIC = "bench";

  private final Process broker;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AtomicLong delivered = new AtomicLong();
  private final AtomicLong assigned = new AtomicLong();
  private volatile boolean closed;

  KafkaPeer(String jars, Path directory) throws Exception {
    int port = freePort();
    int controller = freePort();
    Path data = directory.resolve("data");
    Path config = directory.resolve("server.properties");
    Files.writeString(
        config,
        String.join(
            "\n",
            "process.roles=broker,controller",
            "node.id=1",
            "controller.quorum.voters=1@127.0.0.1:" + controller,
            "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller,
            "advertised.listeners=PLAINTEXT://127.0.0.1:" + port,
            "controller.listener.names=CONTROLLER",
            "inter.broker.listener.name=PLAINTEXT",
            "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
            "log.dirs=" + data.toAbsolutePath(),
            "offsets.topic.replication.factor=1",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            ""));
    String classPath = jars + "/*";
    java(directory, classPath, "kafka.tools.StorageTool", "format", "-t",
            "MkU3OEVBNTcwNTJENDM2Qg", "-c", config.toString())
        .waitFor();
    broker = java(directory, classPath, "kafka.Kafka", config.toString());
    Map<String, Object> common = Map.of("bootstrap.servers", "127.0.0.1:" + port);
    producer =
        new KafkaProducer<>(
            with(common, Map.of("acks", "all", "max.block.ms", 60_000)),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.send(new ProducerRecord<>(TOPIC, new byte[1])).get(60, TimeUnit.SECONDS);
    for (int i = 0; i < 3; i++) {
      Map<String, Object> settings =
          with(common, Map.of("group.id", "g" + i, "auto.offset.reset", "latest"));
      Thread reader = new Thread(() -> consume(settings), "kafka-consumer-" + i);
      reader.setDaemon(true);
      reader.start();
    }
    while (assigned.get() < 3) {
      Thread.sleep(50);
    }
  }

  private void consume(Map<String, Object> settings) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      boolean counted = false;
      while (!closed) {
        delivered.addAndGet(consumer.poll(Duration.ofMillis(100)).count());
        if (!counted && !consumer.assignment().isEmpty()) {
          counted = true;
          assigned.incrementAndGet();
        }
      }
    }
  }

  private static Map<String, Object> with(Map<String, Object> one, Map<String, Object> other) {
    Map<String, Object> both = new TreeMap<>(one);
    both.putAll(other);
    return both;
  }

  private static Process java(Path directory, String classPath, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx384m", "-cp", classPath));
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("broker.log").toFile())
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public CompletableFuture<?> publish(byte[] payload) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    producer.send(
        new ProducerRecord<>(TOPIC, payload),
        (metadata, error) -> {
          if (error == null) {
            future.complete(null);
          } else {
            future.completeExceptionally(error);
          }
        });
    return future;
  }

  @Override
  public long delivered() {
    return delivered.get();
  }

  @Override
  public void close() {
    closed = true;
    producer.close(Duration.ofSeconds(1));
    broker.destroyForcibly();
    broker.onExit().join();
  }
}
