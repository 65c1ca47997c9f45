package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.NodeId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What every {@link Datagrams} promises: little. Each test sends again until something arrives. */
abstract class DatagramsConformance {
  private static final Address ANY = new Address("127.0.0.1", 0);

  private final List<Environment> started = new ArrayList<>();

  abstract Environment start(NodeId node);

  @AfterEach
  void stop() {
    started.forEach(Environment::close);
  }

  @Test
  void a_datagram_arrives_with_the_address_to_answer_to() throws Exception {
    Environment a = node("a");
    Environment b = node("b");
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    CompletableFuture<Datagrams.Socket> atB = new CompletableFuture<>();
    Datagrams.Socket socketB =
        b.datagrams()
            .bind(
                ANY,
                b.eventLoop("gossip"),
                (from, payload) -> {
                  assertThat(b.eventLoop("gossip").inLoop()).isTrue();
                  atB.join().send(from, payload);
                });
    atB.complete(socketB);
    Datagrams.Socket socketA =
        a.datagrams().bind(ANY, a.eventLoop("gossip"), (from, payload) -> answer.complete(payload));

    sendUntil(answer::isDone, socketA, socketB.address(), "ping");

    assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(bytes("ping"));
  }

  @Test
  void the_receivers_payload_is_its_own() throws Exception {
    Environment a = node("a");
    CompletableFuture<byte[]> received = new CompletableFuture<>();
    Datagrams.Socket socket =
        a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> received.complete(payload));
    byte[] sent = bytes("mine");

    while (!received.isDone()) {
      socket.send(socket.address(), sent);
      pause(received);
    }
    received.get()[0] = 'X';

    assertThat(sent).isEqualTo(bytes("mine"));
  }

  @Test
  void the_largest_datagram_arrives_whole_and_a_larger_one_is_the_callers_mistake()
      throws Exception {
    Environment a = node("a");
    CompletableFuture<Integer> size = new CompletableFuture<>();
    Datagrams.Socket socket =
        a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> size.complete(payload.length));

    while (!size.isDone()) {
      socket.send(socket.address(), new byte[Datagrams.MAX_PAYLOAD_BYTES]);
      pause(size);
    }

    assertThat(size.get()).isEqualTo(Datagrams.MAX_PAYLOAD_BYTES);
    assertThatThrownBy(
            () -> socket.send(socket.address(), new byte[Datagrams.MAX_PAYLOAD_BYTES + 1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1401");
  }

  @Test
  void a_datagram_to_nobody_is_lost_without_a_word() {
    Environment a = node("a");
    Datagrams.Socket gone = a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> {});
    Address nobody = gone.address();
    gone.close();
    gone.close();
    CompletableFuture<byte[]> own = new CompletableFuture<>();
    Datagrams.Socket socket =
        a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> own.complete(payload));

    socket.send(nobody, bytes("x"));
    gone.send(socket.address(), bytes("from a closed socket"));

    sendUntil(own::isDone, socket, socket.address(), "still works");
    assertThat(own.join()).isEqualTo(bytes("still works"));
  }

  @Test
  void an_address_can_be_bound_once_at_a_time() {
    Environment a = node("a");
    Datagrams.Socket first = a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> {});

    assertThatThrownBy(
            () -> a.datagrams().bind(first.address(), a.eventLoop("x"), (from, payload) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("" + first.address().port());
  }

  @Test
  void a_closed_node_binds_nothing() {
    Environment a = node("a");
    a.close();

    assertThatThrownBy(() -> a.datagrams().bind(ANY, a.eventLoop("x"), (from, payload) -> {}))
        .isInstanceOf(IllegalStateException.class);
  }

  private Environment node(String name) {
    Environment environment = start(NodeId.of(name));
    started.add(environment);
    return environment;
  }

  private static void sendUntil(
      BooleanSupplier arrived, Datagrams.Socket from, Address to, String text) {
    CompletableFuture<?> never = new CompletableFuture<>();
    while (!arrived.getAsBoolean()) {
      from.send(to, bytes(text));
      pause(never);
    }
  }

  private static void pause(CompletableFuture<?> future) {
    try {
      future.get(10, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // Lost, or not there yet: the caller sends again.
    } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
