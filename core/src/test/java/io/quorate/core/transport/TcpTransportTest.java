package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.util.concurrent.CompletableFuture;
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
  void what_a_peer_says_is_shown_in_one_line() {
    Pair pair = pair();

    assertRefused(pair.a.request(B, bytes("refuse:two\nlines"), LONG), "two?lines");
  }
}
