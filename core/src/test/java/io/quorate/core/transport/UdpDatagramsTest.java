package io.quorate.core.transport;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class UdpDatagramsTest extends DatagramsConformance {
  @Override
  Environment start(NodeId node) {
    return Environment.real(EnvironmentOptions.of(node, "test"));
  }

  @Test
  void an_address_beyond_loopback_needs_the_word_insecure() {
    try (Environment a = start(NodeId.of("a"))) {
      Address everywhere = new Address("0.0.0.0", 0);

      assertThatThrownBy(
              () -> a.datagrams().bind(everywhere, a.eventLoop("x"), (from, payload) -> {}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("insecure");
    }
  }
}
