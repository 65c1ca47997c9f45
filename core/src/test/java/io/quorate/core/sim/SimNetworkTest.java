package io.quorate.core.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EventLoop;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.RefusedException;
import io.quorate.core.transport.Address;
import io.quorate.core.transport.Datagrams;
import io.quorate.core.transport.Endpoint;
import io.quorate.core.transport.Handler;
import io.quorate.core.transport.Request;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The simulated network keeps the contract of the transport, and breaks as told. */
class SimNetworkTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final NodeId C = NodeId.of("c");
  private static final List<NodeId> ALL = List.of(A, B, C);
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Notes everything it is told, answers requests by what their text says. */
  private static final class Peer implements Handler {
    final List<String> seen = new ArrayList<>();
    final List<Request> open = new ArrayList<>();
    final Endpoint endpoint;
    final EventLoop loop;

    Peer(Environment env) {
      loop = env.eventLoop("peer");
      endpoint = env.transport().open("test", loop, this);
      ALL.stream()
          .filter(id -> !id.equals(env.self()))
          .forEach(id -> env.transport().setPeer(id, SimNode.addressOf(id)));
    }

    @Override
    public void onMessage(NodeId from, byte[] payload) {
      assertThat(loop.inLoop()).isTrue();
      seen.add(from + ":" + text(payload));
    }

    @Override
    public void onRequest(Request request) {
      String text = text(request.payload());
      switch (text) {
        case "refuse" -> request.refuse("no");
        case "fail" -> request.fail("broken");
        case "hold" -> open.add(request);
        default -> request.respond(bytes("re " + text));
      }
    }

    @Override
    public void onConnected(NodeId peer) {
      seen.add("+" + peer);
    }

    @Override
    public void onDisconnected(NodeId peer) {
      seen.add("-" + peer);
    }

    @Override
    public void onWritable(NodeId peer) {
      seen.add("writable " + peer);
    }

    List<String> messages() {
      return seen.stream().filter(line -> line.contains(":")).toList();
    }

    boolean say(NodeId to, String text) {
      return endpoint.send(to, bytes(text));
    }

    CompletableFuture<String> ask(NodeId to, String text, Duration timeout) {
      return endpoint.request(to, bytes(text), timeout).thenApply(SimNetworkTest::text);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private final Simulation sim = Simulation.seeded(42);
  private final SimNode<Peer> a = sim.node(A, Peer::new);
  private final SimNode<Peer> b = sim.node(B, Peer::new);
  private final SimNode<Peer> c = sim.node(C, Peer::new);

  private void connect() {
    a.service().say(B, "hello");
    sim.run(SECOND);
    b.service().seen.clear();
    a.service().seen.clear();
  }

  @Test
  void messages_of_a_service_arrive_in_the_order_sent() {
    for (int i = 0; i < 200; i++) {
      assertThat(a.service().say(B, "" + i)).isTrue();
    }
    sim.run(SECOND);

    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      expected.add("a:" + i);
    }
    assertThat(b.service().messages()).isEqualTo(expected);
    assertThat(a.service().seen).containsExactly("+b");
    assertThat(b.service().seen).startsWith("+a");
  }

  @Test
  void a_request_is_answered_refused_or_failed_as_its_receiver_says() {
    assertThat(sim.await(a.service().ask(B, "x", SECOND), SECOND)).isEqualTo("re x");
    assertThatThrownBy(() -> sim.await(a.service().ask(B, "refuse", SECOND), SECOND))
        .hasCauseInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> sim.await(a.service().ask(B, "fail", SECOND), SECOND))
        .hasCauseInstanceOf(IndeterminateException.class);
  }

  @Test
  void a_message_to_a_node_never_named_or_too_large_is_not_sent() {
    assertThat(a.service().say(NodeId.of("stranger"), "x")).isFalse();
    assertThatThrownBy(
            () -> sim.await(a.service().ask(NodeId.of("stranger"), "x", SECOND), SECOND))
        .hasCauseInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> a.service().endpoint.send(B, new byte[(4 << 20) + 1]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_request_that_nobody_answers_is_indeterminate_at_its_deadline() {
    connect();
    CompletableFuture<String> answer = a.service().ask(B, "hold", SECOND);
    sim.run(SECOND.dividedBy(2));
    Request held = b.service().open.get(0);
    assertThat(held.remainingNanos()).isBetween(400_000_000L, 510_000_000L);
    assertThat(held.isCancelled()).isFalse();
    assertThat(answer).isNotDone();

    sim.run(SECOND);

    assertThat(answer).isCompletedExceptionally();
    assertThatThrownBy(() -> sim.await(answer, SECOND))
        .hasCauseInstanceOf(IndeterminateException.class);
    assertThat(held.isCancelled()).isTrue();
  }

  @Test
  void cancelling_a_request_tells_its_receiver() {
    connect();
    CompletableFuture<byte[]> answer =
        a.service().endpoint.request(B, bytes("hold"), SECOND.multipliedBy(60));
    sim.run(SECOND);
    answer.cancel(false);
    sim.run(SECOND);

    assertThat(b.service().open.get(0).isCancelled()).isTrue();
  }

  @Test
  void a_broken_connection_loses_what_is_under_way_tells_both_and_is_made_again() {
    connect();
    CompletableFuture<String> answer = a.service().ask(B, "hold", SECOND.multipliedBy(60));
    a.service().say(B, "lost");
    sim.network().breakConnections(A, B);
    sim.run(SECOND);

    assertThatThrownBy(() -> sim.await(answer, SECOND))
        .hasCauseInstanceOf(IndeterminateException.class);
    assertThat(a.service().seen).containsExactly("-b", "+b");
    assertThat(b.service().seen).containsExactly("-a", "+a");
  }

  @Test
  void a_short_blockage_delays_and_a_long_one_breaks() {
    connect();
    sim.network().isolate(A);
    a.service().say(B, "late");
    sim.run(SECOND);
    assertThat(b.service().seen).isEmpty();
    sim.network().heal();
    sim.run(SECOND);
    assertThat(b.service().seen).containsExactly("a:late");

    sim.network().isolate(A);
    a.service().say(B, "lost");
    sim.run(SECOND.multipliedBy(5));
    assertThat(a.service().seen).containsExactly("-b");
    assertThat(b.service().seen).containsExactly("a:late", "-a");
    sim.network().heal();
    sim.run(SECOND.multipliedBy(5));
    assertThat(b.service().seen).containsExactly("a:late", "-a", "+a");
    assertThat(a.service().say(B, "again")).isTrue();
    sim.run(SECOND);
    assertThat(b.service().messages()).containsExactly("a:late", "a:again");
  }

  @Test
  void a_one_way_blockage_lets_the_other_way_pass_until_the_deaf_side_gives_up() {
    connect();
    b.service().say(A, "hello");
    sim.run(SECOND);
    a.service().seen.clear();
    b.service().seen.clear();
    sim.network().block(A, B);
    a.service().say(B, "unheard");
    b.service().say(A, "heard");
    sim.run(SECOND);

    assertThat(a.service().seen).containsExactly("b:heard");
    assertThat(b.service().seen).isEmpty();
    sim.run(SECOND.multipliedBy(4));
    assertThat(b.service().seen).containsExactly("-a");
    assertThat(a.service().seen).startsWith("b:heard", "-b");
  }

  @Test
  void a_half_open_connection_swallows_everything_until_the_idle_timeout() {
    connect();
    sim.network().halfOpen(A, B);
    assertThat(a.service().say(B, "swallowed")).isTrue();
    sim.run(SECOND.multipliedBy(2));
    assertThat(a.service().seen).isEmpty();
    assertThat(b.service().seen).isEmpty();

    sim.run(SECOND.multipliedBy(3));

    assertThat(a.service().seen).containsExactly("-b", "+b");
    assertThat(b.service().messages()).isEmpty();
  }

  @Test
  void a_killed_node_resets_its_connections_and_can_be_reached_after_its_restart() {
    connect();
    b.kill();
    sim.run(SECOND);
    assertThat(a.service().seen).containsExactly("-b");
    assertThat(a.service().say(B, "to nobody")).isIn(true, false);
    b.restart();
    sim.run(SECOND.multipliedBy(3));
    assertThat(a.service().seen).containsExactly("-b", "+b");
    assertThat(a.service().say(B, "back")).isTrue();
    sim.run(SECOND);
    assertThat(b.service().messages()).contains("a:back");
  }

  @Test
  void partitions_bridges_and_rings_block_what_they_say() {
    sim.network().partition(List.of(A), List.of(B, C));
    assertThat(blocked()).containsExactly("a>b", "a>c", "b>a", "c>a");
    sim.network().heal();
    assertThat(blocked()).isEmpty();
    sim.network().bridge(B);
    assertThat(blocked()).containsExactly("a>c", "c>a");
    sim.network().heal();
    sim.node(NodeId.of("d"), Peer::new);
    sim.node(NodeId.of("e"), Peer::new);
    sim.network().majoritiesRing();
    assertThat(sim.network().isBlocked(A, C)).isTrue();
    assertThat(sim.network().isBlocked(A, B)).isFalse();
    assertThat(sim.network().isBlocked(A, NodeId.of("e"))).isFalse();
  }

  private List<String> blocked() {
    List<String> found = new ArrayList<>();
    for (NodeId from : ALL) {
      for (NodeId to : ALL) {
        if (!from.equals(to) && sim.network().isBlocked(from, to)) {
          found.add(from + ">" + to);
        }
      }
    }
    return found;
  }

  @Test
  void a_clog_delays_and_goes_by_itself() {
    connect();
    sim.network().clog(A, B, SECOND);
    a.service().say(B, "x");
    sim.run(SECOND.dividedBy(2));
    assertThat(b.service().seen).isEmpty();
    sim.run(SECOND);
    assertThat(b.service().seen).containsExactly("a:x");
  }

  @Test
  void a_peer_that_does_not_read_makes_the_sender_unwritable_until_it_does() {
    connect();
    b.pause(SECOND.multipliedBy(2));
    int sent = 0;
    while (a.service().endpoint.send(B, new byte[1 << 20])) {
      sent++;
    }
    assertThat(sent).isEqualTo(7);
    assertThat(a.service().endpoint.isWritable(B)).isFalse();
    assertThat(a.service().endpoint.isWritable(C)).isTrue();

    sim.run(SECOND.multipliedBy(3));

    assertThat(a.service().seen).containsExactly("writable b");
    assertThat(a.service().endpoint.isWritable(B)).isTrue();
    assertThat(b.service().messages()).hasSize(sent);
  }

  @Test
  void a_payload_changed_after_it_was_sent_is_found() {
    connect();
    byte[] payload = bytes("original");
    a.service().endpoint.send(B, payload);
    payload[0] = 'X';

    assertThatThrownBy(() -> sim.run(SECOND)).hasMessageContaining("modified after it was sent");
  }

  @Test
  void datagrams_are_lost_duplicated_and_reordered() {
    Simulation lossy =
        Simulation.of(
            SimulationOptions.seeded(1)
                .withNetwork(NetworkOptions.lan().withLoss(0.3).withDuplication(0.3)));
    Environment from = lossy.environment(A);
    Environment to = lossy.environment(B);
    List<Integer> seen = new ArrayList<>();
    Datagrams.Socket receiver =
        to.datagrams()
            .bind(
                new Address("b", 0),
                to.eventLoop("x"),
                (sender, payload) -> seen.add((int) payload[0]));
    Datagrams.Socket sender =
        from.datagrams().bind(new Address("a", 0), from.eventLoop("x"), (x, y) -> {});
    for (int i = 0; i < 100; i++) {
      sender.send(receiver.address(), new byte[] {(byte) i});
    }
    lossy.run(SECOND);

    assertThat(seen).isNotEqualTo(seen.stream().sorted().toList());
    assertThat(seen.stream().distinct().count()).isBetween(60L, 95L).isLessThan(seen.size());
    assertThatThrownBy(() -> sender.send(receiver.address(), new byte[1_401]))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void closing_an_endpoint_fails_what_is_pending() {
    connect();
    CompletableFuture<String> answer = a.service().ask(B, "hold", SECOND.multipliedBy(60));
    sim.run(SECOND);
    a.service().endpoint.close();

    assertThat(answer).isCompletedExceptionally();
    assertThat(a.service().say(B, "x")).isFalse();
  }
}
