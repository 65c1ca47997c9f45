package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.IndeterminateException;
import io.quorate.core.NodeId;
import io.quorate.core.OperationException;
import io.quorate.core.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Transport} promises. An implementation extends this class and says how nodes
 * are made and how a future is waited for (the simulator lets virtual time pass).
 */
public abstract class TransportConformance {
  protected static final NodeId A = NodeId.of("a");
  protected static final NodeId B = NodeId.of("b");
  protected static final Duration LONG = Duration.ofSeconds(20);
  protected static final int MAX_PAYLOAD = 256 << 10;

  private final List<Environment> started = new ArrayList<>();

  /** A new node with the given cluster name and options. */
  protected abstract Environment start(NodeId node, String cluster, TransportOptions options);

  /** What {@code future} completes with, which it does unless there is a defect. */
  protected abstract <T> T await(CompletableFuture<T> future);

  @AfterEach
  void stop_nodes() {
    started.forEach(Environment::close);
  }

  @Test
  void a_message_arrives_with_its_sender_and_payload() {
    Pair pair = pair();

    assertThat(pair.a.send(B, bytes("hello"))).isTrue();

    Received received = await(pair.atB.message(0));
    assertThat(received.from()).isEqualTo(A);
    assertThat(received.payload()).isEqualTo(bytes("hello"));
  }

  @Test
  void messages_of_one_service_arrive_in_the_order_sent() {
    Pair pair = pair();
    int count = 2_000;

    for (int i = 0; i < count; i++) {
      assertThat(pair.a.send(B, bytes("m" + i))).isTrue();
    }

    await(pair.atB.message(count - 1));
    assertThat(pair.atB.messages())
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> "m" + i).toList());
  }

  @Test
  void both_directions_work_at_the_same_time() {
    Pair pair = pair();

    CompletableFuture<byte[]> there = pair.a.request(B, bytes("echo:1"), LONG);
    CompletableFuture<byte[]> back = pair.b.request(A, bytes("echo:2"), LONG);

    assertThat(await(there)).isEqualTo(bytes("echo:1"));
    assertThat(await(back)).isEqualTo(bytes("echo:2"));
  }

  @Test
  void each_of_many_requests_gets_its_own_answer() {
    Pair pair = pair();

    List<CompletableFuture<byte[]>> answers =
        IntStream.range(0, 500).mapToObj(i -> pair.a.request(B, bytes("echo:" + i), LONG)).toList();

    for (int i = 0; i < answers.size(); i++) {
      assertThat(await(answers.get(i))).isEqualTo(bytes("echo:" + i));
    }
  }

  @Test
  void payloads_of_every_size_up_to_the_maximum_come_back_unchanged() {
    Pair pair = pair();
    for (int size : new int[] {0, 1, 63, 65_535, 65_536, 65_537, 131_073, MAX_PAYLOAD}) {
      byte[] payload = new byte[size];
      for (int i = 0; i < size; i++) {
        payload[i] = (byte) (i * 31 + size);
      }

      assertThat(await(pair.a.request(B, payload, LONG))).isEqualTo(payload);
    }
  }

  @Test
  void a_payload_over_the_maximum_is_the_callers_mistake() {
    Pair pair = pair();

    assertThatThrownBy(() -> pair.a.send(B, new byte[MAX_PAYLOAD + 1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("payload")
        .hasMessageContaining("" + (MAX_PAYLOAD + 1));
    assertThatThrownBy(() -> pair.a.request(B, new byte[MAX_PAYLOAD + 1], LONG))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void the_receivers_payload_is_its_own() {
    Pair pair = pair();
    byte[] payload = bytes("echo:mine");

    byte[] answer = await(pair.a.request(B, payload, LONG));
    answer[0] = 'X';
    Received request = await(pair.atB.request(0));
    request.payload()[0] = 'Y';

    assertThat(payload).isEqualTo(bytes("echo:mine"));
  }

  @Test
  void a_node_that_was_never_named_is_refused() {
    Pair pair = pair();
    NodeId stranger = NodeId.of("stranger");

    assertThat(pair.a.send(stranger, bytes("x"))).isFalse();
    assertThat(pair.a.isWritable(stranger)).isFalse();
    assertRefused(pair.a.request(stranger, bytes("x"), LONG), "stranger");
  }

  @Test
  void a_node_that_cannot_be_reached_is_refused_as_not_sent() {
    Pair pair = pair();
    NodeId gone = NodeId.of("gone");
    Environment other = node(gone, "test", options());
    Address where = other.transport().address();
    other.close();
    pair.envA.transport().setPeer(gone, where);

    assertRefused(pair.a.request(gone, bytes("x"), LONG), "gone");
  }

  @Test
  void another_node_at_the_address_is_not_taken_for_the_peer() {
    Pair pair = pair();
    NodeId claimed = NodeId.of("claimed");
    pair.envA.transport().setPeer(claimed, pair.envB.transport().address());

    assertRefused(pair.a.request(claimed, bytes("echo:x"), LONG), "claimed");
  }

  @Test
  void a_node_of_another_cluster_is_not_talked_to() {
    Pair pair = pair();
    NodeId foreign = NodeId.of("foreign");
    Environment other = node(foreign, "other", options());
    Recorder recorder = new Recorder();
    other.transport().open("svc", other.eventLoop("svc"), recorder);
    pair.envA.transport().setPeer(foreign, other.transport().address());

    assertRefused(pair.a.request(foreign, bytes("echo:x"), LONG), "foreign");
    assertThat(recorder.messages()).isEmpty();
  }

  @Test
  void a_service_that_is_not_open_refuses_requests_and_loses_messages() {
    Pair pair = pair();
    Endpoint lonely =
        pair.envA.transport().open("lonely", pair.envA.eventLoop("lonely"), Handler.NONE);

    lonely.send(B, bytes("x"));
    assertRefused(lonely.request(B, bytes("x"), LONG), "lonely");

    assertThat(pair.atB.messages()).isEmpty();
  }

  @Test
  void services_with_different_names_do_not_mix() {
    Pair pair = pair();
    Recorder other = new Recorder();
    pair.envB.transport().open("other", pair.envB.eventLoop("other"), other);
    Endpoint otherA = pair.envA.transport().open("other", pair.envA.eventLoop("o"), Handler.NONE);

    pair.a.send(B, bytes("for svc"));
    otherA.send(B, bytes("for other"));

    assertThat(await(other.message(0)).payload()).isEqualTo(bytes("for other"));
    assertThat(await(pair.atB.message(0)).payload()).isEqualTo(bytes("for svc"));
    assertThat(other.messages()).containsExactly("for other");
  }

  @Test
  void a_service_can_be_open_once_at_a_time() {
    Pair pair = pair();
    Transport transport = pair.envA.transport();

    assertThatThrownBy(() -> transport.open("svc", pair.envA.eventLoop("svc"), Handler.NONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("svc");
    pair.a.close();
    transport.open("svc", pair.envA.eventLoop("svc"), Handler.NONE).close();
  }

  @Test
  void a_service_name_is_checked() {
    Environment a = node(A, "test", options());

    for (String name : new String[] {"", "../x", "a b", "x\n", "a".repeat(65)}) {
      assertThatThrownBy(() -> a.transport().open(name, a.eventLoop("svc"), Handler.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("service");
    }
  }

  @Test
  void a_refused_request_says_why_and_that_it_had_no_effect() {
    Pair pair = pair();

    assertRefused(pair.a.request(B, bytes("refuse:not today"), LONG), "not today");
  }

  @Test
  void a_failed_request_says_why_and_leaves_its_effect_open() {
    Pair pair = pair();

    assertIndeterminate(pair.a.request(B, bytes("fail:half done"), LONG), "half done");
  }

  @Test
  void a_handler_that_throws_fails_that_request_alone() {
    Pair pair = pair();

    CompletableFuture<byte[]> bad = pair.a.request(B, bytes("throw:"), LONG);
    CompletableFuture<byte[]> good = pair.a.request(B, bytes("echo:after"), LONG);

    assertIndeterminate(bad, "failed");
    assertThat(await(good)).isEqualTo(bytes("echo:after"));
  }

  @Test
  void a_request_without_an_answer_ends_at_its_timeout_as_indeterminate() {
    Pair pair = connectedPair();

    assertIndeterminate(pair.a.request(B, bytes("ignore:"), Duration.ofMillis(50)), "no answer");
    assertThat(await(pair.a.request(B, bytes("echo:next"), LONG))).isEqualTo(bytes("echo:next"));
  }

  @Test
  void the_remaining_time_travels_with_the_request() {
    Pair pair = pair();
    Duration timeout = Duration.ofMinutes(5);

    CompletableFuture<byte[]> answer = pair.a.request(B, bytes("ignore:"), timeout);

    await(pair.atB.request(0));
    assertThat(pair.atB.held(0).remainingNanos())
        .isPositive()
        .isLessThanOrEqualTo(timeout.toNanos())
        .isGreaterThan(timeout.minusMinutes(1).toNanos());
    answer.cancel(false);
  }

  @Test
  void a_timeout_must_be_positive() {
    Pair pair = pair();

    assertThatThrownBy(() -> pair.a.request(B, bytes("x"), Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("timeout");
    assertThatThrownBy(() -> pair.a.request(B, bytes("x"), Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    CompletableFuture<byte[]> forever =
        pair.a.request(B, bytes("echo:x"), Duration.ofSeconds(Long.MAX_VALUE));
    assertThat(await(forever)).isEqualTo(bytes("echo:x"));
  }

  @Test
  void a_cancelled_request_tells_the_other_side() {
    Pair pair = pair();
    CompletableFuture<byte[]> answer = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(0));
    assertThat(pair.atB.held(0).isCancelled()).isFalse();

    answer.cancel(false);
    // Frames arrive in order: once the answer to this one is here, so is the cancellation.
    await(pair.a.request(B, bytes("echo:"), LONG));

    assertThat(pair.atB.held(0).isCancelled()).isTrue();
    assertThat(answer).isCancelled();
  }

  @Test
  void only_the_first_answer_counts_and_late_ones_are_ignored() {
    Pair pair = connectedPair();
    CompletableFuture<byte[]> answer = pair.a.request(B, bytes("ignore:"), Duration.ofMillis(50));
    assertIndeterminate(answer, "no answer");
    // The request may still be on its way; what is answered after it comes after it.
    await(pair.a.request(B, bytes("echo:"), LONG));

    pair.atB.held(0).respond(bytes("too late"));
    pair.atB.held(0).respond(bytes("twice"));
    CompletableFuture<byte[]> next = pair.a.request(B, bytes("twice:x"), LONG);

    assertThat(await(next)).isEqualTo(bytes("twice:x"));
    assertThat(await(pair.a.request(B, bytes("echo:y"), LONG))).isEqualTo(bytes("echo:y"));
  }

  @Test
  void handlers_and_completions_run_on_the_endpoints_loop() {
    Pair pair = pair();

    CompletableFuture<Boolean> inLoop = new CompletableFuture<>();
    pair.envA
        .eventLoop("svc")
        .execute(
            () ->
                pair.a
                    .request(B, bytes("ignore:"), Duration.ofMillis(50))
                    .whenComplete((x, e) -> inLoop.complete(pair.envA.eventLoop("svc").inLoop())));

    assertThat(await(inLoop)).isTrue();
    assertThat(pair.atB.alwaysInLoop(pair.envB.eventLoop("svc"))).isTrue();
  }

  @Test
  void peers_are_told_when_they_connect_and_when_they_go() {
    Pair pair = pair();
    await(pair.a.request(B, bytes("echo:"), LONG));

    assertThat(await(pair.atA.connected(0))).isEqualTo(B);
    assertThat(await(pair.atB.connected(0))).isEqualTo(A);
    CompletableFuture<byte[]> pending = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(1));
    pair.envB.close();

    assertThat(await(pair.atA.disconnected(0))).isEqualTo(B);
    assertIndeterminate(pending, "");
  }

  @Test
  void a_peer_that_comes_back_at_its_address_is_found_again() {
    Pair pair = pair();
    await(pair.a.request(B, bytes("echo:"), LONG));
    Address where = pair.envB.transport().address();
    pair.envB.close();
    await(pair.atA.disconnected(0));

    Environment again = node(B, "test", options().withListen(where));
    again.transport().open("svc", again.eventLoop("svc"), new Recorder());

    byte[] answer = await(untilAnswered(pair.envA, pair.a, bytes("echo:again")));
    assertThat(answer).isEqualTo(bytes("echo:again"));
  }

  @Test
  void a_peer_that_moved_is_found_at_its_new_address() {
    Pair pair = pair();
    await(pair.a.request(B, bytes("echo:"), LONG));
    pair.envB.close();
    Environment moved = node(B, "test", options());
    moved.transport().open("svc", moved.eventLoop("svc"), new Recorder());

    pair.envA.transport().setPeer(B, moved.transport().address());

    byte[] answer = await(untilAnswered(pair.envA, pair.a, bytes("echo:moved")));
    assertThat(answer).isEqualTo(bytes("echo:moved"));
  }

  @Test
  void a_removed_peer_is_refused_and_what_is_pending_fails() {
    Pair pair = pair();
    CompletableFuture<byte[]> pending = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(0));

    pair.envA.transport().removePeer(B);

    assertIndeterminate(pending, "removed");
    assertThat(pair.a.send(B, bytes("x"))).isFalse();
    assertRefused(pair.a.request(B, bytes("x"), LONG), "b");
  }

  @Test
  void a_node_needs_no_network_to_itself() {
    Environment a = node(A, "test", options());

    assertThatThrownBy(() -> a.transport().setPeer(A, a.transport().address()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a");
  }

  @Test
  void requests_over_the_limit_in_flight_are_refused() {
    TransportLimits limits = limits().withMaxRequestsInFlight(3);
    Pair pair = pair(options().withLimits(limits));
    List<CompletableFuture<byte[]>> held = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      held.add(pair.a.request(B, bytes("ignore:"), LONG));
    }

    assertRefused(pair.a.request(B, bytes("echo:"), LONG), "in flight");

    held.forEach(each -> each.cancel(false));
    assertThat(await(untilAnswered(pair.envA, pair.a, bytes("echo:x")))).isEqualTo(bytes("echo:x"));
  }

  @Test
  void a_closed_endpoint_takes_nothing_and_fails_what_is_pending() {
    Pair pair = pair();
    CompletableFuture<byte[]> pending = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(0));

    pair.a.close();
    pair.a.close();

    assertIndeterminate(pending, "closed");
    assertThat(pair.a.send(B, bytes("x"))).isFalse();
    assertThat(pair.a.isWritable(B)).isFalse();
    assertRefused(pair.a.request(B, bytes("x"), LONG), "closed");
  }

  @Test
  void a_closed_node_refuses_everything_and_may_be_closed_again() {
    Pair pair = pair();
    CompletableFuture<byte[]> pending = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(0));

    pair.envA.close();
    pair.envA.close();

    assertIndeterminate(pending, "closed");
    assertThat(pair.a.send(B, bytes("x"))).isFalse();
    assertRefused(pair.a.request(B, bytes("x"), LONG), "closed");
    assertThatThrownBy(
            () -> pair.envA.transport().open("z", pair.envA.eventLoop("svc"), Handler.NONE))
        .isInstanceOf(IllegalStateException.class);
  }

  /** Two nodes that know each other, with the service {@code svc} open on both. */
  protected final class Pair {
    public final Environment envA;
    public final Environment envB;
    public final Recorder atA = new Recorder();
    public final Recorder atB = new Recorder();
    public final Endpoint a;
    public final Endpoint b;

    private Pair(TransportOptions options) {
      envA = node(A, "test", options);
      envB = node(B, "test", options);
      atA.loop(envA.eventLoop("svc"));
      atB.loop(envB.eventLoop("svc"));
      envA.transport().setPeer(B, envB.transport().address());
      envB.transport().setPeer(A, envA.transport().address());
      a = envA.transport().open("svc", envA.eventLoop("svc"), atA);
      b = envB.transport().open("svc", envB.eventLoop("svc"), atB);
    }
  }

  protected final Pair pair() {
    return pair(options());
  }

  /** A pair that has talked before, so that what is sent leaves at once. */
  protected final Pair connectedPair() {
    Pair pair = pair();
    await(pair.a.request(B, bytes("echo:"), LONG));
    return pair;
  }

  protected final Pair pair(TransportOptions options) {
    return new Pair(options);
  }

  protected final Environment node(NodeId node, String cluster, TransportOptions options) {
    Environment environment = start(node, cluster, options);
    started.add(environment);
    return environment;
  }

  protected static TransportLimits limits() {
    return TransportLimits.defaults().withMaxPayloadBytes(MAX_PAYLOAD);
  }

  protected static TransportOptions options() {
    return TransportOptions.defaults().withLimits(limits());
  }

  protected static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  /** Asks again, ten milliseconds later, while the request is refused. */
  protected static CompletableFuture<byte[]> untilAnswered(
      Environment env, Endpoint endpoint, byte[] payload) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    attempt(env, endpoint, payload, answer);
    return answer;
  }

  private static void attempt(
      Environment env, Endpoint endpoint, byte[] payload, CompletableFuture<byte[]> answer) {
    endpoint
        .request(B, payload, Duration.ofSeconds(1))
        .whenComplete(
            (value, failure) -> {
              if (failure == null) {
                answer.complete(value);
              } else {
                env.eventLoop("svc")
                    .schedule(
                        TimeUnit.MILLISECONDS.toNanos(10),
                        () -> attempt(env, endpoint, payload, answer));
              }
            });
  }

  protected final void assertRefused(CompletableFuture<byte[]> future, String reason) {
    assertFailed(future, RefusedException.class, reason, false);
  }

  protected final void assertIndeterminate(CompletableFuture<byte[]> future, String reason) {
    assertFailed(future, IndeterminateException.class, reason, true);
  }

  private void assertFailed(
      CompletableFuture<byte[]> future,
      Class<? extends OperationException> type,
      String reason,
      boolean mayHaveTakenEffect) {
    Throwable failure = await(future.handle((value, error) -> error));
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    assertThat(cause).isInstanceOf(type).hasMessageContaining(reason);
    assertThat(((OperationException) cause).mayHaveTakenEffect()).isEqualTo(mayHaveTakenEffect);
  }
}
