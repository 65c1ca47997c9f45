package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Item 21 of the bad inputs, and what TLS must do besides. */
@ExtendWith(LeakCheck.class)
class TlsTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId B = NodeId.of("b");
  private static final Duration LONG = Duration.ofSeconds(20);

  @TempDir Path directory;

  private final List<Environment> started = new ArrayList<>();
  private final MetricsRegistry metricsOfA = new MetricsRegistry();
  private Certificates authority;

  @BeforeEach
  void make_authority() throws IOException {
    authority = new Certificates(directory, "right");
  }

  @AfterEach
  void stop() {
    started.forEach(Environment::close);
  }

  @Test
  void nodes_whose_certificates_name_them_talk() throws Exception {
    Environment a = serve(authority.node("a"));
    Environment b = node(B, authority.node("b"));

    assertThat(ask(b, a)).isEqualTo("hello");
  }

  @Test
  void a_uri_of_the_right_cluster_names_a_node_as_well() throws Exception {
    Environment a = serve(authority.nodeByUri("a", "quorate://test/a"));
    Environment b = node(B, authority.nodeByUri("b", "quorate://test/b"));

    assertThat(ask(b, a)).isEqualTo("hello");
  }

  @Test
  void item_21_a_valid_certificate_of_another_node_or_cluster_is_refused_by_the_server()
      throws Exception {
    Environment a = serve(authority.node("a"));

    assertNotServed(node(B, authority.node("c")), a, "does not name node b");
    assertNotServed(
        node(B, authority.nodeByUri("foreign", "quorate://other/b")), a, "does not name node b");
    await(() -> closed(CloseReason.HANDSHAKE_REFUSED) >= 2);
  }

  @Test
  void item_21_a_valid_certificate_of_another_node_is_refused_by_the_client() throws Exception {
    Environment a = serve(authority.node("c"));

    assertNotServed(node(B, authority.node("b")), a, "does not name node a");
  }

  @Test
  void item_21_expired_foreign_and_self_signed_certificates_are_refused() throws Exception {
    Environment a = serve(authority.node("a"));
    Certificates wrong = new Certificates(directory, "wrong");
    TlsOptions foreign = wrong.node("b");
    TlsOptions right = authority.node("b");
    // The client trusts the server; it is the server that must refuse the client.
    TlsOptions foreignTrusting =
        TlsOptions.of(foreign.certificates(), foreign.privateKey(), right.authorities());

    assertNotServed(node(B, authority.expired("b")), a, "");
    assertNotServed(node(B, foreignTrusting), a, "");
    assertNotServed(node(B, foreign), a, "");
    await(() -> closed(CloseReason.TLS_FAILED) >= 3);
  }

  @Test
  void item_21_an_expired_server_is_refused() throws Exception {
    Environment a = serve(authority.expired("a"));

    assertNotServed(node(B, authority.node("b")), a, "tls_failed");
  }

  @Test
  void item_21_a_client_without_a_certificate_is_refused() throws Exception {
    Environment a = serve(authority.node("a"));

    assertThatThrownBy(
            () -> {
              try (SSLSocket socket = connect(a, "TLSv1.3")) {
                socket.getInputStream().read();
                // In TLS 1.3 the refusal comes with the first read; an end is one, too.
                throw new SSLException("closed");
              }
            })
        .isInstanceOf(IOException.class);
    await(() -> closed(CloseReason.TLS_FAILED) == 1);
  }

  @Test
  void item_21_older_protocols_are_refused() throws Exception {
    Environment a = serve(authority.node("a"));

    assertThatThrownBy(() -> connect(a, "TLSv1.2")).isInstanceOf(IOException.class);
    await(() -> closed(CloseReason.TLS_FAILED) == 1);
  }

  @Test
  void item_21_an_endless_client_hello_ends_early() throws Exception {
    Environment a = serve(authority.node("a"));
    // A handshake message that announces 16 MiB less one, in records of 16 KiB.
    byte[] record = new byte[5 + (16 << 10)];
    record[0] = 0x16;
    record[1] = 3;
    record[2] = 1;
    record[3] = 0x40;
    record[5] = 1;
    record[6] = record[7] = record[8] = (byte) 0xff;
    try (RawPeer peer = RawPeer.connect(a.transport().address())) {
      try {
        for (int i = 0; i < 1_024; i++) {
          peer.send(record);
        }
      } catch (IOException e) {
        // Closed while we were still sending.
      }
      peer.readToEnd();
    }
    await(() -> closed(CloseReason.TLS_FAILED) == 1);
  }

  @Test
  void item_4_plain_text_to_a_tls_port_and_the_reverse_fail() throws Exception {
    Environment a = serve(authority.node("a"));
    Environment plain = plain(NodeId.of("p"));

    assertNotServed(plain, a, "");
    await(() -> closed(CloseReason.TLS_FAILED) == 1);
    Environment b = node(B, authority.node("b"));
    assertNotServed(b, plain, "");
  }

  @Test
  void certificates_are_read_again_when_they_have_changed() throws Exception {
    TlsOptions wrong = authority.issue("a", 0x82, "c", false);
    Environment a = serve(wrong.withReloadPeriod(Duration.ofMillis(20)));
    Environment b = node(B, authority.node("b"));
    assertNotServed(b, a, "does not name node a");

    FileTime before = Files.getLastModifiedTime(wrong.certificates());
    authority.issue("a", 0x82, "a", false);
    Files.setLastModifiedTime(wrong.certificates(), FileTime.fromMillis(before.toMillis() + 5_000));

    Endpoint endpoint = b.transport().open("again", b.eventLoop("svc"), Handler.NONE);
    a.transport().open("again", a.eventLoop("svc"), new Recorder());
    await(() -> served(endpoint));
  }

  @Test
  void files_that_cannot_be_read_leave_the_old_certificates_in_place() throws Exception {
    TlsOptions tls = authority.node("a").withReloadPeriod(Duration.ofMillis(5));
    Environment a = serve(tls);
    Files.writeString(tls.certificates(), "not a certificate");

    Environment b = node(B, authority.node("b"));

    for (int i = 0; i < 20; i++) {
      assertThat(ask(b, a)).isEqualTo("hello");
      b.transport().removePeer(A);
    }
  }

  @Test
  void a_private_key_that_others_may_read_is_refused() throws Exception {
    TlsOptions tls = authority.node("a");
    Files.setPosixFilePermissions(tls.privateKey(), PosixFilePermissions.fromString("rw-r--r--"));

    assertThatThrownBy(() -> serve(tls))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("owner")
        .hasMessageContaining(tls.privateKey().toString());
  }

  @Test
  void files_that_are_not_there_are_named() throws Exception {
    TlsOptions tls = authority.node("a");
    Path missing = directory.resolve("missing.pem");

    assertThatThrownBy(() -> serve(TlsOptions.of(missing, tls.privateKey(), tls.authorities())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("missing.pem");
  }

  @Test
  void a_listen_address_beyond_loopback_needs_tls_or_the_word_insecure() throws Exception {
    EnvironmentOptions open =
        EnvironmentOptions.of(A, "test").withListen(new Address("0.0.0.0", 0));

    assertThatThrownBy(() -> Environment.real(open))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("0.0.0.0")
        .hasMessageContaining("insecure");

    Environment.real(open.insecure()).close();
    Environment.real(open.withTls(authority.node("a"))).close();
  }

  @Test
  void plain_text_stays_on_loopback_when_dialling_too() {
    Environment plain = plain(B);
    plain.transport().setPeer(A, new Address("192.0.2.1", 1));
    Endpoint endpoint = plain.transport().open("svc", plain.eventLoop("svc"), Handler.NONE);

    assertThatThrownBy(() -> endpoint.request(A, new byte[0], LONG).get(20, TimeUnit.SECONDS))
        .hasMessageContaining("loopback");
  }

  private Environment serve(TlsOptions tls) {
    Environment a =
        Environment.real(EnvironmentOptions.of(A, "test").withTls(tls).withMetrics(metricsOfA));
    started.add(a);
    a.transport().open("svc", a.eventLoop("svc"), new Recorder());
    return a;
  }

  private Environment node(NodeId id, TlsOptions tls) {
    Environment node = Environment.real(EnvironmentOptions.of(id, "test").withTls(tls));
    started.add(node);
    return node;
  }

  private Environment plain(NodeId id) {
    Environment node = Environment.real(EnvironmentOptions.of(id, "test"));
    started.add(node);
    return node;
  }

  private static String ask(Environment from, Environment to) throws Exception {
    from.transport().setPeer(to.self(), to.transport().address());
    try (Endpoint endpoint = from.transport().open("svc", from.eventLoop("svc"), Handler.NONE)) {
      byte[] hello = "hello".getBytes(UTF_8);
      return new String(endpoint.request(to.self(), hello, LONG).get(20, TimeUnit.SECONDS), UTF_8);
    }
  }

  private static void assertNotServed(Environment from, Environment to, String reason) {
    assertThatThrownBy(() -> ask(from, to))
        .hasMessageContaining("cannot reach " + to.self())
        .hasMessageContaining(reason);
  }

  private static boolean served(Endpoint endpoint) {
    try {
      return endpoint.request(A, new byte[0], LONG).get(20, TimeUnit.SECONDS).length == 0;
    } catch (java.util.concurrent.ExecutionException e) {
      return false;
    } catch (InterruptedException | java.util.concurrent.TimeoutException e) {
      throw new AssertionError("no result", e);
    }
  }

  private static SSLSocket connect(Environment to, String protocol) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new TrustAll()}, null);
    Address address = to.transport().address();
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(address.host(), address.port());
    socket.setSoTimeout(20_000);
    socket.setEnabledProtocols(new String[] {protocol});
    try {
      socket.startHandshake();
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return socket;
  }

  private long closed(CloseReason reason) {
    return metricsOfA.value("transport_connections_closed_total", "reason", reason.label());
  }

  private void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("did not happen; metrics: " + metricsOfA.readings());
      }
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  private static final class TrustAll implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
