package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.NodeId;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Pins the bytes of protocol version 1. Whatever changes them is a new version. */
@ExtendWith(LeakCheck.class)
class WireFormatTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId RAW = NodeId.of("raw");

  @Test
  void hello_is_as_ever() {
    Hello hello = new Hello(1, 1, "test", A, 2, 3, 4, 5);
    String golden =
        "01010000000000000000"
            + "0474657374"
            + "0161"
            + "0000000000000002"
            + "00000003"
            + "0000000000000004"
            + "0000000000000005";

    assertThat(hex(Hello.CODEC.encode(hello))).isEqualTo(golden);
    assertThat(Hello.parse(HexFormat.of().parseHex(golden))).isEqualTo(hello);
    assertThat(Hello.parse(HexFormat.of().parseHex(golden + "ff"))).isEqualTo(hello);
  }

  @Test
  void what_the_dialling_side_sends_is_as_ever() throws IOException {
    try (ServerSocket server = RawPeer.listen();
        Environment a = Environment.real(EnvironmentOptions.of(A, "test"))) {
      a.transport().setPeer(RAW, new Address("127.0.0.1", server.getLocalPort()));
      Endpoint endpoint = a.transport().open("svc", a.eventLoop("svc"), Handler.NONE);
      endpoint.send(RAW, "hi".getBytes(UTF_8));
      try (RawPeer peer = RawPeer.accept(server, "raw")) {
        byte[] sent = peer.socket().getInputStream().readNBytes(14 + 13);

        assertThat(hex(sent))
            .isEqualTo(
                "e7efd889"
                    + "00000006"
                    + "060000"
                    + "737663"
                    + "4aaa9499"
                    + "00000005"
                    + "070000"
                    + "6869");
      }
    }
  }

  @Test
  void what_the_accepting_side_sends_is_as_ever() throws IOException {
    try (Environment a = Environment.real(EnvironmentOptions.of(A, "test"))) {
      a.transport().open("svc", a.eventLoop("svc"), new Recorder());
      try (RawPeer peer = RawPeer.established(a.transport().address(), "raw")) {
        peer.send(Wire.request(258, 0, 1_000_000_000_000L, "hi".getBytes(UTF_8)));
        byte[] sent = peer.socket().getInputStream().readNBytes(8 + 11);

        assertThat(hex(sent)).isEqualTo("9f19d52b" + "0000000b" + "0a0000000000000102" + "6869");
      }
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
