package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TcpTransportTest extends RealTransportConformance {
  @Override
  protected Environment start(NodeId node, String cluster, TransportOptions options) {
    return Environment.real(EnvironmentOptions.of(node, cluster).withTransport(options));
  }

  @Test
  void a_node_that_closes_says_so_to_those_who_wait() {
    Pair pair = pair();
    CompletableFuture<byte[]> pending = pair.a.request(B, bytes("ignore:"), LONG);
    await(pair.atB.request(0));

    pair.envB.close();

    assertIndeterminate(pending, "b is closing");
  }

  @Test
  void what_is_flushed_leaves_before_the_turn_of_the_loop_ends() {
    Pair pair = connectedPair();
    CompletableFuture<Received> arrived = pair.atB.message(0);
    CompletableFuture<Received> arrivedMeanwhile = new CompletableFuture<>();

    pair.envA
        .eventLoop("svc")
        .execute(
            () -> {
              pair.a.send(B, bytes("last word"));
              pair.a.flush();
              // Without the flush it would leave only after this task.
              arrived.orTimeout(LONG.toSeconds(), TimeUnit.SECONDS);
              arrivedMeanwhile.complete(arrived.exceptionally(error -> null).join());
            });

    assertThat(await(arrivedMeanwhile).payload()).isEqualTo(bytes("last word"));
  }

  @Test
  void requests_whose_bytes_together_are_too_many_are_refused() {
    Pair pair = pair(options().withLimits(limits().withMaxRequestBytesInFlight(MAX_PAYLOAD)));
    byte[] half = java.util.Arrays.copyOf(bytes("ignore:"), MAX_PAYLOAD / 2);
    CompletableFuture<byte[]> first = pair.a.request(B, half, LONG);
    CompletableFuture<byte[]> second = pair.a.request(B, half, LONG);

    assertRefused(pair.a.request(B, bytes("echo:"), LONG), "too many requests in flight");

    first.cancel(false);
    assertThat(await(pair.a.request(B, bytes("echo:x"), LONG))).isEqualTo(bytes("echo:x"));
    second.cancel(false);
  }

  @Test
  void a_peer_that_comes_back_and_calls_is_dialled_before_the_back_off_is_over() {
    Duration hour = Duration.ofHours(1);
    TransportOptions patient =
        options().withTimeouts(TransportTimeouts.defaults().withBackoff(hour, hour));
    Pair pair = pair(patient);
    await(pair.a.request(B, bytes("echo:"), LONG));
    pair.envB.close();
    await(pair.atA.disconnected(0));

    Environment again =
        node(B, "test", patient.withListen(pair.envB.transport().address()));
    again.transport().setPeer(A, pair.envA.transport().address());
    Recorder atAgain = new Recorder();
    atAgain.loop(again.eventLoop("svc"));
    Endpoint b = again.transport().open("svc", again.eventLoop("svc"), atAgain);
    await(b.request(A, bytes("echo:"), LONG));

    byte[] echo = await(untilAnswered(pair.envA, pair.a, bytes("echo:x")));
    assertThat(echo).isEqualTo(bytes("echo:x"));
  }

  @Test
  void what_a_peer_says_is_shown_in_one_line() {
    Pair pair = pair();

    assertRefused(pair.a.request(B, bytes("refuse:two\nlines"), LONG), "two?lines");
  }

  @Test
  void arrays_that_are_given_back_carry_later_payloads_with_their_own_contents() {
    Pair pair = pair();
    byte[] asked = pair.a.array(50_000);
    System.arraycopy(bytes("ignore:"), 0, asked, 0, 7);
    CompletableFuture<byte[]> pending = pair.a.request(B, asked, LONG);
    await(pair.atB.request(0));
    byte[] answer = pair.b.array(60_000);
    Arrays.fill(answer, (byte) 1);
    pair.atB.held(0).respondAndRecycle(answer);
    byte[] arrived = await(pending);
    assertThat(arrived).hasSize(60_000).containsOnly((byte) 1);

    pair.a.recycle(asked);
    pair.a.recycle(arrived);

    assertThat(pair.a.array(50_000)).isSameAs(asked);
    assertThat(pair.b.array(60_000)).isSameAs(answer);
    CompletableFuture<byte[]> next = pair.a.request(B, bytes("ignore:again"), LONG);
    await(pair.atB.request(1));
    byte[] other = new byte[60_000];
    pair.atB.held(1).respond(other);
    assertThat(await(next)).isSameAs(arrived).isEqualTo(other);
  }
}
