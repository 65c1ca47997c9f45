package io.quorate.examples.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.gson.JsonObject;
import io.quorate.examples.node.HttpConnection.Reply;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the HTTP interface of the node program promises, asked of three real processes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeHttpContractTest {
  private static final int MIB = 1 << 20;
  private static final List<String> STORES = NodeCluster.STORES;

  private NodeCluster cluster;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    cluster = NodeCluster.started(directory, 3);
  }

  @AfterAll
  void stop() throws Exception {
    cluster.close();
  }

  @ParameterizedTest
  @MethodSource("oddKeys")
  void a_key_is_any_utf8_after_decoding(String store, String encoded, String same)
      throws Exception {
    try (HttpConnection connection = connect(1)) {
      Reply put = connection.send("PUT", "/" + store + "/" + encoded, encoded);
      Reply get = connection.send("GET", "/" + store + "/" + same, "");

      assertThat(put.status()).isIn(200, 204);
      assertThat(get.status()).isEqualTo(200);
      assertThat(get.text()).isEqualTo(encoded);
      assertThat(get.tag()).isEqualTo(put.tag()).matches("\"[^\"]+\"");
    }
  }

  static Stream<Arguments> oddKeys() {
    List<List<String>> keys =
        List.of(
            List.of("a%2Fb", "a%2fb"),
            List.of("%25", "%25"),
            List.of("%2525", "%2525"),
            List.of("a%20b", "a%20b"),
            List.of("%00", "%00"),
            List.of("%0D%0A", "%0d%0a"),
            List.of("a+b", "a%2Bb"),
            List.of(".", "%2E"),
            List.of("..", "%2e%2e"),
            List.of("%E2%82%AC", "%e2%82%ac"),
            List.of("%F0%9F%98%80", "%f0%9f%98%80"),
            List.of("%EF%BF%BE", "%ef%bf%be"),
            List.of("~!$&'()*,;=:@-_", "%7E%21%24%26%27%28%29%2A%2C%3B%3D%3A%40%2D%5F"),
            List.of("%3Fa%3Db%23", "%3fa%3db%23"),
            List.of("x".repeat(1_024), "%78".repeat(1_024)),
            List.of("%C3%A9".repeat(512), "%c3%a9".repeat(512)));
    return STORES.stream()
        .flatMap(store -> keys.stream().map(key -> arguments(store, key.get(0), key.get(1))));
  }

  @ParameterizedTest
  @FieldSource("STORES")
  void keys_that_look_alike_are_different_keys(String store) throws Exception {
    List<String> keys = List.of("q+r", "q%20r", "q%2520r", "Q%20r", "q%20r%00", "q", "q%2F", "q.");
    try (HttpConnection connection = connect(1)) {
      for (String key : keys) {
        assertThat(connection.send("PUT", "/" + store + "/" + key, key).status()).isEqualTo(204);
      }
      for (String key : keys) {
        assertThat(connection.send("GET", "/" + store + "/" + key, "").text()).isEqualTo(key);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', 400",
    "%, 400",
    "%4, 400",
    "a%, 400",
    "%zz, 400",
    "%4g, 400",
    "%u0041, 400",
    "%-1, 400",
    "%+1, 400",
    "%FF, 400",
    "%C0%80, 400",
    "%ED%A0%80, 400",
    "%C3, 400",
    "%F4%90%80%80, 400",
    "\u00e9, 400",
    "a/b, 400",
    "a/, 400",
    "/, 400",
    "k?consistency=bogus, 400",
    "k?consistency=, 400",
    "k?consistency=%zz, 400",
    "k?consistency=QUORUM, 400"
  })
  void a_bad_key_or_query_is_400_for_every_method_and_store(String rest, int status)
      throws Exception {
    for (String store : STORES) {
      for (String method : List.of("GET", "PUT", "DELETE")) {
        try (HttpConnection connection = connect(2)) {
          Reply reply = connection.send(method, "/" + store + "/" + rest, "v");

          assertThat(reply.status()).as(method + " /" + store + "/" + rest).isEqualTo(status);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"%78", "x", "%C3%A9", "%F0%9F%98%80"})
  void a_key_over_1024_bytes_is_414_with_no_effect(String unit) throws Exception {
    int unitBytes = Math.max(1, unit.startsWith("%") ? unit.length() / 3 : 1);
    String key = unit.repeat(1_024 / unitBytes + 1);
    try (HttpConnection connection = connect(1)) {
      for (String store : STORES) {
        for (String method : List.of("GET", "PUT", "DELETE")) {
          assertThat(connection.send(method, "/" + store + "/" + key, "v").status())
              .isEqualTo(414);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {10_000, 100_000, 300_000})
  void an_endless_key_is_414(int length) throws Exception {
    try (HttpConnection connection = connect(1)) {
      assertThat(connection.send("GET", "/strong/" + "k".repeat(length), "").status())
          .isEqualTo(414);
    }
  }

  @ParameterizedTest
  @FieldSource("STORES")
  void a_value_is_any_bytes_of_at_most_1_mib_announced_or_chunked(String store) throws Exception {
    byte[] whole = new byte[MIB];
    new Random(7).nextBytes(whole);
    try (HttpConnection connection = connect(1)) {
      for (int size : new int[] {0, 1, 255, 65_536, MIB - 1, MIB}) {
        byte[] value = Arrays.copyOf(whole, size);
        String path = "/" + store + "/value-" + size;

        Reply put = connection.send("PUT", path, value);
        assertThat(put.status()).isEqualTo(204);
        Reply get = connection.send("GET", path, "");
        assertThat(get.status()).isEqualTo(200);
        assertThat(get.body()).isEqualTo(value);
        assertThat(get.tag()).isEqualTo(put.tag());

        Reply chunked = connection.sendChunked("PUT", path + "-c", value, 7_919);
        assertThat(chunked.status()).isEqualTo(204);
        get = connection.send("GET", path + "-c", "");
        assertThat(get.body()).isEqualTo(value);
        assertThat(get.tag()).isEqualTo(chunked.tag()).isNotEqualTo("none");
      }
    }
  }

  @ParameterizedTest
  @FieldSource("STORES")
  void a_larger_value_is_413_with_no_effect_and_the_connection_lives(String store)
      throws Exception {
    byte[] large = new byte[MIB + 1];
    String path = "/" + store + "/too-large";
    try (HttpConnection connection = connect(1)) {
      assertThat(connection.send("PUT", path, large).status()).isEqualTo(413);
      assertThat(connection.sendChunked("PUT", path, large, 65_536).status()).isEqualTo(413);
      assertThat(connection.send("PUT", path, new byte[5 * MIB]).status()).isEqualTo(413);
      assertThat(connection.send("GET", path, "").status()).isEqualTo(404);
    }
  }

  @Test
  void a_connection_goes_on_after_every_kind_of_error() throws Exception {
    byte[] body = new byte[MIB];
    try (HttpConnection connection = connect(1)) {
      for (int round = 0; round < 3; round++) {
        assertThat(connection.send("PUT", "/strong/%zz", body).status()).isEqualTo(400);
        assertThat(connection.send("PUT", "/strong/", body).status()).isEqualTo(400);
        assertThat(connection.send("PUT", "/strong/" + "k".repeat(1_025), body).status())
            .isEqualTo(414);
        assertThat(connection.send("POST", "/strong/k", body).status()).isEqualTo(405);
        assertThat(connection.send("PUT", "/status", body).status()).isEqualTo(405);
        assertThat(connection.send("PUT", "/nowhere", body).status()).isEqualTo(404);
        assertThat(connection.send("PUT", "/strong/absent", body, "If-Match", "\"7\"").status())
            .isEqualTo(412);
        assertThat(connection.send("PUT", "/strong/absent", body, "If-Match", "7").status())
            .isEqualTo(400);
        assertThat(connection.send("GET", "/strong/absent", body).status()).isEqualTo(404);
        assertThat(connection.send("DELETE", "/strong/absent", body).status()).isEqualTo(404);
        assertThat(connection.send("GET", "/status", "").status()).isEqualTo(200);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PATCH", "OPTIONS", "HEAD", "TRACE", "FOO", "get"})
  void another_method_is_405_that_names_the_allowed_ones(String method) throws Exception {
    try (HttpConnection connection = connect(1)) {
      for (String store : STORES) {
        Reply reply = connection.send(method, "/" + store + "/k405", "");
        assertThat(reply.status()).isEqualTo(405);
        assertThat(reply.headers().get("allow")).contains("GET", "PUT", "DELETE");
        assertThat(connection.send("GET", "/" + store + "/k405", "").status()).isEqualTo(404);
      }
      assertThat(connection.send(method, "/status", "").status()).isEqualTo(405);
      assertThat(connection.send(method, "/metrics", "").status()).isEqualTo(405);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/nothing", "/status/", "/statusx", "/status/x", "/metricsx",
      "/strongx/k"})
  void another_page_is_404(String path) throws Exception {
    try (HttpConnection connection = connect(1)) {
      assertThat(connection.send("GET", path, "").status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @FieldSource("STORES")
  void a_delete_has_a_tag_and_of_an_absent_key_is_404_again_and_again(String store)
      throws Exception {
    String path = "/" + store + "/deleted";
    Set<String> tags = new HashSet<>();
    try (HttpConnection connection = connect(1)) {
      assertThat(connection.send("DELETE", path, "").status()).isEqualTo(404);
      for (int round = 0; round < 5; round++) {
        tags.add(connection.send("PUT", path, "same").tag());
        tags.add(connection.send("PUT", path, "same").tag());
        Reply delete = connection.send("DELETE", path, "");
        assertThat(delete.status()).isIn(200, 204);
        tags.add(delete.tag());
        assertThat(connection.send("GET", path, "").status()).isEqualTo(404);
        Reply absent = connection.send("DELETE", path, "");
        assertThat(absent.status()).isEqualTo(404);
        assertThat(absent.tag()).isEqualTo("none");
      }
    }
    assertThat(tags).hasSize(15).doesNotContain("none");
  }

  @Test
  void a_condition_on_an_absent_or_deleted_key_is_412_without_effect() throws Exception {
    try (HttpConnection connection = connect(2)) {
      String path = "/strong/conditional";
      assertThat(connection.send("PUT", path, "v", "If-Match", "\"1\"").status()).isEqualTo(412);
      assertThat(connection.send("DELETE", path, "", "If-Match", "\"1\"").status())
          .isEqualTo(412);
      assertThat(connection.send("GET", path, "").status()).isEqualTo(404);

      Reply first = connection.send("PUT", path, "1", "If-None-Match", "*");
      assertThat(first.status()).isEqualTo(204);
      assertThat(connection.send("PUT", path, "x", "If-None-Match", "*").status()).isEqualTo(412);
      Reply second = connection.send("PUT", path, "2", "If-Match", first.tag());
      assertThat(second.status()).isEqualTo(204);
      assertThat(connection.send("PUT", path, "x", "If-Match", first.tag()).status())
          .isEqualTo(412);
      assertThat(connection.send("DELETE", path, "", "If-Match", first.tag()).status())
          .isEqualTo(412);
      assertThat(connection.send("GET", path, "").text()).isEqualTo("2");
      Reply delete = connection.send("DELETE", path, "", "If-Match", second.tag());
      assertThat(delete.status()).isEqualTo(204);
      assertThat(delete.tag()).isNotIn("none", first.tag(), second.tag());

      for (String tag : List.of(first.tag(), second.tag(), delete.tag())) {
        assertThat(connection.send("PUT", path, "x", "If-Match", tag).status()).isEqualTo(412);
      }
      assertThat(connection.send("PUT", path, "3", "If-None-Match", "*").tag())
          .isNotIn("none", first.tag(), second.tag(), delete.tag());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "\"\"", "\"1", "1\"", "'1'", "W/\"1\"", "\"1\", \"2\"", ""})
  void a_malformed_condition_is_400_without_effect(String tag) throws Exception {
    try (HttpConnection connection = connect(1)) {
      String path = "/strong/malformed";
      assertThat(connection.send("PUT", path, "v", "If-Match", tag).status()).isEqualTo(400);
      assertThat(connection.send("DELETE", path, "", "If-Match", tag).status()).isEqualTo(400);
      assertThat(connection.send("PUT", path, "v", "If-None-Match", tag).status())
          .isEqualTo(400);
      assertThat(connection.send("GET", path, "").status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "01", "+1", "99999999999999999999", "abc", "1 ", "\u00e9"})
  void a_well_formed_tag_that_was_never_given_is_412(String version) throws Exception {
    try (HttpConnection connection = connect(1)) {
      connection.send("PUT", "/strong/never", "v");
      Reply reply = connection.send("PUT", "/strong/never", "x", "If-Match", '"' + version + '"');
      assertThat(reply.status()).isEqualTo(412);
      assertThat(connection.send("GET", "/strong/never", "").text()).isEqualTo("v");
    }
  }

  @Test
  void any_node_answers_any_request_with_one_tag() throws Exception {
    for (String level : List.of("/strong/any", "/quorum/any?consistency=linearizable",
        "/quorum/any-q", "/quorum/any-q?consistency=quorum")) {
      for (int writer = 1; writer <= 3; writer++) {
        Reply put = sendOnce(writer, "PUT", level, "by " + writer);
        assertThat(put.status()).isEqualTo(204);
        for (int reader = 1; reader <= 3; reader++) {
          Reply get = sendOnce(reader, "GET", level, "");
          assertThat(get.text()).isEqualTo("by " + writer);
          assertThat(get.tag()).isEqualTo(put.tag());
        }
      }
    }
    assertThat(sendOnce(2, "PUT", "/quorum/one?consistency=one", "v").status()).isEqualTo(204);
    assertThat(sendOnce(3, "GET", "/quorum/one?consistency=one", "").status()).isIn(200, 404);
    assertThat(sendOnce(3, "DELETE", "/quorum/one?consistency=one", "").status())
        .isIn(200, 204, 404);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/strong/k?consistency=stale", "/strong/k", "/eventual/k", "/quorum/k",
      "/quorum/k?consistency=one", "/quorum/k?consistency=linearizable"})
  void an_absent_key_is_404_at_every_consistency(String path) throws Exception {
    assertThat(sendOnce(1, "GET", path, "").status()).isEqualTo(404);
  }

  @Test
  void a_body_that_ends_before_its_announced_length_has_no_effect() throws Exception {
    for (String store : STORES) {
      String path = "/" + store + "/truncated";
      try (HttpConnection connection = connect(1)) {
        connection.write(
            HttpConnection.head("PUT", path, "Content-Length", "10") + "\r\n12345");
        connection.endOutput();
        assertThat(connection.isEndedOr(400)).isTrue();
      }
      try (HttpConnection connection = connect(1)) {
        connection.write(
            HttpConnection.head("PUT", path, "Transfer-Encoding", "chunked")
                + "\r\n5\r\n12345\r\n");
        connection.endOutput();
        assertThat(connection.isEndedOr(400)).isTrue();
      }
      assertThat(sendOnce(1, "GET", path, "").status()).isEqualTo(404);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"zz\r\n12345\r\n0\r\n\r\n", "-5\r\n12345\r\n0\r\n\r\n",
      "5\r\n1234567\r\n0\r\n\r\n", "ffffffffffffffff\r\n1\r\n"})
  void a_malformed_chunk_is_400_or_an_ended_connection_without_effect(String body)
      throws Exception {
    String path = "/eventual/malformed-chunk";
    try (HttpConnection connection = connect(1)) {
      connection.write(
          HttpConnection.head("PUT", path, "Transfer-Encoding", "chunked") + "\r\n" + body);
      connection.endOutput();
      assertThat(connection.isEndedOr(400)).isTrue();
    }
    assertThat(sendOnce(1, "GET", path, "").status()).isEqualTo(404);
  }

  @Test
  void chunks_may_have_extensions_and_trailers_and_hex_of_either_case() throws Exception {
    try (HttpConnection connection = connect(1)) {
      connection.write(
          HttpConnection.head("PUT", "/strong/chunks", "Transfer-Encoding", "chunked")
              + "\r\nA;x=y\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\nTrailer: t\r\n\r\n");
      assertThat(connection.read(false).status()).isEqualTo(204);
      assertThat(connection.send("GET", "/strong/chunks", "").text())
          .isEqualTo("0123456789abcdefghij");
    }
  }

  @Test
  void a_client_that_asks_first_is_told_to_go_on() throws Exception {
    try (HttpConnection connection = connect(1)) {
      connection.write(
          HttpConnection.head(
                  "PUT", "/strong/asked", "Expect", "100-continue", "Content-Length", "3")
              + "\r\n");
      connection.write("abc");
      assertThat(connection.read(false).status()).isEqualTo(204);
      assertThat(connection.send("GET", "/strong/asked", "").text()).isEqualTo("abc");
    }
  }

  @Test
  void requests_written_at_once_are_answered_in_their_order() throws Exception {
    try (HttpConnection connection = connect(1)) {
      for (int i = 0; i < 20; i++) {
        connection.writeRequest("PUT", "/eventual/pipelined", ("" + i).getBytes(
            StandardCharsets.US_ASCII));
        connection.writeRequest("GET", "/eventual/pipelined", new byte[0]);
      }
      for (int i = 0; i < 20; i++) {
        assertThat(connection.read(false).status()).isEqualTo(204);
        assertThat(connection.read(false).text()).isEqualTo("" + i);
      }
    }
  }

  @Test
  void a_request_that_arrives_byte_by_byte_is_answered() throws Exception {
    try (HttpConnection connection = connect(1)) {
      String request = HttpConnection.head("PUT", "/strong/slow", "Content-Length", "2") + "\r\nok";
      for (byte b : request.getBytes(StandardCharsets.US_ASCII)) {
        connection.write(new byte[] {b});
      }
      assertThat(connection.read(false).status()).isEqualTo(204);
    }
  }

  @Test
  void clients_that_send_half_a_request_do_not_keep_others_from_being_answered()
      throws Exception {
    HttpConnection[] slow = new HttpConnection[600];
    try {
      for (int i = 0; i < slow.length; i++) {
        slow[i] = connect(3);
        slow[i].write(
            HttpConnection.head("PUT", "/eventual/half", "Content-Length", "9") + "\r\nhalf");
      }
      long begin = System.nanoTime();
      assertThat(sendOnce(3, "PUT", "/eventual/whole", "v").status()).isEqualTo(204);
      assertThat(System.nanoTime() - begin).isLessThan(5_000_000_000L);
    } finally {
      for (HttpConnection connection : slow) {
        if (connection != null) {
          connection.close();
        }
      }
    }
    assertThat(sendOnce(3, "GET", "/eventual/half", "").status()).isEqualTo(404);
  }

  @Test
  void status_is_json_of_the_promised_types_and_names_one_leader() throws Exception {
    sendOnce(1, "PUT", "/strong/leader", "v");
    Set<String> leaders = new HashSet<>();
    for (int node = 1; node <= 3; node++) {
      cluster.leader(node);
      JsonObject status = cluster.status(node);
      assertThat(status.get("id").getAsString()).isEqualTo("n" + node);
      assertThat(status.get("role").getAsString()).isIn("leader", "follower");
      assertThat(status.get("term").getAsBigDecimal().scale()).isZero();
      assertThat(status.get("commitIndex").getAsBigDecimal().scale()).isZero();
      assertThat(status.get("members").getAsJsonArray().toString())
          .isEqualTo("[\"n1\",\"n2\",\"n3\"]");
      leaders.add(status.get("leader").getAsString());
    }
    assertThat(leaders).hasSize(1);
  }

  @Test
  void metrics_are_lines_of_prometheus_text() throws Exception {
    Reply reply = sendOnce(1, "GET", "/metrics", "");

    assertThat(reply.headers().get("content-type")).startsWith("text/plain");
    assertThat(reply.text().lines())
        .isNotEmpty()
        .allMatch(line -> line.isEmpty() || line.startsWith("#")
            || line.matches("[a-zA-Z_:][a-zA-Z0-9_:]*(\\{.*})? [-+0-9.eENaInf]+( \\d+)?"));
  }

  @Test
  void an_encoded_key_of_every_byte_pair_round_trips() throws Exception {
    try (HttpConnection connection = connect(1)) {
      Random random = new Random(11);
      for (int i = 0; i < 200; i++) {
        String key = random.ints(1 + random.nextInt(40), 1, 0x2fff)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
        String path = "/eventual/" + URLEncoder.encode(key, StandardCharsets.UTF_8)
            .replace("+", "%20");
        assertThat(connection.send("PUT", path, key).status()).isEqualTo(204);
        assertThat(connection.send("GET", path, "").text()).isEqualTo(key);
      }
    }
  }

  private HttpConnection connect(int node) throws Exception {
    return new HttpConnection(cluster.httpPort(node));
  }

  private Reply sendOnce(int node, String method, String path, String body) throws Exception {
    try (HttpConnection connection = connect(node)) {
      return connection.send(method, path, body);
    }
  }
}
