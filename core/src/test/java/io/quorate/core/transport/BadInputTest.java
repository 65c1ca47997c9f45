package io.quorate.core.transport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.UnixOperatingSystemMXBean;
import io.quorate.core.Environment;
import io.quorate.core.EnvironmentOptions;
import io.quorate.core.MetricsRegistry;
import io.quorate.core.NodeId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a node does when strangers and broken peers talk to it; the number in each name is that of
 * the list of bad inputs. After each test a good peer must still be served, and nothing may leak.
 */
@ExtendWith(LeakCheck.class)
class BadInputTest {
  private static final NodeId A = NodeId.of("a");
  private static final NodeId GOOD = NodeId.of("good");
  private static final Duration LONG = Duration.ofSeconds(20);
  private static final int MAX_PAYLOAD = 100_000;

  private final MetricsRegistry metrics = new MetricsRegistry();
  private final Recorder recorder = new Recorder();
  private Environment node;
  private Environment good;
  private Endpoint goodEndpoint;

  @BeforeEach
  void start() {
    start(options());
  }

  @AfterEach
  void a_good_peer_is_still_served() {
    assertGoodPeerServed();
    good.close();
    node.close();
  }

  @Test
  void item_1_who_connects_and_says_nothing_is_closed_at_the_handshake_deadline()
      throws IOException {
    try (RawPeer peer = RawPeer.connect(address())) {
      assertThat(peer.readToEnd()).isZero();
    }
    awaitClosed(CloseReason.HANDSHAKE_TIMEOUT, 1);
  }

  @Test
  void item_2_one_byte_at_a_time_ends_at_the_handshake_deadline() throws IOException {
    byte[] slow = Wire.concat(Wire.MAGIC, Wire.hello("test", "slow", 1, 7, 0), new byte[1_000]);
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.trickle(slow, 20);
    }
    awaitClosed(CloseReason.HANDSHAKE_TIMEOUT, 1);
  }

  @Test
  void item_2_one_byte_at_a_time_ends_at_the_deadline_of_the_frame() throws IOException {
    try (RawPeer peer = RawPeer.established(address(), "slow")) {
      peer.trickle(Wire.message(0, new byte[50_000]), 20);
    }
    awaitClosed(CloseReason.FRAME_TIMEOUT, 1);
  }

  @Test
  void item_3_connections_over_the_limit_are_closed_and_descriptors_recover() throws IOException {
    restart(
        options()
            .withLimits(limits().withMaxConnections(50, 50))
            .withTimeouts(timeouts().withHandshake(Duration.ofSeconds(20))));
    assertGoodPeerServed();
    long before = openDescriptors();
    // Ten thousand, or as many as this process may have open at both ends.
    int count = (int) Math.min(10_000, (maxDescriptors() - before) / 2 - 500);
    List<Socket> flood = new ArrayList<>();

    for (int i = 0; i < count; i++) {
      Socket socket = new Socket();
      flood.add(socket);
      socket.connect(new InetSocketAddress("127.0.0.1", address().port()), 20_000);
    }

    await(() -> metrics.value("transport_connections_refused_total") >= count - 50);
    assertGoodPeerServed();
    for (Socket socket : flood) {
      socket.close();
    }
    await(() -> openDescriptors() < before + 50);
    assertThat(count).isGreaterThan(100);
  }

  @Test
  void item_4_other_protocols_are_closed_on_their_first_bytes_without_an_answer()
      throws IOException {
    byte[] clientHello = {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, (byte) 0xfc, 0x03, 0x03};
    for (byte[] greeting :
        new byte[][] {
          bytes("GET / HTTP/1.1\r\n\r\n"),
          clientHello,
          bytes("SSH-2.0-x\r\n"),
          {'Q', 'U', 'O', 'R', 'A', 'T', 'E', 2}
        }) {
      try (RawPeer peer = RawPeer.connect(address())) {
        peer.send(greeting);
        assertThat(peer.readToEnd()).isZero();
      }
    }
    awaitClosed(CloseReason.BAD_MAGIC, 4);
  }

  @Test
  void item_5_lengths_that_cannot_be_close_the_connection() throws IOException {
    int[] tooLong = {-1, Integer.MAX_VALUE, Integer.MIN_VALUE, MAX_PAYLOAD + 20};
    for (int length : tooLong) {
      try (RawPeer peer = RawPeer.established(address(), "x")) {
        peer.send(ByteBuffer.allocate(8).putInt(0).putInt(length).array());
        peer.readToEnd();
      }
    }
    awaitClosed(CloseReason.FRAME_TOO_LONG, tooLong.length);
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      peer.send(new byte[8]);
      peer.readToEnd();
    }
    awaitClosed(CloseReason.MALFORMED_FRAME, 1);
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, ByteBuffer.allocate(8).putInt(0).putInt(MAX_PAYLOAD).array());
      peer.readToEnd();
    }
    awaitClosed(CloseReason.FRAME_TOO_LONG, tooLong.length + 1);
  }

  @Test
  void item_6_a_frame_cut_short_by_fin_rst_or_silence_is_given_up() throws IOException {
    byte[] whole = Wire.message(0, new byte[50_000]);
    byte[] part = java.util.Arrays.copyOf(whole, 30_000);
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      peer.send(part);
      peer.shutdownOutput();
      peer.readToEnd();
    }
    awaitClosed(CloseReason.TRUNCATED_FRAME, 1);
    RawPeer resetting = RawPeer.established(address(), "x");
    resetting.send(Wire.request(1, 0, 1_000_000_000_000L, bytes("echo:")), part);
    resetting.read(Frame.RESPONSE);
    resetting.reset();
    awaitClosed(CloseReason.TRUNCATED_FRAME, 2);
    try (RawPeer silent = RawPeer.established(address(), "x")) {
      silent.send(part);
      silent.readToEnd();
    }
    awaitClosed(CloseReason.FRAME_TIMEOUT, 1);
  }

  @Test
  void item_7_a_conversation_byte_by_byte_or_in_one_segment_is_the_same() throws IOException {
    byte[] requests = {};
    for (int i = 1; i <= 1_000; i++) {
      requests = Wire.concat(requests, Wire.request(i, 0, 1_000_000_000_000L, bytes("echo:" + i)));
    }
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      peer.send(requests);
      for (int i = 1; i <= 1_000; i++) {
        assertAnswer(peer.read(Frame.RESPONSE), i);
      }
    }
    try (RawPeer peer = RawPeer.connect(address())) {
      for (byte b : Wire.concat(Wire.MAGIC, Wire.hello("test", "y", 1, 7, 0))) {
        peer.send(new byte[] {b});
      }
      long nonce = peer.readHelloNonce();
      for (byte b :
          Wire.concat(
              Wire.ready(nonce),
              Wire.service(0, "svc"),
              Wire.request(1, 0, 1_000_000_000_000L, bytes("echo:1")))) {
        peer.send(new byte[] {b});
      }
      assertAnswer(peer.read(Frame.RESPONSE), 1);
    }
  }

  @Test
  void items_8_to_10_a_hello_with_wrong_lengths_varints_or_text_is_refused() throws IOException {
    byte[][] names = {
      {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f},
      {(byte) 0x84, 0x00, 't', 'e', 's', 't'},
      {65},
      {2, (byte) 0xc3, 0x28},
      {3, (byte) 0xed, (byte) 0xa0, (byte) 0x80},
    };
    for (byte[] name : names) {
      try (RawPeer peer = RawPeer.connect(address())) {
        byte[] start = {1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0};
        peer.send(Wire.MAGIC, Wire.frame(Wire.concat(start, name)));
        assertThat(peer.readToEnd()).isZero();
      }
    }
    awaitClosed(CloseReason.MALFORMED_FRAME, names.length);
  }

  @Test
  void item_11_unknown_kinds_are_answered_or_ignored_and_the_connection_goes_on()
      throws IOException {
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      peer.send(Wire.plain(0x7f, bytes("?")), Wire.about(0xc5, 41, bytes("?")));

      RawPeer.Frame refusal = peer.read(Frame.REFUSAL);
      assertThat(refusal.id()).isEqualTo(41);
      assertThat(refusal.text(8)).contains("unknown");
      peer.send(Wire.request(42, 0, 1_000_000_000_000L, bytes("echo:42")));
      assertAnswer(peer.read(Frame.RESPONSE), 42);
    }
    assertThat(metrics.value("transport_unknown_frames_total")).isEqualTo(2);
  }

  @Test
  void item_11_another_protocol_version_is_refused_with_a_reason() throws IOException {
    for (int[] versions : new int[][] {{2, 9}, {0, 0}}) {
      assertRefusedHello(
          Wire.hello(versions[0], versions[1], 0, "test", "x", 1, 1 << 20, 7, 0), "version");
    }
  }

  @Test
  void item_11_a_later_version_that_still_speaks_ours_and_unknown_features_are_welcome()
      throws IOException {
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, Wire.hello(1, 7, -1, "test", "x", 1, 1 << 20, 7, 0));
      peer.send(Wire.ready(peer.readHelloNonce()), Wire.service(0, "svc"));
      peer.send(Wire.request(1, 0, 1_000_000_000_000L, bytes("echo:1")));
      assertAnswer(peer.read(Frame.RESPONSE), 1);
    }
  }

  @Test
  void item_12_a_wrong_checksum_drops_the_frame_and_the_connection() throws IOException {
    byte[] frame = Wire.message(0, bytes("wrong"));
    frame[frame.length - 1] ^= 1;
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      peer.send(frame);
      peer.readToEnd();
    }
    awaitClosed(CloseReason.BAD_CHECKSUM, 1);
    assertThat(recorder.messages()).isEmpty();
  }

  @Test
  void item_13_answers_to_nothing_are_ignored_and_complete_no_other_call() throws Exception {
    try (ServerSocket server = RawPeer.listen()) {
      Endpoint endpoint = node.transport().open("asks", node.eventLoop("asks"), Handler.NONE);
      NodeId raw = NodeId.of("raw");
      node.transport().setPeer(raw, new Address("127.0.0.1", server.getLocalPort()));
      CompletableFuture<byte[]> first = endpoint.request(raw, bytes("1"), LONG);
      CompletableFuture<byte[]> second = endpoint.request(raw, bytes("2"), LONG);
      try (RawPeer peer = RawPeer.accept(server, "raw")) {
        long one = peer.read(Frame.REQUEST).id();
        long two = peer.read(Frame.REQUEST).id();
        peer.send(Wire.about(Frame.RESPONSE, 999, bytes("nobody asked")));
        peer.send(Wire.about(Frame.RESPONSE, one, bytes("one")));
        peer.send(Wire.about(Frame.RESPONSE, one, bytes("again")));
        peer.send(Wire.about(Frame.FAILURE, -1, bytes("nobody asked")));
        peer.send(Wire.about(Frame.RESPONSE, two, bytes("two")));

        assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(bytes("one"));
        assertThat(second.get(20, TimeUnit.SECONDS)).isEqualTo(bytes("two"));
      }
      await(() -> metrics.value("transport_stray_answers_total") == 3);
    }
  }

  @Test
  void item_13_a_request_id_seen_before_is_ignored() throws IOException {
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      byte[] request = Wire.request(5, 0, 1_000_000_000_000L, bytes("echo:5"));
      peer.send(request, request, Wire.request(4, 0, 1_000_000_000_000L, bytes("echo:4")));
      peer.send(Wire.request(6, 0, 1_000_000_000_000L, bytes("echo:6")));

      assertAnswer(peer.read(Frame.RESPONSE), 5);
      assertAnswer(peer.read(Frame.RESPONSE), 6);
    }
    assertThat(metrics.value("transport_duplicate_requests_total")).isEqualTo(2);
    assertThat(recorder.requestsFrom(NodeId.of("x"))).isEqualTo(2);
  }

  @Test
  void item_14_a_request_before_the_handshake_closes() throws IOException {
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, Wire.request(1, 0, 1_000, bytes("echo:")));
      assertThat(peer.readToEnd()).isZero();
    }
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, Wire.hello("test", "x", 1, 7, 0), Wire.message(0, bytes("early")));
      peer.readToEnd();
    }
    awaitClosed(CloseReason.UNEXPECTED_FRAME, 2);
    assertThat(recorder.requestsFrom(NodeId.of("x"))).isZero();
  }

  @Test
  void item_14_a_second_handshake_and_frames_of_the_other_side_close() throws IOException {
    byte[][] wrong = {
      Wire.hello("test", "x", 1, 7, 0), Wire.ready(7), Wire.about(Frame.GOODBYE, 0, new byte[0])
    };
    for (byte[] frame : wrong) {
      try (RawPeer peer = RawPeer.established(address(), "x")) {
        peer.send(frame);
        peer.readToEnd();
      }
    }
    awaitClosed(CloseReason.UNEXPECTED_FRAME, wrong.length);
  }

  @Test
  void item_14_a_recorded_handshake_cannot_be_played_again() throws IOException {
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, Wire.hello("test", "x", 1, 7, 0), Wire.ready(12_345));
      peer.readToEnd();
    }
    awaitClosed(CloseReason.MALFORMED_FRAME, 1);
  }

  @Test
  void item_14_the_own_node_id_and_a_foreign_cluster_are_refused() throws IOException {
    assertRefusedHello(Wire.hello("test", "a", 1, 7, 0), "own");
    assertRefusedHello(Wire.hello("other", "x", 1, 7, 0), "cluster");
  }

  @Test
  void item_14_an_older_incarnation_is_refused_while_a_newer_is_connected() throws IOException {
    try (RawPeer newer = RawPeer.connect(address())) {
      newer.send(Wire.MAGIC, Wire.hello("test", "x", 9, 7, 0));
      newer.send(Wire.ready(newer.readHelloNonce()), Wire.service(0, "svc"));

      assertRefusedHello(Wire.hello("test", "x", 8, 7, 0), "incarnation");

      newer.send(Wire.request(1, 0, 1_000_000_000_000L, bytes("echo:1")));
      assertAnswer(newer.read(Frame.RESPONSE), 1);
    }
  }

  @Test
  void item_14_a_newer_connection_of_a_peer_takes_the_place_of_the_older() throws IOException {
    try (RawPeer older = RawPeer.established(address(), "x");
        RawPeer newer = RawPeer.established(address(), "x")) {
      newer.send(Wire.request(1, 0, 1_000_000_000_000L, bytes("echo:1")));
      assertAnswer(newer.read(Frame.RESPONSE), 1);
      older.readToEnd();
    }
    awaitClosed(CloseReason.REPLACED, 1);
  }

  @Test
  void item_18_services_whose_names_have_one_hash_code_are_found() throws IOException {
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      int count = Services.MAX_SERVICES - 1;
      for (int i = 1; i <= count; i++) {
        peer.send(Wire.service(i, colliding(i)));
      }
      peer.send(Wire.request(1, count, 1_000_000_000_000L, bytes("echo:")));
      assertThat(peer.read(Frame.REFUSAL).text(8)).contains(colliding(count));
      peer.send(Wire.service(count + 1, "one-too-many"));
      peer.readToEnd();
    }
    awaitClosed(CloseReason.MALFORMED_FRAME, 1);
  }

  @Test
  void item_19_a_peer_that_sends_and_never_reads_is_not_read_from_either() throws IOException {
    restart(options().withLimits(limits().withWaterMarkBytes(1 << 20, 1 << 19)));
    byte[] answered = bytes("echo:" + "x".repeat(90_000));
    try (RawPeer shaking = RawPeer.established(address(), "greedy")) {
      shaking.send(Wire.request(1, 0, 1_000_000_000_000L, answered));
      shaking.read(Frame.RESPONSE);
    }
    SocketChannel channel =
        SocketChannel.open(new InetSocketAddress("127.0.0.1", address().port()));
    RawPeer peer = new RawPeer(channel.socket());
    peer.send(Wire.MAGIC, Wire.hello("test", "greedy", 1, 7, 0));
    peer.send(Wire.ready(peer.readHelloNonce()), Wire.service(0, "svc"));
    channel.configureBlocking(false);

    long taken = 0;
    long id = 0;
    ByteBuffer out = ByteBuffer.allocate(0);
    int stuck = 0;
    while (stuck < 100) {
      if (!out.hasRemaining()) {
        out = ByteBuffer.wrap(Wire.request(++id, 0, 1_000_000_000_000L, answered));
      }
      int written = channel.write(out);
      taken += written;
      stuck = written > 0 ? 0 : stuck + 1;
      if (written == 0) {
        assertGoodPeerServed();
      }
      assertThat(taken).as("bytes taken from a peer that does not read").isLessThan(100 << 20);
    }
    channel.close();
  }

  @Test
  void item_20_a_flood_of_cheap_frames_makes_the_node_read_slower() throws IOException {
    byte[] pings = {};
    for (int i = 0; i < 1_000; i++) {
      pings = Wire.concat(pings, Wire.plain(Frame.PING), Wire.about(Frame.CANCEL, i, new byte[0]));
    }
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      for (int i = 0; i < 3; i++) {
        peer.send(pings);
        assertGoodPeerServed();
      }
      for (int i = 0; i < 3_000; i++) {
        peer.read(Frame.PONG);
      }
    }
    assertThat(metrics.value("transport_floods_total")).isPositive();
  }

  @Test
  void item_22_a_reset_of_a_half_closed_connection_is_an_end_like_another() throws IOException {
    RawPeer peer = RawPeer.established(address(), "x");
    peer.send(Wire.request(1, 0, 1_000_000_000_000L, bytes("ignore:")));
    await(() -> recorder.requestsFrom(NodeId.of("x")) == 1);
    peer.shutdownOutput();
    peer.reset();

    await(
        () ->
            closed(CloseReason.CLOSED_BY_PEER) + closed(CloseReason.IO_FAILED) == 1
                && recorder.held(0).isCancelled());
  }

  @Test
  void item_23_whatever_a_handler_throws_the_loop_survives() throws Exception {
    node.transport()
        .open(
            "bad",
            node.eventLoop("bad"),
            new Handler() {
              @Override
              public void onRequest(Request request) {
                throw new StackOverflowError("thrown by the test");
              }

              @Override
              public void onMessage(NodeId from, byte[] payload) {
                throw new LinkageError("thrown by the test");
              }
            });
    Endpoint bad = good.transport().open("bad", good.eventLoop("bad"), Handler.NONE);

    bad.send(A, bytes("x"));
    CompletableFuture<byte[]> failing = bad.request(A, bytes("x"), LONG);

    assertThatThrownBy(() -> failing.get(20, TimeUnit.SECONDS))
        .hasMessageContaining("StackOverflowError");
  }

  @Test
  void item_24_a_blocked_loop_is_reported_and_others_go_on() throws Exception {
    good.close();
    node.close();
    start(options(), 2);
    node.eventLoop("svc");
    CountDownLatch release = new CountDownLatch(1);
    node.eventLoop("blocked").execute(() -> awaitQuietly(release));

    await(() -> metrics.value("event_loop_stalls_total") == 1);

    CompletableFuture<Boolean> other = new CompletableFuture<>();
    node.eventLoop("svc").execute(() -> other.complete(true));
    assertThat(other.get(20, TimeUnit.SECONDS)).isTrue();
    release.countDown();
  }

  @Test
  void item_27_a_node_name_from_outside_must_be_a_name() throws IOException {
    String[] names = {"../x", "x%00", "x\ny", "x\u0000", "", "-x", "n".repeat(64) + "!"};
    for (String name : names) {
      try (RawPeer peer = RawPeer.connect(address())) {
        peer.send(Wire.MAGIC, Wire.hello("test", name, 1, 7, 0));
        assertThat(peer.readToEnd()).isZero();
      }
    }
    awaitClosed(CloseReason.MALFORMED_FRAME, names.length);
  }

  @Test
  void item_28_a_host_that_cannot_be_resolved_is_refused_as_such() {
    NodeId lost = NodeId.of("lost");
    node.transport().setPeer(lost, new Address("no-such-host.invalid", 1));
    Endpoint endpoint = node.transport().open("asks", node.eventLoop("asks"), Handler.NONE);

    assertThatThrownBy(() -> endpoint.request(lost, bytes("x"), LONG).get(30, TimeUnit.SECONDS))
        .hasMessageContaining("resolved");
  }

  @Test
  void a_half_open_peer_is_found_out_by_its_silence() throws IOException {
    restart(options().withTimeouts(timeouts().withIdle(Duration.ofMillis(300))));
    try (RawPeer peer = RawPeer.established(address(), "x")) {
      // Pings come, and are never answered.
      peer.readToEnd();
    }
    awaitClosed(CloseReason.IDLE, 1);
  }

  private void start(TransportOptions options) {
    start(options, 1);
  }

  private void start(TransportOptions options, int loops) {
    node =
        Environment.real(
            EnvironmentOptions.of(A, "test")
                .withTransport(options)
                .withLoops(loops)
                .withMetrics(metrics));
    node.transport().open("svc", node.eventLoop("svc"), recorder);
    good = Environment.real(EnvironmentOptions.of(GOOD, "test"));
    good.transport().setPeer(A, address());
    goodEndpoint = good.transport().open("svc", good.eventLoop("svc"), Handler.NONE);
    assertGoodPeerServed();
  }

  private void restart(TransportOptions options) {
    good.close();
    node.close();
    start(options);
  }

  private Address address() {
    return node.transport().address();
  }

  private void assertGoodPeerServed() {
    try {
      assertThat(goodEndpoint.request(A, bytes("good:"), LONG).get(30, TimeUnit.SECONDS))
          .isEqualTo(bytes("good:"));
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("good peer is not served", e);
    }
  }

  private void assertRefusedHello(byte[] hello, String reason) throws IOException {
    long before = closed(CloseReason.HANDSHAKE_REFUSED);
    try (RawPeer peer = RawPeer.connect(address())) {
      peer.send(Wire.MAGIC, hello);
      assertThat(peer.socket().getInputStream().readNBytes(8)).isEqualTo(Wire.MAGIC);
      RawPeer.Frame refused = peer.read(Frame.REFUSED);
      assertThat(refused.text(0)).contains(reason);
      assertThat(peer.readToEnd()).isZero();
    }
    awaitClosed(CloseReason.HANDSHAKE_REFUSED, before + 1);
  }

  private static void assertAnswer(RawPeer.Frame response, int number) {
    assertThat(response.id()).isEqualTo(number);
    assertThat(response.text(8)).isEqualTo("echo:" + number);
  }

  private long closed(CloseReason reason) {
    return metrics.value("transport_connections_closed_total", "reason", reason.label());
  }

  private void awaitClosed(CloseReason reason, long count) {
    await(() -> closed(reason) == count);
  }

  /** Lets the node's loop work until {@code condition} holds. */
  private void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - end > 0) {
        throw new AssertionError("did not happen; metrics: " + metrics.readings());
      }
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
    }
  }

  private static TransportLimits limits() {
    return TransportLimits.defaults().withMaxPayloadBytes(MAX_PAYLOAD);
  }

  private static TransportTimeouts timeouts() {
    return TransportTimeouts.defaults()
        .withHandshake(Duration.ofMillis(400))
        .withFrameProgress(Duration.ofMillis(400));
  }

  private static TransportOptions options() {
    return TransportOptions.defaults().withLimits(limits()).withTimeouts(timeouts());
  }

  /** A different name for each number, all with the same hash code. */
  private static String colliding(int number) {
    StringBuilder name = new StringBuilder("s");
    for (int bit = 0; bit < 12; bit++) {
      name.append((number >> bit & 1) == 0 ? "Aa" : "BB");
    }
    return name.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long openDescriptors() {
    return unix().getOpenFileDescriptorCount();
  }

  private static long maxDescriptors() {
    return unix().getMaxFileDescriptorCount();
  }

  private static UnixOperatingSystemMXBean unix() {
    return (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  }
}
